package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

type auditRenewCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Reason string `help:"Why: ${enum}." enum:"incident,authority,complaint,maintenance" required:""`
}

// Run tells the keeper that runs here: only it has the key that the new log is signed with.
func (c *auditRenewCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	w := &wire.Renew{Why: stopReasons[c.Reason]}
	rand.Read(w.ID[:])
	answer, err := obey(cfg.State, w.ID, w)
	switch {
	case errors.Is(err, hall.ErrNotRunning):
		return errors.New("edged is not running here, and only its keeper has the log's key: start it (PINs work with a damaged log), then say it again")
	case err != nil:
		return err
	}
	switch answer.Outcome {
	case wire.Done:
		fmt.Fprintf(t.Out, "The damaged log lies beside the new one, in %s/keeper/audit.damaged-*: keep it for three years. The new log's first entry names it, and `edged audit verify` checks both. Faces come back when the rooms have begun anew.\n", cfg.State)
		return nil
	case wire.Rejected:
		fmt.Fprintln(t.Err, "edged: nothing is wrong with the log, so it is not set aside")
		return errNo
	}
	return errors.New("the damaged log could not be set aside; the lines of room=keeper say why. Nothing was changed")
}

// sayBefore tells of the logs that were set aside.
func sayBefore(out io.Writer, before []audit.Earlier) {
	for _, e := range before {
		if e.Dir == "" {
			fmt.Fprintf(out, "before it: a damaged log of %d entries, set aside (%s); it does not lie beside this copy\n", e.Entries, e.Reason)
			continue
		}
		fmt.Fprintf(out, "before it: %s, %d entries, byte for byte what was set aside (%s): %s\n", e.Dir, e.Entries, e.Reason, e.Why)
	}
}
