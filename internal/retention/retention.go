package retention

import (
	"context"
	"iter"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

type calendar interface {
	Due(at time.Time) iter.Seq2[person.ID, wire.Reason]
	Next(after time.Time) (time.Time, bool)
}

// Erasure is one try at erasing, told to the callback. The callback's error means "not recorded": it is asked again.
type Erasure struct {
	Person  person.ID
	Reason  wire.Reason
	Asked   time.Time
	At      time.Time
	Trusted bool
	Tries   int
	Err     error // nil: the face is gone
}

type Sweep struct{}

// New: now = clock.Now; rest makes a person unusable (gallery); erase = vault.Erase; tell records; sources say who is due (consent.Register, …).
func New(now func() (time.Time, bool), rest func(person.ID), erase func(person.ID) error, tell func(Erasure) error, sources ...calendar) *Sweep {
	return &Sweep{}
}
func (s *Sweep) EraseNow(p person.ID, reason wire.Reason) {}
func (s *Sweep) Run(ctx context.Context) error            { <-ctx.Done(); return nil }
func (s *Sweep) Overdue() int                             { return 0 }
