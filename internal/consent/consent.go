// Package consent keeps who agreed to what, refused it or took it back, each act as a record that is never changed.
// It never holds a face, and it takes nothing for a yes: not silence, not an older text, not a time nobody trusts.
//
// Records are appended to consent.db, for each person a chain: a record carries the hash of the one before, so that a
// line cannot be changed, left out or put in between unseen. Cutting off the newest is seen by the audit log, which
// holds the hash of each. The file also keeps the full text of every notice ever in use here, by its hash.
//
// More than five names are exported: what can happen to a consent, and by what sign a person was known, are closed
// sets that others must be able to name.
package consent

import (
	"errors"
	"fmt"
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
	ErrNothing   = errors.New("consent: there is none to withdraw")
	ErrSetAside  = errors.New("a damaged file was set aside")
)

// A Register is the file and, in memory, where each person stands.
type Register struct {
	db      *bbolt.DB
	device  string
	current *notice.Notice
	hash    digits // of current

	mu    sync.Mutex // held over a whole append, so that chain and file agree
	stand map[person.ID]standing
}

// A standing is the end of one person's chain.
type standing struct {
	last    Record // the newest record
	consent Record // the newest that is about the consent, not about the face's erasure
	erased  bool   // the face was erased after consent
}

func (s standing) after(r Record) standing {
	if r.State == Erased {
		return standing{last: r, consent: s.consent, erased: true}
	}
	return standing{last: r, consent: r}
}

// Give records that p agreed to the notice in force, for its one purpose. A face may be kept until Record.Until.
func (r *Register) Give(p person.ID, noticeHash [32]byte, language string, by Evidence, at time.Time, trusted bool) (Record, error) {
	switch {
	case p == person.ID{}:
		return Record{}, errors.New("consent: nobody cannot agree")
	case by == ByNobody || by == "":
		return Record{}, errors.New("consent: a touch alone is no consent; the person must be present by a second sign")
	case noticeHash != r.hash:
		return Record{}, ErrOldNotice
	case r.current.Keep() <= 0:
		return Record{}, errors.New("consent: the notice states no end; a consent without end is void")
	case !trusted:
		return Record{}, ErrClock
	}
	if _, ok := r.current.Text[language]; !ok {
		return Record{}, fmt.Errorf("consent: the notice has no text in language %q, so nobody can have read it", language)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if at.Before(r.stand[p].last.At) {
		return Record{}, ErrClock
	}
	n := r.about(p, Given, at, trusted)
	n.Language, n.Evidence, n.Until = language, by, at.Add(r.current.Keep())
	return r.append(n)
}

// Refuse records that somebody said no. It asks for no name and costs nothing.
func (r *Register) Refuse(noticeHash [32]byte, at time.Time, trusted bool) (Record, error) {
	if noticeHash != r.hash {
		return Record{}, ErrOldNotice
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.append(r.about(person.ID{}, Refused, at, trusted))
}

// Withdraw records that p takes their consent back. It works at any time, trusted or not. Done twice, it returns the
// first record: the second wish has been met already.
func (r *Register) Withdraw(p person.ID, by Evidence, at time.Time, trusted bool) (Record, error) {
	if by == ByNobody || by == "" {
		return Record{}, errors.New("consent: withdrawing needs a second sign of the person, or a passer-by could do it")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand[p]
	switch s.consent.State {
	case Given, Invalidated:
		n := r.follow(s.consent, p, Withdrawn, at, trusted)
		n.Evidence = by
		return r.append(n)
	case Withdrawn:
		if !s.erased {
			return s.consent, nil
		}
	}
	return Record{}, ErrNothing
}

// Mark records an event that is nobody's act: Expired, Invalidated or Erased. Erasing at or after the end of a consent
// records that it expired, too; erasing twice is recorded once.
func (r *Register) Mark(p person.ID, state State, at time.Time, trusted bool) (Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.stand[p]
	switch {
	case !ok:
		return Record{}, fmt.Errorf("consent: mark %s: this person never gave any", state)
	case state != Expired && state != Invalidated && state != Erased:
		return Record{}, fmt.Errorf("consent: %q is a person's act and cannot be marked", state)
	case state != Erased && s.consent.State != Given:
		return Record{}, fmt.Errorf("consent: mark %s: it is %s", state, s.consent.State)
	case state == Expired && at.Before(s.consent.Until):
		return Record{}, fmt.Errorf("consent: mark expired: it ends later, on %s", s.consent.Until.Format(time.DateTime))
	}
	if state == Erased && s.erased && s.consent.State != Given {
		return s.last, nil
	}
	n := r.follow(s.consent, p, state, at, trusted)
	if state == Erased && s.consent.State == Given && !at.Before(s.consent.Until) {
		return r.append(r.follow(s.consent, p, Expired, at, trusted), n)
	}
	return r.append(n)
}

// InForce returns the consent under which p's face may be used at this moment: given, neither taken back nor over,
// and to the notice in force now, word for word. A change of the notice that only informs will pass here one day; today
// every change asks again. The caller must not ask with a time it does not trust.
func (r *Register) InForce(p person.ID, at time.Time) (Record, bool) {
	r.mu.Lock()
	c := r.stand[p].consent
	r.mu.Unlock()
	// The record's time was cut to milliseconds, downwards; a time before it means that the clock went back.
	if c.State != Given || at.Before(c.At) || !at.Before(c.Until) || c.Notice != r.hash {
		return Record{}, false
	}
	return c, true
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
		case s.consent.State == Invalidated && !s.erased:
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

// about begins a record under the notice in force.
func (r *Register) about(p person.ID, state State, at time.Time, trusted bool) Record {
	return Record{
		Schema: schema, Person: p, Device: r.device, Evidence: ByNobody,
		Notice: r.hash, NoticeVersion: r.current.Version, Purpose: r.current.Purpose, Data: r.current.Data[0],
		Recipients: []string{}, Storage: "this-device", Jurisdiction: "CN", LegalBasis: "consent",
		Withdrawal: "at-the-terminal", Separate: true, RefusalOffered: true,
		State: state, At: at, Trusted: trusted,
	}
}

// follow begins a record about a consent given earlier, under the notice that it was given to.
func (r *Register) follow(c Record, p person.ID, state State, at time.Time, trusted bool) Record {
	n := r.about(p, state, at, trusted)
	n.Notice, n.NoticeVersion, n.Language, n.Purpose, n.Data = c.Notice, c.NoticeVersion, c.Language, c.Purpose, c.Data
	return n
}
