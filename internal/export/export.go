// Package export is the gate in front of the only way out that there will ever be. It never lets a face through: it
// looks for a consent to exactly this, and no consent that can be given today is one.
//
// In the open, so that nobody has to find out: the type that could carry a face out, a parcel sealed to a named
// recipient, does not exist in this program. Purposes are a closed list (package notice) with one entry, coming in at
// this door. The gate nevertheless asks the register instead of answering by rote, so that on the day when there is a
// second purpose, the question is already the right one.
package export

import (
	"encoding/hex"
	"slices"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// purpose is what a consent would have to be for. It is not in the closed list of package notice, so a notice that
// asks for it is refused and a consent to it cannot be given.
const purpose notice.Purpose = "export-face"

// A Request asks for somebody's face, for a named recipient.
type Request struct {
	Who       wire.Pseudonym
	Recipient [32]byte // hash of their key
}

// An Answer has no place for a face.
type Answer struct {
	Outcome wire.Outcome
	Reason  wire.Reason
}

// consents is the register.
type consents interface {
	InForce(p person.ID, at time.Time) (consent.Record, bool)
}

// A Gate answers requests.
type Gate struct {
	consents consents
	who      func(wire.Pseudonym) (person.ID, bool)
	now      func() (time.Time, bool)
}

// New makes a Gate. who finds the person behind a pseudonym; now is the clock's.
func New(c consents, who func(wire.Pseudonym) (person.ID, bool), now func() (time.Time, bool)) *Gate {
	return &Gate{c, who, now}
}

// Ask answers a request. Somebody unknown and somebody who has not agreed get the same answer: a stranger must not
// learn from it who lives here.
func (g *Gate) Ask(req Request) Answer {
	no := Answer{wire.Rejected, wire.ReasonNoConsent}
	at, trusted := g.now()
	p, known := g.who(req.Who)
	if !trusted || !known {
		return no
	}
	c, ok := g.consents.InForce(p, at)
	if !ok || c.Purpose != purpose || !slices.Contains(c.Recipients, hex.EncodeToString(req.Recipient[:])) {
		return no
	}
	if c.Guardian != nil { // nothing of a minor ever leaves the device, whoever agrees (PIPL, article 31)
		return no
	}
	// Somebody has agreed, and still there is no parcel to put anything in.
	return Answer{wire.Rejected, wire.ReasonNone}
}
