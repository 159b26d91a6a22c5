package order_test

import (
	"encoding/hex"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/export"
	"example.org/edged/internal/order"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// everybody is a register in which everybody has agreed to have their face sent to somebody. None that can be kept today
// holds such a line: what is asked here is what would happen if one did.
type everybody struct{ to [32]byte }

func (e everybody) InForce(person.ID, time.Time) (consent.Record, bool) {
	return consent.Record{Purpose: "export-face", Recipients: []string{hex.EncodeToString(e.to[:])}}, true
}

// P-21 to 23: whoever is to get a face must be named and agreed to. Nobody gets one: whoever asks, for whomever and for
// whichever recipient, agreed to or not, each request is refused and is a line of the log; one that cannot be written down
// is refused as well.
func TestP21_EveryRequestForAFaceIsRefusedAndRecorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) (b [32]byte) {
			copy(b[:], rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, what)) // also empty: no recipient at all
			return b
		}
		agreed, who, l := draw("agreed to"), draw("who"), new(ledger)
		to := agreed
		if rapid.Bool().Draw(t, "somebody else") {
			to = draw("recipient")
		}
		gate := export.New(everybody{agreed}, func(wire.Pseudonym) (person.ID, bool) { return person.ID{1}, rapid.Bool().Draw(t, "known") },
			func() (time.Time, bool) { return time.Unix(1_800_000_000, 0), true })
		d := order.New(gate, l.record)
		a := &wire.Asked{ID: [16]byte{1}, Ask: wire.AskExport, Who: wire.Pseudonym(who[:len(wire.Pseudonym{})]), Recipient: to}
		l.full = rapid.Bool().Draw(t, "the disk is full")
		got := d.Judge(a)
		switch {
		case got.Outcome != wire.Rejected:
			t.Fatalf("%+v: %+v", a, got)
		case l.full && (got.Index != 0 || len(l.kinds) > 0), !l.full && (len(l.kinds) != 1 || l.kinds[0] != wire.KindExportRefused || got.Index != 1):
			t.Fatalf("full: %v, recorded %v as %d", l.full, l.kinds, got.Index)
		}
	})
}

// P-38 to 41: an authority or a court abroad asks as anybody does, and its request is one more line; asking often, or for
// each person one after the other, gets no further.
func TestP38_AskingAgainGetsNoFurther(t *testing.T) {
	l := new(ledger)
	gate := export.New(everybody{[32]byte{9}}, func(wire.Pseudonym) (person.ID, bool) { return person.ID{1}, true },
		func() (time.Time, bool) { return time.Unix(1_800_000_000, 0), true })
	d := order.New(gate, l.record)
	for n := range byte(40) {
		a := &wire.Asked{ID: [16]byte{n}, Ask: wire.AskExport, Who: wire.Pseudonym{n / 2}, Recipient: [32]byte{9}}
		if got := d.Judge(a); got.Outcome != wire.Rejected || got.Index != uint64(n)+1 {
			t.Errorf("request %d: %+v", n, got)
		}
	}
	for _, k := range l.kinds {
		if k != wire.KindExportRefused {
			t.Errorf("recorded as %s", k)
		}
	}
}
