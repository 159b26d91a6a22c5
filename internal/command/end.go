package command

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

type endCmd struct {
	Person string `arg:"" help:"Their number, twelve digits that were on the screen with the PIN; or what the log calls them."`
	Why    string `help:"What ends: ${enum}." enum:"visit,lease,contract" required:""`
	At     string `help:"When: 2026-12-31 (the end of that day, in the configured time zone) or 2026-12-31T18:00:00+08:00. Without it: now."`
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
}

var endReasons = map[string]wire.Reason{"visit": wire.ReasonVisitEnded, "lease": wire.ReasonLeaseEnded, "contract": wire.ReasonContractEnded}

// Run tells the keeper that runs here: only it can read who has a PIN.
func (c *endCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	w := &wire.End{Why: endReasons[c.Why]}
	rand.Read(w.ID[:])
	if w.Number, err = c.number(); err != nil {
		return coded{exitUsage, err}
	}
	at, err := c.when(time.Duration(cfg.Timezone))
	if err != nil {
		return coded{exitUsage, err}
	}
	if !at.IsZero() {
		w.At = at.Unix()
	}
	answer, err := obey(cfg.State, w.ID, w)
	switch {
	case errors.Is(err, hall.ErrNotRunning):
		return errors.New("edged is not running here, and only its keeper knows who has a PIN: start it, then say it again")
	case err != nil:
		return err
	}
	switch answer.Outcome {
	case wire.Done:
		if at.IsZero() {
			fmt.Fprintf(t.Out, "The %s has ended: the PIN is gone, and a stored face is erased at once (audit log, entry %d).\n", c.Why, answer.Index)
			return nil
		}
		fmt.Fprintf(t.Out, "The %s ends at %s: then the PIN goes and a stored face is erased (audit log, entry %d).\n", c.Why, at.Format(time.RFC3339), answer.Index)
		return nil
	case wire.Denied:
		fmt.Fprintln(t.Err, "edged: nobody here has that number")
		return errNo
	}
	return errors.New("the keeper could not write it down, so nothing has changed: is the disk full?")
}

// number takes the twelve digits as the screen groups them or in one, and what the log calls the person, too.
func (c *endCmd) number() (wire.Number, error) {
	text := strings.Join(strings.FieldsFunc(c.Person, func(r rune) bool { return r == ' ' || r == '-' }), "")
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(wire.Pseudonym{}) {
		return wire.Pseudonym(b).Number(), nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || len(text) != 12 {
		return 0, errors.New("a person's number has twelve digits: it was on the screen with the PIN; or type what the log calls them, 32 hex digits")
	}
	return wire.Number(n), nil
}

func (c *endCmd) when(offset time.Duration) (time.Time, error) {
	if c.At == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, c.At); err == nil {
		return t, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, c.At, time.FixedZone("", int(offset.Seconds())))
	if err != nil {
		return time.Time{}, fmt.Errorf("--at %q is neither a day (2026-12-31) nor a time (2026-12-31T18:00:00+08:00)", c.At)
	}
	return day.AddDate(0, 0, 1), nil
}
