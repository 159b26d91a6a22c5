package command

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/term"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

type stopCmd struct {
	Face stopFaceCmd `cmd:"" help:"Let no face be used from now on, until two members of staff lift it; PINs work as before."`
	Lift stopLiftCmd `cmd:"" help:"Let faces be used again; asks for the PINs of two members of staff."`
}

type stopFaceCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Reason string `help:"Why: ${enum}." enum:"incident,authority,complaint,maintenance" required:""`
}

var stopReasons = map[string]wire.Reason{"incident": wire.ReasonIncident, "authority": wire.ReasonAuthority,
	"complaint": wire.ReasonComplaint, "maintenance": wire.ReasonMaintenance}

// Run stops faces at once where edged runs, and otherwise leaves the order where the next start finds it first.
func (c *stopFaceCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	w := &wire.Stop{Why: stopReasons[c.Reason]}
	rand.Read(w.ID[:])
	answer, err := obey(cfg.State, w.ID, w)
	if errors.Is(err, hall.ErrNotRunning) {
		if err := hall.KeepStop(cfg.State, *w); err != nil {
			return fmt.Errorf("keeping the order for the next start: %w", err)
		}
		// It may have been started meanwhile, and have read its orders before this one was there.
		if answer, err = obey(cfg.State, w.ID, w); errors.Is(err, hall.ErrNotRunning) {
			fmt.Fprintln(t.Out, "edged is not running here; it will start with faces stopped. PINs work as before.")
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("%w; the order is kept, and the keeper finds it when it begins anew", err)
	}
	if answer.Outcome != wire.Done {
		return errors.New("faces are stopped now, but the keeper could not write it down: is the disk full? Order it again before a restart")
	}
	fmt.Fprintf(t.Out, "Faces are stopped (%s; audit log, entry %d). PINs work as before. `edged stop lift` takes it back.\n", c.Reason, answer.Index)
	return nil
}

type stopLiftCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
}

func (c *stopLiftCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if len(cfg.Staff) < 2 {
		return errors.New("lifting needs two members of staff, and the configuration names one: add another under staff")
	}
	w := &wire.Lift{}
	rand.Read(w.ID[:])
	defer clear(w.PINs[:])
	if err := t.readPINs(named{"First member of staff", &w.PINs[0]}, named{"Second member of staff", &w.PINs[1]}); err != nil {
		return coded{exitUsage, err}
	}
	answer, err := obey(cfg.State, w.ID, w)
	switch {
	case errors.Is(err, hall.ErrNotRunning):
		return errors.New("edged is not running here, and only its keeper can check two PINs: start it, then lift")
	case err != nil:
		return err
	}
	switch answer.Outcome {
	case wire.Granted:
		fmt.Fprintf(t.Out, "Faces may be used again (audit log, entry %d).\n", answer.Index)
		return nil
	case wire.Limited:
		fmt.Fprintln(t.Err, "edged: too many wrong PINs were typed; wait, then try again. Faces stay stopped.")
	case wire.Denied:
		fmt.Fprintln(t.Err, "edged: these are not the PINs of two different members of staff. Faces stay stopped.")
	default:
		return errors.New("the keeper could not write it down, so faces stay stopped: is the disk full?")
	}
	return errNo
}

// obey gives one order to the edged that runs here and waits for its keeper's answer.
func obey(state string, id [16]byte, w wire.RoomHears) (*wire.Obeyed, error) {
	conn, err := hall.Reach(state)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SayWithin(w, 2*time.Second); err != nil {
		return nil, fmt.Errorf("telling edged: %w", err)
	}
	late := time.AfterFunc(10*time.Second, func() { conn.Close() })
	defer late.Stop()
	for {
		heard, err := conn.Hear()
		if err != nil {
			return nil, errors.New("the keeper did not answer within 10 s")
		}
		if answer, ok := heard.(*wire.Obeyed); ok && answer.ID == id {
			return answer, nil
		}
	}
}

type named struct {
	who string
	pin *wire.Typed
}

// readPINs reads PINs without echo from a terminal, or a line each from a pipe.
func (t *tools) readPINs(all ...named) error {
	fd := int(t.In.Fd())
	lines := bufio.NewReader(io.LimitReader(t.In, 64))
	for _, one := range all {
		var pin []byte
		var err error
		if term.IsTerminal(fd) {
			fmt.Fprint(t.Err, one.who, ", PIN: ")
			pin, err = term.ReadPassword(fd)
			fmt.Fprintln(t.Err)
		} else if pin, err = lines.ReadBytes('\n'); errors.Is(err, io.EOF) {
			err = nil
		}
		if err != nil {
			return fmt.Errorf("reading a PIN: %w", err)
		}
		for len(pin) > 0 && (pin[len(pin)-1] == '\n' || pin[len(pin)-1] == '\r') {
			pin = pin[:len(pin)-1]
		}
		if len(pin) < wire.PINMin || len(pin) > wire.PINMax {
			clear(pin)
			return fmt.Errorf("a PIN has %d to %d digits", wire.PINMin, wire.PINMax)
		}
		for _, d := range pin {
			if d < '0' || d > '9' {
				clear(pin)
				return errors.New("a PIN has digits only")
			}
		}
		one.pin.Len = uint8(copy(one.pin.Digits[:], pin))
		clear(pin)
	}
	return nil
}
