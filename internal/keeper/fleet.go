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

// consents is where the export gate looks: while there is no register, nobody has agreed to anything.
type consents struct{ *keeper }

func (c consents) InForce(p person.ID, now time.Time) (r consent.Record, ok bool) {
	if register := c.register.Load(); register != nil {
		return register.InForce(p, now)
	}
	return r, false
}
