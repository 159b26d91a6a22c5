package bench

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/wire"
)

// A LivenessReport is the answer of `edged bench liveness --json`, and the table that face.liveness_table names. The words
// are those of ISO/IEC 30107-3; the names of its fields are stable. Rates are 0 to 1, and null where nothing was counted.
type LivenessReport struct {
	APCER     *float64              `json:"apcer"`      // of the worst kind: attacks taken for living faces
	BPCER     *float64              `json:"bpcer"`      // living faces taken for attacks
	NotJudged *float64              `json:"not_judged"` // of all presentations
	Bounds    map[string][2]float64 `json:"bounds"`     // of the three above: Clopper and Pearson, 95 %
	Worst     string                `json:"worst_kind,omitempty"`

	APCERByKind     map[string]Rate `json:"apcer_by_kind"`
	NotJudgedByKind map[string]Rate `json:"not_judged_by_kind"` // and "live"
	Rates           struct {
		BPCER     Rate `json:"bpcer"`
		NotJudged Rate `json:"not_judged"`
		SentAway  Rate `json:"live_sent_to_another_way"` // taken for an attack, or not judged
	} `json:"rates"`

	LiveFrom    float64  `json:"live_from"`    // at this mean and above a face lives
	AttackBelow float64  `json:"attack_below"` // below it is an attack; between the two it is not judged
	Pack        string   `json:"pack"`
	Model       string   `json:"model"` // SHA-256 of the liveness model
	Pictures    int      `json:"pictures"`
	NoFace      int      `json:"no_face"` // of them
	Seconds     float64  `json:"seconds"`
	Troubles    []string `json:"troubles,omitempty"`
}

// Liveness looks at every picture below two folders once. Frames of one folder are one presentation, judged by their mean
// as at the door. Job.Images and Job.Pairs are not used.
func Liveness(ctx context.Context, job Job, live, attack string, from float64, start Start, now func() time.Time) (*LivenessReport, error) {
	begun := now()
	r := &LivenessReport{Pack: job.Models.Name, Model: job.Models.Files["liveness"].SHA256, LiveFrom: from,
		AttackBelow: math.Round(float64(liveness.AttackBelow(float32(from)))*1e6) / 1e6}
	counts := map[string]*judged{}
	for _, side := range []struct {
		folder string
		kinds  bool
		loose  string
	}{{live, false, livingKind}, {attack, true, "attack"}} {
		l, all, err := walk(side.folder, side.kinds, side.loose)
		if err != nil {
			return nil, err
		}
		job.Images = side.folder
		s := &survey{job: job, start: start, list: l, seen: make([]seen, len(l.pictures)), lively: true}
		if err := s.run(ctx); err != nil {
			s.wipe()
			return nil, err
		}
		for _, p := range all {
			kind := p.kind
			if side.kinds && kind == livingKind { // a folder of attacks may be called so
				kind = "attack/" + livingKind
			}
			if counts[kind] == nil {
				counts[kind] = &judged{}
			}
			counts[kind].add(outcome(p, s.seen, float32(from)))
		}
		r.Pictures += len(l.pictures)
		for _, p := range s.seen {
			if p.finding != wire.FaceFound {
				r.NoFace++
			}
		}
		r.Troubles = append(r.Troubles, s.troubles(side.folder)...)
		s.wipe()
	}
	r.rate(counts)
	r.Seconds = now().Sub(begun).Seconds()
	return r, nil
}

// livingKind is what living presentations are counted under.
const livingKind = "live"

// outcome is the word for one presentation. As at the door, frames that the door would not have looked at do not count,
// unless there are no others: then whoever brought cut-out faces still learns something.
func outcome(p presentation, all []seen, live float32) liveness.Outcome {
	var sum, n float32
	for _, goodOnly := range []bool{true, false} {
		for _, i := range p.frames {
			if f := &all[i]; f.finding == wire.FaceFound && (f.verdict == wire.Good || !goodOnly) {
				sum, n = sum+f.live, n+1
			}
		}
		if n > 0 {
			return liveness.Judge(sum/n, live)
		}
	}
	return liveness.Unsure
}

// judged counts presentations of one kind.
type judged struct{ live, attack, unsure int }

func (j *judged) add(o liveness.Outcome) {
	switch o {
	case liveness.Live:
		j.live++
	case liveness.Attack:
		j.attack++
	default:
		j.unsure++
	}
}

func (j *judged) all() int { return j.live + j.attack + j.unsure }

func (r *LivenessReport) rate(counts map[string]*judged) {
	r.APCERByKind, r.NotJudgedByKind, r.Bounds = map[string]Rate{}, map[string]Rate{}, map[string][2]float64{}
	unsure, all := 0, 0
	var worst Rate
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		c := counts[kind]
		unsure, all = unsure+c.unsure, all+c.all()
		r.NotJudgedByKind[kind] = rate(c.unsure, c.all())
		if kind == livingKind {
			r.Rates.BPCER, r.Rates.SentAway = rate(c.attack, c.all()), rate(c.attack+c.unsure, c.all())
			continue
		}
		a := rate(c.live, c.all())
		r.APCERByKind[kind] = a
		if r.Worst == "" || cmp.Or(cmp.Compare(a.Share, worst.Share), cmp.Compare(a.High, worst.High)) > 0 {
			r.Worst, worst = kind, a
		}
	}
	r.Rates.NotJudged = rate(unsure, all)
	for name, one := range map[string]struct {
		to **float64
		of Rate
	}{"apcer": {&r.APCER, worst}, "bpcer": {&r.BPCER, r.Rates.BPCER}, "not_judged": {&r.NotJudged, r.Rates.NotJudged}} {
		if one.of.Of > 0 {
			*one.to = &one.of.Share
		}
		r.Bounds[name] = [2]float64{one.of.Low, one.of.High}
	}
}
