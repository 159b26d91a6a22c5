// Package consent keeps who agreed to what, refused it or took it back, each act as a record that is never changed.
// It never holds a face, and it takes nothing for a yes: not silence, not an older text, not a time nobody trusts, not
// a child's own word.
//
// Records are appended to consent.db, for each person a chain: a record carries the hash of the one before, so that a
// line cannot be changed, left out or put in between unseen, and the device's signature, so that it can be shown to
// anybody alone. Cutting off the newest is seen by the audit log, which holds the hash of each. The file also keeps the
// full text of every notice ever in use here, by its hash; so no version number is ever used for two texts.
//
// More than five names are exported: what can happen to a consent, and by what sign a person was known, are closed
// sets that others must be able to name.
package consent

import (
	"crypto/ed25519"
	"errors"
	"iter"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// What a caller may want to tell apart.
var (
	ErrOldNotice = errors.New("consent: this is not the notice in force; show that one and ask again")
	ErrClock     = errors.New("consent: the time is not trusted, so no end date could be promised; set the clock right and ask again")
	ErrNothing   = errors.New("consent: there is none to act on")
	ErrAge       = errors.New("consent: nobody on the staff has noted how old this person is")
	ErrGuardian  = errors.New("consent: a guardian must agree for this person")
	ErrNotFor    = errors.New("consent: this person cannot agree for that one")
	ErrStaff     = errors.New("consent: the staff have a request to answer first")
	ErrVersion   = errors.New("consent: the text of the notice was changed under an old version number; give it a new one")
	ErrOver      = errors.New("consent: the person's stay here is over")
	ErrSetAside  = errors.New("a damaged file was set aside")
)

// A Device is what a register belongs to.
type Device struct {
	ID     string
	Sign   func([]byte) []byte // signs records: see Signs
	Ground func() Ground       // what each consent rests on besides; nil: nothing
}

// Signs gives what signs records with the key of the audit log, whose public half people know. It is a function so that
// there is nothing to print.
func Signs(seed [32]byte) func([]byte) []byte {
	key := ed25519.NewKeyFromSeed(seed[:])
	return func(msg []byte) []byte { return ed25519.Sign(key, msg) }
}

// A Ground is what was in force when somebody agreed, by name.
type Ground struct {
	Rules string // the rule set
	PIA   string // the impact assessment
}

// A Register is the file and, in memory, where each person stands.
type Register struct {
	db      *bbolt.DB
	device  Device
	current *notice.Notice
	hash    digits                  // of current
	since   map[digits]notice.Class // what changed since each older notice

	mu    sync.Mutex // held over a whole append, so that chain and file agree
	stand map[person.ID]standing
}

// A standing is the end of one person's chain.
type standing struct {
	consent  Record   // the newest record that is about the consent, not about the face's erasure
	hash     digits   // of consent
	last     *Record  // the newest, where that is another one: of most people there is one record, and there may be 100,000
	sum      digits   // the hash of the newest
	erased   bool     // the face was erased after consent
	informed digits   // the notice that they were told of last, after consent
	rests    Evidence // who let the face rest; empty when it does not
}

// newest is the newest record.
func (s *standing) newest() *Record {
	if s.last != nil {
		return s.last
	}
	return &s.consent
}

// after is the standing after r, whose hash is sum: whoever reads a record has its bytes, and need not write it again.
func (s standing) after(r Record, sum digits) standing {
	s.last, s.sum = &r, sum
	switch r.State {
	case Erased:
		s.erased = true
	case Requested:
	case Informed:
		s.informed = r.Notice
	case Restricted:
		s.rests = r.Evidence
	case Resumed:
		s.rests = ""
	default:
		s = standing{consent: r, hash: sum, sum: sum, rests: s.rests}
		if s.rests == ByPIN && r.State == Given {
			s.rests = "" // whoever agrees anew wants their face used
		}
	}
	return s
}

// A Stand is where somebody's consent stands at one moment.
type Stand struct {
	Consent Record
	Hash    [32]byte    // of Consent
	Kept    bool        // it was given, and is neither taken back nor over: the face may stay stored
	Rests   wire.Reason // why the face may not be used all the same: restricted, or the notice has changed
}

// Stands says where p stands. The caller must not ask with a time it does not trust.
func (r *Register) Stands(p person.ID, at time.Time) Stand {
	r.mu.Lock()
	s := r.stand[p]
	r.mu.Unlock()
	c := s.consent
	class := r.class(c.Notice)
	// The record's time was cut to milliseconds, downwards; a time before it means that the clock went back.
	if c.State != Given || at.Before(c.At) || !at.Before(c.Until) || class == notice.AskAgain {
		return Stand{Consent: c, Hash: s.hash}
	}
	switch {
	case s.rests != "":
		return Stand{c, s.hash, true, wire.ReasonRestricted}
	case class == notice.Inform && s.informed != r.hash:
		return Stand{c, s.hash, true, wire.ReasonNoticeChanged}
	}
	return Stand{c, s.hash, true, wire.ReasonNone}
}

// InForce returns the consent under which p's face may be used at this moment: given, neither taken back nor over, to a
// notice that says what the one in force says, or whose changes they have been told of.
func (r *Register) InForce(p person.ID, at time.Time) (Record, bool) {
	s := r.Stands(p, at)
	if !s.Kept || s.Rests != wire.ReasonNone {
		return Record{}, false
	}
	return s.Consent, true
}

// class is what changed since a notice. One that is not known changed in everything.
func (r *Register) class(hash digits) notice.Class {
	if hash == r.hash {
		return notice.Same
	}
	if c, ok := r.since[hash]; ok {
		return c
	}
	return notice.AskAgain
}

// Current is the notice in force, by its hash.
func (r *Register) Current() [32]byte { return r.hash }

// Wards yields those for whom p has agreed, as far as it is in force.
func (r *Register) Wards(p person.ID) (wards []person.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ward, s := range r.stand {
		if g := s.consent.Guardian; s.consent.State == Given && g != nil && g.Who == p.String() {
			wards = append(wards, ward)
		}
	}
	return wards
}

// State is where p stands, in the one word that the outside may know.
func (r *Register) State(p person.ID) wire.ConsentState {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.stand[p].consent.State {
	case Given:
		return wire.ConsentGiven
	case Refused:
		return wire.ConsentRefused
	case Withdrawn:
		return wire.ConsentWithdrawn
	case Expired:
		return wire.ConsentExpired
	case Invalidated:
		return wire.ConsentInvalidated
	}
	return wire.ConsentNone
}

// Due yields everybody whose face must be gone by at, with the reason: the end has come, or the consent ended before
// and no erasure is recorded yet, as after a power cut in the middle. Mark them Erased and they are not due any more.
func (r *Register) Due(at time.Time) iter.Seq2[person.ID, wire.Reason] {
	r.mu.Lock()
	defer r.mu.Unlock()
	due := map[person.ID]wire.Reason{}
	for p, s := range r.stand {
		switch {
		case s.consent.State == Given && !at.Before(s.consent.Until), s.consent.State == Expired && !s.erased:
			due[p] = wire.ReasonExpired
		case s.consent.State == Withdrawn && !s.erased:
			due[p] = wire.ReasonWithdrawn
		case s.consent.State == Invalidated && !s.erased, s.consent.State == Given && r.class(s.consent.Notice) == notice.AskAgain:
			due[p] = wire.ReasonNoConsent
		}
	}
	return func(yield func(person.ID, wire.Reason) bool) {
		for p, reason := range due {
			if !yield(p, reason) {
				return
			}
		}
	}
}

// Next is the first end of a consent after at.
func (r *Register) Next(at time.Time) (next time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stand {
		if c := s.consent; c.State == Given && c.Until.After(at) && (!ok || c.Until.Before(next)) {
			next, ok = c.Until, true
		}
	}
	return next, ok
}
