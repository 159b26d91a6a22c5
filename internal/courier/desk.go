package courier

import (
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/wire"
)

const (
	pendingMost    = 256
	seenMost       = 4096
	answerPatience = 60 * time.Second
)

// An answer goes to the client that asked.
type answer struct {
	Schema int    `json:"schema"`
	ID     string `json:"id,omitempty"`
	Status string `json:"status"`
	Reason string `json:"reason"`
	Index  uint64 `json:"index,omitempty"`
}

// A desk knows which client waits for which answer. It hands on only what is new, fresh and understood; everything
// else is answered at once, or counted when nobody can be answered.
type desk struct {
	now     func() time.Time
	ask     func(*wire.Asked) error
	answer  func(client string, a answer)
	refused atomic.Uint64

	mu      sync.Mutex
	pending map[[16]byte]visitor
	seen    map[[16]byte]time.Time // until when an id could come again: a request lives five minutes at most
}

type visitor struct {
	client string
	until  time.Time
}

func newDesk(now func() time.Time, ask func(*wire.Asked) error, reply func(string, answer)) *desk {
	return &desk{now: now, ask: ask, answer: reply, pending: map[[16]byte]visitor{}, seen: map[[16]byte]time.Time{}}
}

// take reads one request. An error means that the keeper cannot be reached.
func (d *desk) take(payload []byte, retained bool) error {
	c, why := readCommand(payload, d.now())
	if retained {
		// A retained request is one that somebody left lying at the broker: it would open the door again after
		// every reconnect.
		why = retainedWord
	}
	if why == "" {
		why = d.admit(c)
	}
	if why != "" {
		d.refused.Add(1)
		if c.client != "" {
			d.answer(c.client, answer{Schema: schema, ID: c.id, Status: statusOf(why), Reason: string(why)})
		}
		return nil
	}
	d.answer(c.client, answer{Schema: schema, ID: c.id, Status: "accepted", Reason: "none"})
	return d.ask(&c.asked)
}

func statusOf(why refusal) string {
	if why == tooLate || why == noAnswer {
		return "expired"
	}
	return "rejected"
}

// admit remembers the request. Both memories are bounded, and a full one refuses: forgetting an id early would let
// the same request in twice.
func (d *desk) admit(c command) refusal {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.seen[c.asked.ID]; ok {
		return duplicate
	}
	if len(d.pending) >= pendingMost || len(d.seen) >= seenMost {
		return busy
	}
	d.seen[c.asked.ID] = c.exp
	d.pending[c.asked.ID] = visitor{client: c.client, until: d.now().Add(answerPatience)}
	return ""
}

// answered passes the keeper's answer to whoever asked.
func (d *desk) answered(w *wire.Answered) {
	d.mu.Lock()
	v, ok := d.pending[w.ID]
	delete(d.pending, w.ID)
	d.mu.Unlock()
	if !ok {
		return
	}
	status := "rejected"
	if w.Outcome == wire.Done || w.Outcome == wire.Granted {
		status = "done"
	}
	d.answer(v.client, answer{Schema: schema, ID: hex.EncodeToString(w.ID[:]), Status: status, Reason: w.Reason.String(), Index: w.Index})
}

// tick tells those who have waited in vain, and forgets ids that can no longer come again.
func (d *desk) tick() {
	now := d.now()
	d.mu.Lock()
	var waited []string
	var ids [][16]byte
	for id, v := range d.pending {
		if !now.Before(v.until) {
			waited, ids = append(waited, v.client), append(ids, id)
			delete(d.pending, id)
		}
	}
	for id, exp := range d.seen {
		if !now.Before(exp) {
			delete(d.seen, id)
		}
	}
	d.mu.Unlock()
	for i, client := range waited {
		d.answer(client, answer{Schema: schema, ID: hex.EncodeToString(ids[i][:]), Status: statusOf(noAnswer), Reason: string(noAnswer)})
	}
}
