package keeper

import (
	"log/slog"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// mark does what a member of staff has typed on this machine about one person. Both PINs count under the same limit as
// at the screen, and it does not say which of them was wrong.
func (k *keeper) mark(w *wire.Mark) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Granted}
	defer func() { k.room.Tell(&answer) }()
	_, res := k.book.TryStaff(k.brief.Staff, w.Staff.Digits[:w.Staff.Len])
	var who person.ID
	if res.Outcome == wire.Granted {
		who, res = k.meant(w)
	}
	if res.Outcome != wire.Granted {
		answer.Outcome, answer.Reason = res.Outcome, res.Reason
		return
	}
	// The line comes first: a mark that the log does not know would be a change that nobody can find.
	kind := wire.KindMarked
	if !w.Second {
		kind = wire.KindUnmarked
	}
	var err error
	if answer.Index, err = k.scribe.Write(audit.Entry{Kind: kind, Who: k.scribe.Pseudonym(who)}); err == nil {
		err = k.book.Mark(who, w.Second)
	}
	if err != nil {
		k.log.Error("somebody could not be marked; what held before holds", slog.String("why", err.Error()))
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
	}
}

// meant is the person whose PIN was typed, or the only one with that number.
func (k *keeper) meant(w *wire.Mark) (who person.ID, r access.Result) {
	if w.Number == 0 {
		return k.book.Try(w.Person.Digits[:w.Person.Len])
	}
	return k.called(w.Number)
}

// called is the only person with a number. Two people with one number: then it names nobody.
func (k *keeper) called(n wire.Number) (who person.ID, r access.Result) {
	found := 0
	err := k.book.Each(func(p person.ID) {
		if k.scribe.Pseudonym(p).Number() == n {
			who, found = p, found+1
		}
	})
	switch {
	case err != nil:
		return person.ID{}, access.Result{Outcome: wire.NoAnswer, Reason: wire.ReasonDamaged}
	case found != 1:
		return person.ID{}, access.Result{Outcome: wire.Denied, Reason: wire.ReasonUnknown}
	}
	return who, access.Result{Outcome: wire.Granted}
}
