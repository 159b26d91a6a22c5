package bench

import (
	"context"
	"path"
	"time"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/wire"
)

// An EnrolReport is the answer of `edged bench enrol --json`. The names of its fields are stable.
type EnrolReport struct {
	Taken     Rate            `json:"taken"`      // of the pictures, those that a template may be made of
	Passable  Rate            `json:"passable"`   // those that the door would look at
	RefusedBy map[string]Rate `json:"refused_by"` // of the pictures, by the first gate that refuses them
	FTE       Rate            `json:"fte"`        // of the folders, those without a single picture that is taken: failure to enrol
	Live      Rate            `json:"live"`       // of the pictures that are taken, those that look alive
	Pictures  int             `json:"pictures"`
	Seconds   float64         `json:"seconds"`
	Troubles  []string        `json:"troubles,omitempty"`
}

// Enrol looks at every picture below Job.Images once and asks of each whether a template may be made of it. The pictures
// of one folder are one person's. Eyes are not asked for: only more frames of one sitting say whether they are shut.
func Enrol(ctx context.Context, job Job, live float64, start Start, now func() time.Time) (*EnrolReport, error) {
	begun := now()
	l, _, err := walk(job.Images, false, "")
	if err != nil {
		return nil, err
	}
	s := &survey{job: job, start: start, list: l, seen: make([]seen, len(l.pictures)), lively: true}
	defer s.wipe()
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	r := &EnrolReport{Pictures: len(l.pictures), RefusedBy: map[string]Rate{}}
	taken, passable, alive, by, folders := 0, 0, 0, map[string]int{}, map[string]bool{}
	for i := range s.seen {
		f := &s.seen[i]
		folder := path.Dir(l.pictures[i])
		if f.finding == wire.FaceFound && f.verdict == wire.Good {
			passable++
		}
		if f.finding != wire.FaceFound || f.enrol != wire.Good {
			gate := wire.NoFace
			if f.finding == wire.FaceFound {
				gate = f.enrol
			}
			by[gate.String()]++
			folders[folder] = folders[folder]
			continue
		}
		taken++
		folders[folder] = true
		if liveness.Judge(f.live, float32(live)) == liveness.Live {
			alive++
		}
	}
	failed := 0
	for _, some := range folders {
		if !some {
			failed++
		}
	}
	for gate, n := range by {
		r.RefusedBy[gate] = rate(n, r.Pictures)
	}
	r.Taken, r.Passable, r.Live, r.FTE = rate(taken, r.Pictures), rate(passable, r.Pictures), rate(alive, taken), rate(failed, len(folders))
	r.Seconds, r.Troubles = now().Sub(begun).Seconds(), s.troubles(job.Images)
	return r, nil
}
