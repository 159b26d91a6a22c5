package command

import (
	"crypto/rand"
	"errors"
	"fmt"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

type secondSignCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Number uint64 `help:"The person's number, as it stands on their record; without it their PIN is asked for."`
	Off    bool   `help:"Let a face alone open for this person again."`
}

// Run marks one person. It is for twins, whom no face tells apart, and for children, whose faces change.
func (c *secondSignCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	w := &wire.Mark{Second: !c.Off, Number: wire.Number(c.Number)}
	rand.Read(w.ID[:])
	defer func() { clear(w.Person.Digits[:]); clear(w.Staff.Digits[:]) }()
	asked := []named{{"Member of staff", &w.Staff}, {"The person", &w.Person}}
	if c.Number != 0 {
		asked = asked[:1]
	}
	if err := t.readPINs(asked...); err != nil {
		return coded{exitUsage, err}
	}
	answer, err := obey(cfg.State, w.ID, w)
	switch {
	case errors.Is(err, hall.ErrNotRunning):
		return errors.New("edged is not running here, and only its keeper can check a PIN: start it first")
	case err != nil:
		return err
	}
	switch {
	case answer.Outcome == wire.Granted && w.Second:
		fmt.Fprintf(t.Out, "A face alone opens nothing for this person now; PIN and face do, and without a stored face the PIN (audit log, entry %d).\n", answer.Index)
		return nil
	case answer.Outcome == wire.Granted:
		fmt.Fprintf(t.Out, "A face alone may open for this person again (audit log, entry %d).\n", answer.Index)
		return nil
	case answer.Outcome == wire.Limited:
		fmt.Fprintln(t.Err, "edged: too many wrong PINs were typed; wait, then try again. Nothing was changed.")
	case answer.Outcome == wire.Denied:
		fmt.Fprintln(t.Err, "edged: the PINs do not match, or nobody or more than one has that number. Nothing was changed.")
	default:
		return errors.New("the keeper could not write it down, so nothing was changed: is the disk full?")
	}
	return errNo
}
