// Package scribe writes down what happens at the door and passes a copy on for the fleet. It never waits for the
// fleet, and it never writes a face: neither its entries nor its copies have a field that could hold one.
package scribe

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/person"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// Scribe holds the pen. A nil log means that the audit log is damaged: the door goes on, faces rest, and the fleet
// is told without an index.
type Scribe struct {
	log    *audit.Log
	now    func() (time.Time, bool)
	secret [32]byte // makes pseudonyms; never leaves the keeper
	copies chan wire.CourierHears
	slog   *slog.Logger
	broken func()
	slow   atomic.Bool
}

// New writes into log. Broken is called when an entry could not be written.
func New(log *audit.Log, secret [32]byte, now func() (time.Time, bool), sl *slog.Logger, broken func()) *Scribe {
	return &Scribe{log: log, now: now, secret: secret, copies: make(chan wire.CourierHears, 256), slog: sl, broken: broken}
}

// Pseudonym stands for p outside: HMAC-SHA256 under a key of this device, cut to 16 bytes. Without the key nobody
// can tell whether two devices speak of one person.
func (s *Scribe) Pseudonym(p person.ID) wire.Pseudonym {
	if p == (person.ID{}) {
		return wire.Pseudonym{}
	}
	m := hmac.New(sha256.New, s.secret[:])
	m.Write(p[:])
	return wire.Pseudonym(m.Sum(nil)[:16])
}

// Write stamps and appends one entry and passes its copy on.
func (s *Scribe) Write(e audit.Entry) (index uint64, err error) {
	t, trusted := s.now()
	e.At, e.Trusted, e.Rules = t.UnixMilli(), trusted, ruleset.At(t).ID
	if s.log == nil {
		s.copy(e, 0)
		return 0, errNoLog
	}
	if index, err = s.log.Append(e); err != nil {
		s.slog.Error("the audit log cannot be written; faces rest until it can", slog.String("why", err.Error()))
		s.broken()
		return 0, err
	}
	s.copy(e, index)
	head := s.log.Head()
	s.Tell(&head)
	return index, nil
}

func (s *Scribe) copy(e audit.Entry, index uint64) {
	if e.Kind == wire.KindDecision {
		s.Tell(&wire.Decided{Index: index, At: e.At, Trusted: e.Trusted, Door: e.Door, Method: e.Method,
			Outcome: e.Outcome, Reason: e.Reason, Who: e.Who})
		return
	}
	s.Tell(&wire.Happened{Index: index, At: e.At, Trusted: e.Trusted, Kind: e.Kind, Reason: e.Reason, Who: e.Who})
}

// Tell passes a word to the fleet if there is room; what is dropped is in the log all the same. That it happens is said
// once, or a courier that does not listen would fill the system's log.
func (s *Scribe) Tell(w wire.CourierHears) {
	select {
	case s.copies <- w:
		s.slow.Store(false)
	default:
		if !s.slow.Swap(true) {
			s.slog.Warn("the courier is slow; copies are dropped, the audit log has the entries")
		}
	}
}

// Run passes copies on until ctx ends. Without a courier they are thrown away.
func (s *Scribe) Run(ctx context.Context, courier func(wire.CourierHears) error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case w := <-s.copies:
			if courier == nil {
				continue
			}
			if err := courier(w); err != nil {
				s.slog.Debug("the courier does not listen", slog.String("why", err.Error()))
			}
		}
	}
}

// Recent gives a person's own last passages, newest first.
func (s *Scribe) Recent(p person.ID) (out [5]wire.Passage) {
	if s.log == nil {
		return out
	}
	n := 0
	for _, e := range s.log.Recent(s.Pseudonym(p), 64) {
		if e.Kind == wire.KindDecision && n < len(out) {
			out[n] = wire.Passage{At: e.At / 1000, Method: e.Method, Outcome: e.Outcome}
			n++
		}
	}
	return out
}

var errNoLog = errors.New("there is no usable audit log")
