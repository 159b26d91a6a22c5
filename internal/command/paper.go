package command

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

type paperCmd struct {
	Document string `arg:"" help:"The signed paper, scanned. It is not stored here: keep it, the record has its hash." type:"path"`
	Number   string `required:"" help:"The person's number, twelve digits, as their record and their first PIN slip have it."`
	Language string `required:"" help:"In which language they read the notice." enum:"zh,en"`
	Config   string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
}

// Run tells the keeper of a consent that somebody has signed by hand, and of the member of staff who saw it.
func (c *paperCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(c.Number, " ", ""), 10, 64)
	if err != nil || n >= wire.Numbers {
		return coded{exitUsage, errors.New("a person's number has twelve digits")}
	}
	w := &wire.Paper{Number: wire.Number(n)}
	rand.Read(w.ID[:])
	copy(w.Lang[:], c.Language)
	if w.Document, err = hashOf(c.Document); err != nil {
		return coded{exitUsage, err}
	}
	defer clear(w.PIN.Digits[:])
	if err := t.readPINs(named{"Member of staff", &w.PIN}); err != nil {
		return coded{exitUsage, err}
	}
	answer, err := obey(cfg.State, w.ID, w)
	switch {
	case errors.Is(err, hall.ErrNotRunning):
		return errors.New("edged is not running here, and only its keeper can record a consent: start it, then try again")
	case err != nil:
		return err
	}
	return t.paperAnswered(answer, w)
}

func (t *tools) paperAnswered(answer *wire.Obeyed, w *wire.Paper) error {
	switch answer.Outcome {
	case wire.Done:
		fmt.Fprintf(t.Out, "The consent is recorded (audit log, entry %d) with the paper's SHA-256 %x. Keep the paper. The person can now use \u201cTake my face now\u201d under their record.\n",
			answer.Index, w.Document)
		return nil
	case wire.Limited:
		fmt.Fprintln(t.Err, "edged: too many wrong PINs were typed; wait, then try again. Nothing was recorded.")
	case wire.Rejected:
		fmt.Fprintln(t.Err, "edged: this person cannot agree alone, or nobody has noted their age: note it at the terminal, or have a guardian agree there.")
	case wire.Suspended:
		fmt.Fprintln(t.Err, "edged: faces rest now ("+answer.Reason.String()+"), so nobody is asked for one. Nothing was recorded.")
	case wire.Denied:
		if answer.Reason == wire.ReasonWrongPIN {
			fmt.Fprintln(t.Err, "edged: this is not the PIN of a member of staff. Nothing was recorded.")
		} else {
			fmt.Fprintln(t.Err, "edged: nobody has this number, or faces are not ready yet. Nothing was recorded.")
		}
	default:
		return errors.New("the keeper could not write it down: is the disk full?")
	}
	return errNo
}

// hashOf reads a document of any kind; what it says is for people.
func hashOf(path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, fmt.Errorf("reading the paper: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if n, err := io.Copy(h, f); err != nil || n == 0 {
		return sum, errors.Join(errors.New("the paper cannot be read, or is empty"), err)
	}
	return [32]byte(h.Sum(nil)), nil
}
