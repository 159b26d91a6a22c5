package bench

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"example.org/edged/internal/wire"
)

// An IdentReport is the answer of `edged bench accuracy --gallery FILE --probes FILE --json`.
type IdentReport struct {
	Enrolled int             `json:"enrolled"`  // people in the gallery; each the mean of their pictures
	Failed   int             `json:"failed"`    // people of the gallery in none of whose pictures a face was found
	Genuine  int             `json:"genuine"`   // probes of people in the gallery
	Impostor int             `json:"impostor"`  // probes of others
	NotFound int             `json:"not_found"` // probes without a face: never let in
	Rank1    float64         `json:"rank1"`     // share of genuine probes that are most like the right person
	FNIR     map[string]Rate `json:"fnir"`      // genuine probes not answered rightly, by the share of others let in (fpir), no margin
	At       float64         `json:"at"`        // the threshold of the table
	Table    []Row           `json:"table"`
	Seconds  float64         `json:"seconds"`
	Troubles []string        `json:"troubles,omitempty"`
}

// A Row is what a door with this margin and this number of agreeing sightings does. Sightings are a person's pictures in
// the order of the file, so many at a time; somebody who is not enrolled is one person a folder.
type Row struct {
	Margin float64 `json:"margin"`
	Frames int     `json:"frames"`
	FPIR   Rate    `json:"fpir"`
	FNIR   Rate    `json:"fnir"`
}

// Identify enrols one list of pictures and looks for everybody of the other.
func Identify(ctx context.Context, job Job, start Start, now func() time.Time) (*IdentReport, error) {
	begun := now()
	l, known := &list{}, map[string]int32{}
	gallery, err := readPeople(job.Gallery, l, known)
	if err != nil {
		return nil, err
	}
	probes, err := readPeople(job.Probes, l, known)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(job.Gallery) + " and " + filepath.Base(job.Probes)
	if err := l.present(job.Images, name); err != nil {
		return nil, err
	}
	s := &survey{job: job, start: start, list: l, seen: make([]seen, len(l.pictures))}
	defer s.wipe()
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	r, err := identify(gallery, probes, s.seen, cmp.Or(job.At, doorsDefault))
	if err != nil {
		return nil, err
	}
	r.Seconds, r.Troubles = now().Sub(begun).Seconds(), s.troubles(name)
	return r, nil
}

type shown struct {
	picture int32
	person  string
	same    string // pictures in a row that have this in common show one person
}

func readPeople(path string, l *list, known map[string]int32) (people []shown, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the list of people: %w", err)
	}
	defer f.Close()
	name := filepath.Base(path)
	in := csv.NewReader(withoutMark(f))
	in.FieldsPerRecord = 2
	if head, err := in.Read(); err != nil || head[0] != "path" || head[1] != "person" {
		return nil, fmt.Errorf("%s, line 1: the first line must be path,person", name)
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, fmt.Errorf("%s, line %d: %v: write picture,person", name, broken.Line, broken.Err)
		} else if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		at, err := l.add(known, row[0], line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, line, err)
		}
		people = append(people, shown{at, row[1], cmp.Or(row[1], filepath.Dir(l.pictures[at])+"/")})
	}
	if len(people) == 0 {
		return nil, fmt.Errorf("%s names no picture", name)
	}
	return people, nil
}

type feature = [wire.FeatureLen]float32

// enrol makes one template a person: the mean of their pictures, of unit length.
func enrol(gallery []shown, pictures []seen) (names []string, templates []feature, failed int) {
	at := map[string]int{}
	var taken []int
	for _, g := range gallery {
		i, ok := at[g.person]
		if !ok {
			i = len(names)
			at[g.person] = i
			names, templates, taken = append(names, g.person), append(templates, feature{}), append(taken, 0)
		}
		if p := &pictures[g.picture]; p.finding == wire.FaceFound {
			taken[i]++
			for j, f := range p.feature {
				templates[i][j] += f
			}
		}
	}
	for i := range templates {
		if taken[i] == 0 {
			failed++
		}
		norm := float32(math.Sqrt(cosine(&templates[i], &templates[i])))
		for j := range templates[i] {
			if norm > 0 {
				templates[i][j] /= norm
			}
		}
	}
	return names, templates, failed
}

// A guess is whom a probe is most like, and how much more than the next.
type guess struct {
	probe        shown
	who          string
	best, second float64
	right        bool
}

func identify(gallery, probes []shown, pictures []seen, at float64) (*IdentReport, error) {
	names, templates, failed := enrol(gallery, pictures)
	if slices.Contains(names, "") {
		return nil, errors.New("the gallery has a picture without a person: write who it is")
	}
	r := &IdentReport{Enrolled: len(names), Failed: failed, At: at, FNIR: map[string]Rate{}}
	var guesses []guess
	var others []float64
	right := 0
	for _, p := range probes {
		g := guess{probe: p, best: missing, second: missing}
		if seen := &pictures[p.picture]; seen.finding == wire.FaceFound {
			for i := range templates {
				switch c := cosine(&seen.feature, &templates[i]); {
				case c > g.best:
					g.best, g.second, g.who = c, g.best, names[i]
				case c > g.second:
					g.second = c
				}
			}
		} else {
			r.NotFound++
		}
		g.right = p.person != "" && g.who == p.person
		if p.person == "" {
			r.Impostor++
			others = append(others, g.best)
		} else {
			r.Genuine++
			if g.right {
				right++
			}
		}
		guesses = append(guesses, g)
	}
	r.Rank1 = float64(right) / float64(max(r.Genuine, 1))
	r.byFPIR(guesses, others)
	for _, margin := range []float64{0, .05, .10} {
		for _, frames := range []int{1, 2, 3} {
			r.Table = append(r.Table, row(guesses, at, margin, frames))
		}
	}
	return r, nil
}

// byFPIR finds the thresholds that let in so many of the others, and what they cost.
func (r *IdentReport) byFPIR(guesses []guess, others []float64) {
	if len(others) == 0 {
		return
	}
	slices.Sort(others)
	for _, t := range []struct {
		name string
		fpir float64
	}{{"1e-1", .1}, {"1e-2", .01}, {"1e-3", .001}} {
		allowed := int(t.fpir * float64(len(others)))
		threshold := others[len(others)-1-min(allowed, len(others)-1)]
		missed := 0
		for _, g := range guesses {
			if g.probe.person != "" && !(g.right && g.best > threshold) {
				missed++
			}
		}
		r.FNIR[t.name] = rate(missed, r.Genuine)
	}
}

// row asks so many pictures of one person in a row, as a door asks sightings: all must show the same person.
func row(guesses []guess, at, margin float64, frames int) Row {
	var genuine, missed, impostor, taken int
	for i := 0; i < len(guesses); {
		end := i
		for end < len(guesses) && end-i < frames && guesses[end].probe.same == guesses[i].probe.same {
			end++
		}
		group := guesses[i:end]
		i = end
		if len(group) < frames {
			continue
		}
		agreed, person := true, group[0].probe.person
		for _, g := range group {
			agreed = agreed && g.best >= at && g.best-g.second >= margin && g.who == group[0].who
		}
		switch {
		case person == "":
			impostor++
			if agreed {
				taken++
			}
		default:
			genuine++
			if !agreed || group[0].who != person {
				missed++
			}
		}
	}
	return Row{Margin: margin, Frames: frames, FPIR: rate(taken, impostor), FNIR: rate(missed, genuine)}
}
