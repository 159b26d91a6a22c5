package keeper

import (
	"example.org/edged/internal/audit"
	"example.org/edged/internal/count"
	"example.org/edged/internal/wire"
)

// openCount finds out how many people are stored and ever were, and has the log say it.
func (k *keeper) openCount(a *album) {
	if k.brief.MadeUp > 0 {
		return
	}
	a.count = count.Open(k.brief.Folder, k.audit.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindEnrolled, wire.KindErased, wire.KindCounted}}),
		k.scribe.Write, k.clock.Now, k.log)
	a.count.Set(a.vault.Len())
	var last audit.Entry
	for _, last = range k.audit.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindCounted}}) {
		break
	}
	a.count.Say(last)
}

// counting writes what happens to faces into the log, and counts after whatever changes their number.
func (k *keeper) counting(a *album) func(audit.Entry) (uint64, error) {
	return func(e audit.Entry) (uint64, error) {
		index, err := k.scribe.Write(e)
		if a.count != nil && (e.Kind == wire.KindEnrolled || e.Kind == wire.KindErased) {
			a.count.Set(a.vault.Len())
		}
		return index, err
	}
}
