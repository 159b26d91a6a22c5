package keeper

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// watchStays ends the stays whose hour has come.
func (k *keeper) watchStays(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		k.endStays()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// endStays takes the PIN of everybody whose stay is over and has their face erased. While the time is not trusted, it is
// the clock's floor: no stay ends early, and none whose end even the floor has passed goes on. Whoever could not be
// erased, as while faces cannot be opened, stays on the list and is by the next second or the next start.
func (k *keeper) endStays() {
	k.ending.Lock()
	defer k.ending.Unlock()
	gone, err := k.book.Expire(k.now())
	if err != nil {
		k.log.Error("a stay that is over could not be ended; it is tried again", slog.String("why", err.Error()))
	}
	a := k.album()
	for _, e := range gone {
		if a != nil {
			a.faces.End(e.Who, e.Why)
		}
		k.scribe.Write(audit.Entry{Kind: wire.KindStayEnded, Reason: e.Why, Who: k.scribe.Pseudonym(e.Who)})
	}
	for p := range k.book.Over() {
		if k.brief.Face != nil && (a == nil || !a.faces.Gone(p)) {
			continue // the sweep asks for them, too
		}
		if err := k.book.Forget(p); err != nil {
			k.log.Warn("a stay that is over could not be forgotten; it is tried again", slog.String("why", err.Error()))
		}
	}
}

// end does what an operator typed: somebody's stay ends, now or later.
func (k *keeper) end(w *wire.End) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Done, Reason: w.Why}
	defer func() { k.room.Tell(&answer) }()
	who, res := k.called(w.Number)
	if res.Outcome != wire.Granted {
		answer.Outcome, answer.Reason = res.Outcome, res.Reason
		return
	}
	at := k.now()
	if w.At != 0 {
		at = time.Unix(w.At, 0)
	}
	switch err := k.book.End(who, at, w.Why); {
	case errors.Is(err, access.ErrNoStay):
		answer.Outcome, answer.Reason = wire.Denied, wire.ReasonUnknown
		return
	case err != nil:
		k.log.Error("a stay could not be ended", slog.String("why", err.Error()))
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
		return
	}
	var err error
	answer.Index, err = k.scribe.Write(audit.Entry{Kind: wire.KindStay, Reason: w.Why, Who: k.scribe.Pseudonym(who), Until: at.Unix()})
	if err != nil {
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
	}
	k.endStays()
}
