package keeper

import (
	"errors"
	"log/slog"
	"path/filepath"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/stop"
	"example.org/edged/internal/wire"
)

// openStop finds out whether faces were stopped by hand.
func (k *keeper) openStop() {
	var last audit.Entry
	found := false
	if k.audit != nil {
		for _, last = range k.audit.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindFaceStopped, wire.KindStopLifted}}) {
			found = true
			break
		}
	}
	var err error
	if k.stop, err = stop.Open(k.brief.Folder, last, found, k.scribe.Write, k.clock.Now); err != nil {
		k.log.Error("the order to stop faces holds, but stands in one place only", slog.String("why", err.Error()))
	}
	if o := k.brief.Stop; o != nil {
		k.halt(&wire.Stop{ID: o.ID, Why: o.Why})
	}
}

// heardHall obeys what was typed on this machine.
func (k *keeper) heardHall(w wire.RoomHears) {
	switch w := w.(type) {
	case *wire.Stop:
		k.halt(w)
		if a := k.album(); a != nil {
			a.faces.Halt()
		}
		k.turnMode()
	case *wire.Mark:
		k.mark(w)
		clear(w.Person.Digits[:])
		clear(w.Staff.Digits[:])
	case *wire.Vouch:
		k.vouch(w)
	case *wire.Lift:
		k.lift(w)
		clear(w.PINs[:])
		k.turnMode()
	case *wire.End:
		k.end(w)
	case *wire.Renew:
		k.renew(w)
	case *wire.Paper:
		k.paper(w)
		clear(w.PIN.Digits[:])
	}
}

// halt stops faces: from its first act on, none is used.
func (k *keeper) halt(w *wire.Stop) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Done, Reason: w.Why}
	if w.Why == wire.ReasonIncident {
		k.incident()
	}
	var err error
	if answer.Index, err = k.stop.Order(w.ID, w.Why); err != nil {
		k.log.Error("faces are stopped, but that may not last over a restart", slog.String("why", err.Error()))
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
	}
	k.room.Tell(&answer)
}

// lift tries two PINs, under the same limit as at the screen. It does not say which of them was wrong.
func (k *keeper) lift(w *wire.Lift) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Granted}
	var names [2]string
	for i := range w.PINs {
		name, res := k.book.TryStaff(k.brief.Staff, w.PINs[i].Digits[:w.PINs[i].Len])
		if res.Outcome == wire.Limited {
			answer.Outcome, answer.Reason = wire.Limited, wire.ReasonTooManyTries
			k.room.Tell(&answer)
			return
		}
		names[i] = name
	}
	var err error
	answer.Index, err = k.stop.Lift(names[0], names[1])
	switch {
	case errors.Is(err, stop.ErrTwo):
		answer.Outcome, answer.Reason = wire.Denied, wire.ReasonWrongPIN
	case err != nil:
		k.log.Error("the stop could not be lifted", slog.String("why", err.Error()))
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
	}
	k.room.Tell(&answer)
}

// rests is why a face may not be used at this moment. The order to stop is asked itself, not the mode that follows it.
func (k *keeper) rests() wire.Reason {
	if k.stop.On() {
		return wire.ReasonStopped
	}
	return k.mode.get().Reason()
}

// errRenewed ends this life of the room: the next one finds a log that can be written, and opens faces.
var errRenewed = errors.New("the log begins anew, and with it the rooms")

// renew sets the damaged log aside, on the word of whoever may give orders on this machine. A log in which nothing is
// wrong stays.
func (k *keeper) renew(w *wire.Renew) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Done, Reason: w.Why}
	if k.audit != nil {
		answer.Outcome, answer.Reason = wire.Rejected, wire.ReasonNone
		k.room.Tell(&answer)
		return
	}
	at, trusted := k.clock.Now()
	aside, err := audit.Renew(filepath.Join(k.brief.Folder, "audit"), "edged/"+k.brief.Device, k.root.Derive(keys.AuditSigning),
		audit.Entry{At: at.UnixMilli(), Trusted: trusted, Reason: w.Why}, k.log)
	switch {
	case errors.Is(err, audit.ErrHealthy): // somebody put a good copy in its place
		answer.Outcome, answer.Reason = wire.Rejected, wire.ReasonNone
	case err != nil:
		k.log.Error("the damaged log could not be set aside", slog.String("why", err.Error()))
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
		k.room.Tell(&answer)
		return
	default:
		k.log.Warn("the damaged log was set aside, and a new one begins: keep it for three years", slog.String("aside", aside))
	}
	k.room.Tell(&answer)
	k.ended <- errRenewed
}
