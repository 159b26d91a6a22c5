package keeper

import (
	"log/slog"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// vouch says in the log how many lines there are about somebody: a line that is left out of evidence cannot be seen in
// those that are in it, and a number that is signed shows it.
func (k *keeper) vouch(w *wire.Vouch) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Done}
	n := uint64(0)
	if k.audit != nil && w.Who != (wire.Pseudonym{}) {
		for range k.audit.Backwards(audit.Query{Who: w.Who}) {
			n++
		}
	}
	var err error
	if n == 0 {
		answer.Outcome, answer.Reason = wire.Denied, wire.ReasonUnknown
	} else if answer.Index, err = k.scribe.Write(audit.Entry{Kind: wire.KindEvidence, Who: w.Who, Count: n}); err != nil {
		k.log.Error("it could not be written down how many lines there are about somebody", slog.String("why", err.Error()))
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
	}
	k.room.Tell(&answer)
}
