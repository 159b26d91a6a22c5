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
	Model   [32]byte
	Purpose string
	Frames  int           // good sightings
	Live    float32       // least mean liveness of them
	Same    float32       // least cosine of each to the first: one person, not two in turn
	Within  time.Duration // the whole session
	Unique  func() float32
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
	live    float32
}

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

// Take adds one sighting. Done means that Finish may be called. A frame from before the session began was seen without
// consent, and is not looked at.
func (s *Session) Take(w *wire.Sighting) (done bool) {
	if time.Duration(w.CapturedAt) < s.began || w.Verdict != wire.Good || w.Model != s.rules.Model {
		return false
	}
	t, err := s.arena.Put(&w.Feature)
	if err != nil {
		return false
	}
	if len(s.taken) > 0 && s.arena.Cosine(s.taken[0], t) < s.rules.Same {
		s.Close() // somebody else stepped in front: begin anew with whoever stays
	}
	s.taken = append(s.taken, t)
	s.live += w.Live
	return len(s.taken) >= s.rules.Frames
}

// Finish makes the template and its label, or says why not. The caller owns the template.
func (s *Session) Finish(now time.Time) (vault.Label, template.Template, error) {
	var none template.Template
	switch liveness.Judge(s.live/float32(len(s.taken)), s.rules.Live) {
	case liveness.Attack:
		return vault.Label{}, none, ErrNotLive
	case liveness.Unsure:
		return vault.Label{}, none, ErrNotJudged
	}
	mean, err := s.arena.Mean(s.taken)
	if err != nil {
		return vault.Label{}, none, err
	}
	if a := s.gallery.Find(mean, now, s.rules.Unique(), 0); a.Ambiguous || a.Known && a.Person != s.Person {
		s.arena.Wipe(mean)
		return vault.Label{}, none, ErrAnother
	}
	return vault.Label{Person: s.Person, Purpose: s.rules.Purpose, Model: s.rules.Model,
		Consent: s.consent.Hash(), Expiry: s.consent.Until}, mean, nil
}

// Close wipes what was taken. A session may be closed twice, and goes on empty.
func (s *Session) Close() {
	for _, t := range s.taken {
		s.arena.Wipe(t)
	}
	s.taken, s.live = nil, 0
}
