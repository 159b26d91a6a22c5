package operator

import (
	"errors"
	"fmt"
	"io"
	"os"

	"example.org/edged/internal/calendar"
	"example.org/edged/internal/dossier"
)

type verifyDossierCmd struct {
	File     string `arg:"" type:"existingfile" help:"The file that the device wrote."`
	Key      string `required:"" help:"The device's public key."`
	Calendar string `type:"existingfile" help:"A signed schedule of a year that this release does not know."`
	Signer   string `help:"The note verifier key of whoever signed the schedule."`
	JSON     bool   `name:"json" help:"Answer in JSON."`
}

// Run answers each question from what is proved. What cannot be proved is said so, and makes the exit code 1.
func (c *verifyDossierCmd) Run(d *desk) error {
	answers, err := c.check()
	proved := err == nil
	for _, a := range answers {
		proved = proved && a.Proved
	}
	if c.JSON {
		out := map[string]any{"ok": proved, "answers": answers}
		if err != nil {
			out["why"] = err.Error()
		}
		if err := d.answer(out); err != nil {
			return err
		}
	} else if err != nil {
		fmt.Fprintln(d.out, "does not verify:", err)
	} else {
		for _, a := range answers {
			word := "proved"
			if !a.Proved {
				word = "NOT PROVED"
			}
			fmt.Fprintf(d.out, "%-10s  %s: %s\n", word, a.Asks, a.Says)
		}
	}
	if !proved {
		return errNo
	}
	return nil
}

func (c *verifyDossierCmd) check() ([]dossier.Answer, error) {
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1<<27))
	if err != nil {
		return nil, err
	}
	days := calendar.Known()
	if c.Calendar != "" {
		signed, err := os.ReadFile(c.Calendar)
		if err == nil {
			days, err = days.With(signed, c.Signer)
		}
		if err != nil {
			return nil, err
		}
	}
	switch kind, err := dossier.Kind(b); {
	case err != nil:
		return nil, err
	case kind == "evidence":
		return dossier.CheckEvidence(b, c.Key)
	case kind == "filing", kind == "cancellation":
		return dossier.CheckFiling(b, c.Key, days)
	}
	return nil, errors.New("this is no dossier")
}
