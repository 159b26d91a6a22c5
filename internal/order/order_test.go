package order_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/export"
	"example.org/edged/internal/order"
	"example.org/edged/internal/wire"
)

// A ledger counts what is recorded.
type ledger struct {
	kinds []wire.Kind
	full  bool
}

func (l *ledger) record(k wire.Kind, _ wire.Reason, _ wire.Pseudonym) (uint64, error) {
	if l.full {
		return 0, errors.New("disk full")
	}
	l.kinds = append(l.kinds, k)
	return uint64(len(l.kinds)), nil
}

type closed struct{ asked *int }

func (c closed) Ask(export.Request) export.Answer {
	*c.asked++
	return export.Answer{Outcome: wire.Rejected, Reason: wire.ReasonNoConsent}
}

func desk() (*order.Desk, *ledger, *int) {
	l, asked := new(ledger), new(int)
	return order.New(closed{asked}, l.record), l, asked
}

func TestWhatTheNetworkMay(t *testing.T) {
	tests := []struct {
		name     string
		ask      wire.Ask
		outcome  wire.Outcome
		reason   wire.Reason
		recorded []wire.Kind
	}{
		{"M-8b: an export goes to the gate", wire.AskExport, wire.Rejected, wire.ReasonNoConsent, []wire.Kind{wire.KindExportRefused}},
		{"opening the door needs a signature", wire.AskOpen, wire.Rejected, wire.ReasonNotSigned, []wire.Kind{wire.KindOrderRejected}},
		{"status is for everybody", wire.AskStatus, wire.Done, wire.ReasonNone, nil},
		{"what is not understood is refused", wire.AskUnknown, wire.Rejected, wire.ReasonUnknown, []wire.Kind{wire.KindOrderRejected}},
		{"a number that does not exist is refused", 200, wire.Rejected, wire.ReasonUnknown, []wire.Kind{wire.KindOrderRejected}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, l, _ := desk()
			a := &wire.Asked{ID: [16]byte{1}, Ask: tt.ask, Who: wire.Pseudonym{7}}
			got := d.Judge(a)
			if got.ID != a.ID || got.Outcome != tt.outcome || got.Reason != tt.reason || got.Index != uint64(len(tt.recorded)) {
				t.Errorf("%+v", got)
			}
			if again := d.Judge(a); again != got {
				t.Errorf("again: %+v", again)
			}
			if len(l.kinds) != len(tt.recorded) || len(l.kinds) > 0 && l.kinds[0] != tt.recorded[0] {
				t.Errorf("recorded %v", l.kinds)
			}
		})
	}
}

func TestARefusedRequestCannotHideBehindAHarmlessID(t *testing.T) {
	d, l, _ := desk()
	d.Judge(&wire.Asked{ID: [16]byte{1}, Ask: wire.AskOpen})
	d.Judge(&wire.Asked{ID: [16]byte{1}, Ask: wire.AskExport, Who: wire.Pseudonym{7}})
	d.Judge(&wire.Asked{ID: [16]byte{1}, Ask: wire.AskExport, Who: wire.Pseudonym{8}})
	if len(l.kinds) != 3 {
		t.Errorf("recorded %v", l.kinds)
	}
}

func TestWhatCouldNotBeRecordedIsJudgedAgain(t *testing.T) {
	d, l, _ := desk()
	l.full = true
	a := &wire.Asked{ID: [16]byte{1}, Ask: wire.AskExport}
	if got := d.Judge(a); got.Outcome != wire.Rejected || got.Index != 0 {
		t.Errorf("%+v", got)
	}
	l.full = false
	if got := d.Judge(a); got.Index != 1 || len(l.kinds) != 1 {
		t.Errorf("%+v, recorded %v", got, l.kinds)
	}
}

// However requests come and repeat: within the window each is recorded once, and nothing but status is ever done.
func TestEachRequestIsRecordedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, l, asked := desk()
		first := map[wire.Asked]wire.Answered{}
		exports := 0
		for _, n := range rapid.SliceOfN(rapid.Uint16Range(0, 300), 1, 200).Draw(t, "requests") {
			a := wire.Asked{Ask: wire.Ask(n % 4)}
			binary.BigEndian.PutUint16(a.ID[:], n)
			got := d.Judge(&a)
			if (got.Outcome == wire.Done) != (a.Ask == wire.AskStatus) || got.Outcome == wire.Granted {
				t.Fatalf("%+v: %+v", a, got)
			}
			if a.Ask == wire.AskStatus {
				continue
			}
			if before, seen := first[a]; seen && before != got {
				t.Fatalf("first %+v, then %+v", before, got)
			} else if !seen && a.Ask == wire.AskExport {
				exports++
			}
			first[a] = got
		}
		if len(l.kinds) != len(first) || *asked != exports {
			t.Fatalf("%d requests, %d recorded, gate asked %d times", len(first), len(l.kinds), *asked)
		}
	})
}

func TestTheWindowIsBounded(t *testing.T) {
	d, l, _ := desk()
	ask := func(n uint32) wire.Answered {
		a := wire.Asked{Ask: wire.AskOpen}
		binary.BigEndian.PutUint32(a.ID[:], n)
		return d.Judge(&a)
	}
	for n := range uint32(1025) {
		ask(n)
	}
	if ask(1); len(l.kinds) != 1025 {
		t.Error("the second is forgotten already")
	}
	if ask(0); len(l.kinds) != 1026 {
		t.Error("the first of 1025 is still remembered")
	}
}
