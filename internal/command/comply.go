package command

import (
	"fmt"
	"os"

	"example.org/edged/internal/comply"
	"example.org/edged/internal/config"
)

type complyCmd struct {
	Config  string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	JSON    bool   `help:"Answer in JSON." name:"json"`
	HTML    string `help:"Write a page for an inspector, in Chinese and English, that loads nothing from elsewhere." name:"html" type:"path"`
	SignOff string `help:"Your post: sign that you confirm what no machine can know. Asks for your staff PIN, and refuses while anything does not hold." name:"sign-off"`
	Table   bool   `help:"Print the table of checks (docs/law.md) and look at nothing."`
}

// Run says of each article whether it is kept. Exit code 0: nothing that a machine can know is broken; 1: something is.
func (c *complyCmd) Run(t *tools) error {
	if c.Table {
		_, err := t.Out.Write(comply.Table())
		return err
	}
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	r := comply.Judge(t.facts(cfg))
	if c.JSON {
		err = t.answer(r)
	} else {
		for _, f := range r.Findings {
			fmt.Fprintf(t.Out, "%-14s %-12s %s\n", f.Standing, f.ID, f.Evidence)
			if f.Standing == comply.Confirm {
				fmt.Fprintf(t.Out, "%-14s %-12s → to be confirmed by %s\n", "", "", f.Who)
			}
		}
		fmt.Fprintf(t.Out, "comply: %d hold, %d do not hold, %d to be confirmed by people\n", r.Held, r.Failed, r.Asked)
	}
	if err != nil {
		return err
	}
	if c.HTML != "" {
		page, err := r.HTML()
		if err == nil {
			err = os.WriteFile(c.HTML, page, 0o644)
		}
		if err != nil {
			return fmt.Errorf("writing the page: %w", err)
		}
	}
	if r.Failed > 0 {
		if c.SignOff != "" {
			fmt.Fprintln(t.Err, "edged: nothing was signed off: mend what does not hold first")
		}
		return errNo
	}
	if c.SignOff != "" {
		return t.signOff(cfg, r, c.SignOff)
	}
	return nil
}
