package command

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/comply"
	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/room"
)

// signOffName is where the last one is kept, beside the state of the rooms.
const signOffName = "sign-off.json"

// signOff notes who confirms what no machine can know.
func (t *tools) signOff(cfg *config.Config, r comply.Report, post string) error {
	name, ok, err := t.staffName(cfg)
	if err != nil {
		return err
	}
	if !ok {
		fmt.Fprintln(t.Err, "edged: this is the PIN of nobody on the list of staff. Nothing was signed off.")
		return errNo
	}
	var confirmed []string
	for _, f := range r.Findings {
		if f.Standing == comply.Confirm {
			confirmed = append(confirmed, f.ID)
		}
	}
	b, err := json.MarshalIndent(map[string]any{"name": name, "post": post, "at": time.Now().UTC().Truncate(time.Second), "confirmed": confirmed, "report": r}, "", " ")
	if err != nil {
		return err
	}
	path := filepath.Join(cfg.State, signOffName)
	if err := hall.WriteDurably(path, b); err != nil {
		return fmt.Errorf("writing the sign-off: %w", err)
	}
	_, err = fmt.Fprintf(t.Out, "%s: %s, %s, confirms %d rows\n", path, name, post, len(confirmed))
	return err
}

// staffName asks for a PIN and says whose it is; nobody signs for somebody else.
func (t *tools) staffName(cfg *config.Config) (name string, ok bool, err error) {
	pin, err := t.askPIN("Your staff PIN: ")
	if err != nil {
		return "", false, coded{exitUsage, err}
	}
	var staff []room.Staff
	for _, s := range cfg.Staff {
		staff = append(staff, room.Staff{Name: s.Name, Hash: string(s.PINHash)})
	}
	name, ok = access.VerifyStaff(staff, pin)
	return name, ok, nil
}
