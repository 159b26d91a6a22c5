package export

import (
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

type consents interface {
	InForce(p person.ID, at time.Time) (consent.Record, bool)
}

type Request struct {
	Who       wire.Pseudonym
	Recipient [32]byte
}

type Answer struct {
	Outcome wire.Outcome
	Reason  wire.Reason
}

type Gate struct{}

// New: who finds the person behind a pseudonym; now = clock.Now.
func New(c consents, who func(wire.Pseudonym) (person.ID, bool), now func() (time.Time, bool)) *Gate {
	return &Gate{}
}
func (g *Gate) Ask(req Request) Answer { return Answer{wire.Rejected, wire.ReasonNoConsent} }
