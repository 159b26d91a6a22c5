package command

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"example.org/edged/internal/config"
	"example.org/edged/internal/count"
	"example.org/edged/internal/wire"
)

// dutyFindings says what the law still asks of people at this door: an assessment, and a filing.
func (t *tools) dutyFindings(cfg *config.Config) (all []config.Finding) {
	if !cfg.HasFace() {
		return nil
	}
	add := func(l config.Level, part, what, do string) {
		all = append(all, config.Finding{Level: l, Part: part, What: what, Do: do})
	}
	if a, what, do := t.assessed(cfg); what != "" {
		add(config.Fail, "assessment", "faces rest, PIN and card work: "+what, do)
	} else {
		add(config.OK, "assessment", fmt.Sprintf("signed by %s, %s, on %s, for this door as it is", a.Signed.Name, a.Signed.Post, a.Signed.At.Format(time.DateOnly)), "")
	}
	s, err := count.Read(filepath.Join(cfg.State, "keeper"))
	switch near := s.Filing(); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		add(config.Warn, "filing", "how many people are stored cannot be told: "+err.Error(), "start edged: it counts anew from its log")
	case near == wire.FilingReached:
		due := t.calendar(cfg).After(s.Reached, 30)
		add(config.Warn, "filing", fmt.Sprintf("%d people were reached on %s: file with the cyberspace office of the province by %s", count.Limit, s.Reached.Format(time.DateOnly), due),
			"edged filing builds what has to be handed in")
	case near != wire.FilingFar:
		add(config.Warn, "filing", fmt.Sprintf("the most people whose face was stored at once are %d; from %d on, over all your doors, you file within 30 working days", s.High, count.Limit),
			"read docs/law.md, M-15a")
	default:
		add(config.OK, "filing", fmt.Sprintf("%d faces are stored, %d at most so far; from %d on, over all your doors, you file", s.Now, s.High, count.Limit), "")
	}
	return all
}
