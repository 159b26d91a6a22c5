// Package order decides what a request from the network may do. It never does it: today nothing is signed, so a
// request gets what any stranger may have, and everything that matters is refused and recorded.
package order

import (
	"sync"

	"example.org/edged/internal/export"
	"example.org/edged/internal/wire"
)

// window is how many requests are remembered. It bounds the memory; a courier that repeats an older one only gets it
// judged and recorded again.
const window = 1024

// gate is the way out.
type gate interface {
	Ask(export.Request) export.Answer
}

// A Desk answers each request once.
type Desk struct {
	gate   gate
	record func(wire.Kind, wire.Reason, wire.Pseudonym) (uint64, error)

	mu       sync.Mutex
	answered map[wire.Asked]wire.Answered
	order    [window]wire.Asked // in the order in which they came, round and round
	next     int
}

// New makes a Desk. record appends a line to the audit log and returns its index.
func New(g gate, record func(wire.Kind, wire.Reason, wire.Pseudonym) (uint64, error)) *Desk {
	return &Desk{gate: g, record: record, answered: make(map[wire.Asked]wire.Answered, window)}
}

// Judge answers a request; the same request again gets the same answer and no second line in the log. Same means every
// field, not the ID alone: or a request that was refused could hide behind the ID of one that was harmless.
//
// Done is the answer to a request for status: the caller says the Status. A request that could not be recorded is
// rejected, with index 0, and not remembered, so that asking again gets it into the log.
func (d *Desk) Judge(a *wire.Asked) wire.Answered {
	d.mu.Lock()
	defer d.mu.Unlock()
	if answer, seen := d.answered[*a]; seen {
		return answer
	}
	answer := wire.Answered{ID: a.ID, Outcome: wire.Rejected}
	kind := wire.KindOrderRejected
	switch a.Ask {
	case wire.AskStatus:
		answer.Outcome = wire.Done
		return answer // harmless, and asked often: neither recorded nor remembered
	case wire.AskExport:
		kind = wire.KindExportRefused
		gate := d.gate.Ask(export.Request{Who: a.Who, Recipient: a.Recipient})
		answer.Outcome, answer.Reason = gate.Outcome, gate.Reason
	case wire.AskOpen:
		answer.Reason = wire.ReasonNotSigned
	default:
		answer.Reason = wire.ReasonUnknown
	}
	index, err := d.record(kind, answer.Reason, a.Who)
	if err != nil {
		answer.Outcome = wire.Rejected
		return answer
	}
	answer.Index = index
	d.remember(*a, answer)
	return answer
}

func (d *Desk) remember(a wire.Asked, answer wire.Answered) {
	if len(d.answered) == window {
		delete(d.answered, d.order[d.next])
	}
	d.order[d.next] = a
	d.next = (d.next + 1) % window
	d.answered[a] = answer
}
