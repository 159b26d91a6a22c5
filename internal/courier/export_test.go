package courier

import (
	"log/slog"
	"net"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// What follows lets the outside tests reach single parts.

type (
	Answer = answer
	Desk   = desk
	Outbox = outbox
)

const (
	PendingMost = pendingMost
	OutboxMost  = outboxMost
	SeenMost    = seenMost
	Patience    = answerPatience
	Unlisted    = unlisted
	RoomyFile   = roomyFile
	Widest      = widest
)

var ErrDamaged = errDamaged

func NewDesk(now func() time.Time, ask func(*wire.Asked) error, reply func(string, Answer)) *Desk {
	return newDesk(now, ask, reply)
}
func (d *desk) Take(b []byte, retained bool) error { return d.take(b, retained) }
func (d *desk) Answered(w *wire.Answered)          { d.answered(w) }
func (d *desk) Tick()                              { d.tick() }
func (d *desk) Refused() uint64                    { return d.refused.Load() }

func ReadCommand(b []byte, now time.Time) (asked wire.Asked, id, client, refused string) {
	c, why := readCommand(b, now)
	return c.asked, c.id, c.client, string(why)
}

func OpenOutbox(folder string, most int, log *slog.Logger) (*Outbox, error) {
	return openOutbox(folder, most, log)
}
func (o *outbox) Add(events ...[]byte) error { return o.add(events) }
func (o *outbox) Done(key uint64) error      { return o.done(key) }
func (o *outbox) Counts() (int, uint64)      { return o.counts() }
func (o *outbox) Close() error               { return o.close() }
func (o *outbox) Next(n int) (keys []uint64, events []string, err error) {
	all, err := o.next(n)
	for _, s := range all {
		keys, events = append(keys, s.key), append(events, string(s.event))
	}
	return keys, events, err
}

func CodeOfDecision(o wire.Outcome) string { return decided(&wire.Decided{Outcome: o}).Code }
func CodeOfKind(k wire.Kind) string        { return happened(&wire.Happened{Kind: k}).Code }

func HeadText(device string, w *wire.Head) (text []byte, key string, err error) {
	return newNotary(device).write(w)
}

func Gauge(c net.Conn) net.Conn { return &gauge{Conn: c} }

func Waits(lasted []time.Duration, draw func(int64) int64) []time.Duration {
	var p pace
	var out []time.Duration
	for _, l := range lasted {
		out = append(out, p.after(l, draw))
	}
	return out
}

func Road(b room.Courier) (bare bool, err error) {
	r, err := newRoad(b)
	return err == nil && r.bare(), err
}
