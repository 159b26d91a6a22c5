package keeper

import (
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// askPause is the least time that one request takes. A courier that was taken over can ask without end: it must not
// fill the audit log with refusals, nor the processor.
const askPause = 50 * time.Millisecond

// heardCourier answers what came over the network. Whatever it is, a door does not wait for it.
func (k *keeper) heardCourier(w wire.CourierSays) {
	switch w := w.(type) {
	case *wire.Asked:
		a := k.desk.Judge(w)
		k.scribe.Tell(&a)
		if w.Ask == wire.AskStatus {
			k.tellFleet()
		}
		<-time.After(askPause)
	case *wire.Linked:
		k.lobby.linked(w.Up)
	}
}

// toCourier is the courier's ear, or nil without one.
func (k *keeper) toCourier() func(wire.CourierHears) error {
	if k.courier == nil {
		return nil
	}
	return func(w wire.CourierHears) error { return k.courier.SayWithin(w, time.Second) }
}

// nobody is the register of a door without faces: nobody has agreed to anything.
type nobody struct{}

func (nobody) InForce(person.ID, time.Time) (r consent.Record, ok bool) { return r, false }

// consents is where the export gate looks.
func (k *keeper) consents() interface {
	InForce(person.ID, time.Time) (consent.Record, bool)
} {
	if k.register == nil {
		return nobody{}
	}
	return k.register
}
