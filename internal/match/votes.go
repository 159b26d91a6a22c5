package match

import (
	"time"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/person"
)

// Votes asks several sightings in a row. It is for one place in front of one camera, and not safe for concurrent use.
type Votes struct {
	of     int
	within time.Duration
	least  float32
	who    person.ID
	seen   []sighting
}

type sighting struct {
	at   time.Time
	live float32
	cue  liveness.Outcome
}

// A Vote is what the sightings up to now say. Person is set only when Agreed.
type Vote struct {
	Person  person.ID
	Agreed  bool // enough sightings in a row show this person, and a living one
	NotLive bool // enough sightings in a row show one person, but they look like a picture
	Unsure  bool // enough sightings in a row show one person, and whether they live cannot be judged
}

// NewVotes asks for so many sightings in a row, all within a span of time, whose mean liveness is at least least.
func NewVotes(of int, within time.Duration, least float32) *Votes {
	return &Votes{of: of, within: within, least: least}
}

// Add counts one sighting. A sighting of nobody, of two people too alike, or of somebody else begins anew, and so does
// a clock that went back. The cue is what else than the model has to say of whether they live; it may only deny, and one
// sighting against it is enough.
func (v *Votes) Add(a Answer, at time.Time, live float32, cue liveness.Outcome) Vote {
	if !a.Known || v.of < 1 {
		v.Reset()
		return Vote{}
	}
	if n := len(v.seen); n > 0 && (a.Person != v.who || at.Before(v.seen[n-1].at)) {
		v.Reset()
	}
	v.who = a.Person
	v.seen = append(v.seen, sighting{at, live, cue})
	if len(v.seen) > v.of {
		v.seen = append(v.seen[:0], v.seen[1:]...)
	}
	if len(v.seen) < v.of || at.Sub(v.seen[0].at) > v.within {
		return Vote{}
	}
	var sum float32
	cues := liveness.Live
	for _, s := range v.seen {
		sum += s.live
		cues = cues.Beside(s.cue)
	}
	switch liveness.Judge(sum/float32(v.of), v.least).Beside(cues) {
	case liveness.Live:
		return Vote{Person: v.who, Agreed: true}
	case liveness.Attack:
		return Vote{NotLive: true}
	}
	return Vote{Unsure: true}
}

// Reset forgets the sightings: somebody came in, or was removed.
func (v *Votes) Reset() {
	clear(v.seen)
	v.seen, v.who = v.seen[:0], person.ID{}
}
