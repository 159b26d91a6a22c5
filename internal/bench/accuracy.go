// Package bench measures what the device does: how well the eye tells people apart on pictures that the measuring
// person brings. It never stores a picture, a feature or a score, and never shows one person's score.
package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A Job is one measurement.
type Job struct {
	Images   string  // the folder that the paths in Pairs start from
	Pairs    string  // a CSV file with the columns a,b,same and perhaps group
	Gallery  string  // for Identify: a CSV file with the columns path,person, who is enrolled
	Probes   string  // and who comes; an empty person is somebody who is not enrolled
	At       float64 // the threshold at which rates with bounds are given; 0 means .55, the door's default
	Models   room.Pack
	Eyes     int      // how many eyes look at once; one for each core is right
	Progress *os.File // shows a bar if it is a terminal; may be nil
}

// Start brings up an eye for measuring, confined as every eye, and hands over its wire "measure". Stop ends it, if it
// has not ended by itself, and says how it ended.
type Start func(ctx context.Context, eye room.Eye) (heard *wire.Conn[wire.MeasureSays, wire.RoomHears], stop func() error, err error)

// A Report is the answer of `edged bench accuracy --json`. The names of its fields are stable.
type Report struct {
	Genuine   int                `json:"genuine"`   // pairs of one person
	Impostor  int                `json:"impostor"`  // pairs of two people
	NotFound  int                `json:"not_found"` // of all pairs, those with a picture without a face: counted as refused
	EER       float64            `json:"eer"`       // 0..1, as all rates
	TAR       map[string]float64 `json:"tar"`       // share of genuine pairs accepted, by false match rate
	Threshold map[string]float64 `json:"threshold"` // cosine above which a pair is accepted, by false match rate
	At        float64            `json:"at"`        // the threshold at which what follows was counted
	FMR       Rate               `json:"fmr"`
	FNMR      Rate               `json:"fnmr"`
	Groups    []Group            `json:"groups,omitempty"`
	Spread    *Spread            `json:"spread,omitempty"` // between groups
	Pictures  int                `json:"pictures"`
	Seconds   float64            `json:"seconds"`
	Troubles  []string           `json:"troubles,omitempty"` // pictures that could not be read, with the line that names them

	curve det
}

// Accuracy looks at every picture once and compares the pairs.
func Accuracy(ctx context.Context, job Job, start Start, now func() time.Time) (*Report, error) {
	begun := now()
	name := filepath.Base(job.Pairs)
	f, err := os.Open(job.Pairs)
	if err != nil {
		return nil, fmt.Errorf("opening the list of pairs: %w", err)
	}
	defer f.Close()
	l, err := readPairs(f, name)
	if err != nil {
		return nil, err
	}
	if err := l.present(job.Images, name); err != nil {
		return nil, err
	}
	s := &survey{job: job, start: start, list: l, seen: make([]seen, len(l.pictures))}
	defer s.wipe()
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	r, scores := compare(l, s.seen)
	r.rate(l, scores, job.At)
	r.curve = newDet(l, scores)
	r.Seconds = now().Sub(begun).Seconds()
	r.Troubles = s.troubles(name)
	return r, nil
}

// seen is what an eye said about one picture.
type seen struct {
	finding wire.Finding
	crashed bool // the eye ended while it looked at this picture
	verdict wire.Verdict
	enrol   wire.Verdict
	live    float32
	feature [wire.FeatureLen]float32
}

func compare(l *list, pictures []seen) (*Report, []float64) {
	r := &Report{Pictures: len(pictures), TAR: map[string]float64{}, Threshold: map[string]float64{}}
	var genuine, impostor []float64
	scores := make([]float64, 0, len(l.pairs))
	for _, p := range l.pairs {
		a, b := &pictures[p.a], &pictures[p.b]
		score := float64(missing)
		if a.finding == wire.FaceFound && b.finding == wire.FaceFound {
			score = cosine(&a.feature, &b.feature)
		} else {
			r.NotFound++
		}
		scores = append(scores, score)
		if p.same {
			genuine = append(genuine, score)
		} else {
			impostor = append(impostor, score)
		}
	}
	r.Genuine, r.Impostor = len(genuine), len(impostor)
	slices.Sort(genuine)
	slices.Sort(impostor)
	r.EER = eer(genuine, impostor)
	for _, t := range targets {
		r.TAR[t.name], r.Threshold[t.name] = tarAt(genuine, impostor, t.fmr)
	}
	return r, scores
}

// cosine of two features of unit length.
func cosine(a, b *[wire.FeatureLen]float32) float64 {
	var sum float32
	for i := range a {
		sum += a[i] * b[i]
	}
	return float64(sum)
}
