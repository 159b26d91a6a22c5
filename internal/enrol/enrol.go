// Package enrol makes one template of several good sightings of somebody who has just agreed. It never begins without
// a consent record, and it never keeps a sighting: each becomes a template that is wiped when the session ends.
package enrol

import (
	"errors"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/liveness"
	"example.org/edged/internal/match"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// Rules say what a template is made of.
type Rules struct {
	Model    [32]byte
	Purpose  string
	Frames   int           // good sightings
	Live     float32       // least mean liveness of them
	Infrared bool          // the door has an infrared camera, and each of them must show the face there too
	Same     float32       // least cosine of each to the first: one person, not two in turn
	Within   time.Duration // the whole session
	Unique   func() float32
	Twins    func(a, b person.ID) bool // whether both always show a second sign, so that one face may be stored for both
}

// Reasons why a session ended without a template.
var (
	ErrNotLive   = errors.New("the sightings do not look alive")
	ErrNotJudged = errors.New("whether the face lives could not be judged")
	ErrAnother   = errors.New("this face is stored for somebody else")
	ErrTimeOut   = errors.New("not enough good sightings in time")
	ErrStaleAct  = errors.New("the consent is not in force")
)

// A Session is one person in front of the camera. It is not safe for concurrent use.
type Session struct {
	rules   Rules
	arena   *template.Arena
	gallery *match.Gallery
	Person  person.ID
	consent consent.Record
	began   time.Duration
	taken   []template.Template
	lives   []float32
	cues    []liveness.Outcome // of the infrared camera, of every frame that was looked at, also of those dropped later
	widest  float32            // openness of the eyes, of the frame with the widest
	open    []float32          // of each that was taken
	alike   []person.ID
}

// A Step is what became of one sighting.
type Step uint8

const (
	Passed Step = iota // not looked at, or no template may be made from it
	EyesShut
	Taken
	Done // Finish may be called
)

// eyesShut is the openness, as a share of the widest of the same person's frames, below which their eyes are shut or
// nearly so. It is no measure of anybody's eyes: whose eyes are narrow has narrow eyes in every frame. Two pictures of one
// person taken years apart differ by more in 2 of 100 cases (docs/measurements.md).
const eyesShut = 0.5

// Begin opens a session. The record is the consent under which everything in it happens.
func Begin(rules Rules, arena *template.Arena, gallery *match.Gallery, p person.ID, c consent.Record, uptime time.Duration) (*Session, error) {
	if c.State != consent.Given || c.Person != p {
		return nil, ErrStaleAct
	}
	return &Session{rules: rules, arena: arena, gallery: gallery, Person: p, consent: c, began: uptime}, nil
}

// Late tells whether the session has run out of time.
func (s *Session) Late(uptime time.Duration) bool { return uptime > s.began+s.rules.Within }

// Taken is how many good sightings there are, and how many are needed.
func (s *Session) Taken() (n, of int) { return len(s.taken), s.rules.Frames }

// Take adds one sighting. A frame from before the session began was seen without consent, and is not looked at.
func (s *Session) Take(w *wire.Sighting) Step {
	if time.Duration(w.CapturedAt) < s.began || w.Verdict != wire.Good || w.Enrol != wire.Good || w.Model != s.rules.Model {
		return Passed
	}
	if w.Openness < eyesShut*s.widest {
		return EyesShut
	}
	t, err := s.arena.Put(&w.Feature)
	if err != nil {
		return Passed
	}
	if len(s.taken) > 0 && s.arena.Cosine(s.taken[0], t) < s.rules.Same {
		s.Close() // somebody else stepped in front: begin anew with whoever stays
	}
	s.taken, s.lives, s.open = append(s.taken, t), append(s.lives, w.Live), append(s.open, w.Openness)
	if s.rules.Infrared {
		s.cues = append(s.cues, liveness.Infrared(w.Infrared))
	}
	s.widest = max(s.widest, w.Openness)
	s.dropShut()
	if len(s.taken) >= s.rules.Frames {
		return Done
	}
	return Taken
}

// dropShut takes back frames of before the eyes were seen open.
func (s *Session) dropShut() {
	n := 0
	for i, t := range s.taken {
		if s.open[i] < eyesShut*s.widest {
			s.arena.Wipe(t)
			continue
		}
		s.taken[n], s.lives[n], s.open[n] = t, s.lives[i], s.open[i]
		n++
	}
	s.taken, s.lives, s.open = s.taken[:n], s.lives[:n], s.open[:n]
}

// Finish makes the template and its label, or says why not. The caller owns the template.
func (s *Session) Finish(now time.Time) (vault.Label, template.Template, error) {
	var none template.Template
	var sum float32
	for _, live := range s.lives {
		sum += live
	}
	alive := liveness.Judge(sum/float32(len(s.lives)), s.rules.Live)
	for _, cue := range s.cues {
		alive = alive.Beside(cue)
	}
	switch alive {
	case liveness.Attack:
		return vault.Label{}, none, ErrNotLive
	case liveness.Unsure:
		return vault.Label{}, none, ErrNotJudged
	}
	mean, err := s.arena.Mean(s.taken)
	if err != nil {
		return vault.Label{}, none, err
	}
	s.alike = s.gallery.Alike(s.Person, mean, now, s.rules.Unique())
	for _, other := range s.alike {
		if s.rules.Twins == nil || !s.rules.Twins(s.Person, other) {
			s.arena.Wipe(mean)
			return vault.Label{}, none, ErrAnother
		}
	}
	return vault.Label{Person: s.Person, Purpose: s.rules.Purpose, Model: s.rules.Model,
		Consent: s.consent.Hash(), Expiry: s.consent.Until}, mean, nil
}

// Alike is whose stored faces this one could be as well, after Finish.
func (s *Session) Alike() []person.ID { return s.alike }

// Close wipes what was taken. A session may be closed twice, and goes on empty.
func (s *Session) Close() {
	for _, t := range s.taken {
		s.arena.Wipe(t)
	}
	s.taken, s.lives, s.cues, s.open, s.widest = nil, nil, nil, nil, 0
}
