package reception_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

var theNotice = [32]byte{5}

// agrees types the PIN under a notice.
func agrees(turn wire.Session, notice [32]byte) *wire.PINTyped {
	w := typed(wire.ActAgree, "12345678")
	w.Session, w.Notice, w.Lang = turn, notice, [2]byte{'z', 'h'}
	return w
}

func (d *desk) touch(turn wire.Session, touch wire.Touch, notice [32]byte) {
	d.Hear(&wire.Touched{Session: turn, Touch: touch, Notice: notice})
}

// M-5a: no consent without the notice: shown in this very turn, read to its end, not faster than anybody reads, and good
// for one act.
func TestM5a_NothingIsAgreedToUnread(t *testing.T) {
	for name, c := range map[string]func(*desk){
		"no notice at all":         func(d *desk) {},
		"a notice not read":        func(d *desk) { d.touch(9, wire.TouchNotice, theNotice); d.up += time.Hour },
		"read before it was shown": func(d *desk) { d.touch(9, wire.TouchRead, theNotice); d.touch(9, wire.TouchNotice, theNotice) },
		"a click before its end": func(d *desk) {
			d.touch(9, wire.TouchNotice, theNotice)
			d.up += 59 * time.Second
			d.touch(9, wire.TouchRead, theNotice)
		},
		"read in another turn": func(d *desk) {
			d.touch(8, wire.TouchNotice, theNotice)
			d.up += time.Hour
			d.touch(8, wire.TouchRead, theNotice)
		},
		"another notice":            func(d *desk) { d.reads([32]byte{6}) },
		"read, and then gone home":  func(d *desk) { d.reads(theNotice); d.touch(9, wire.TouchHome, [32]byte{}) },
		"read, and then refused":    func(d *desk) { d.reads(theNotice); d.touch(9, wire.TouchDecline, theNotice) },
		"read, and used up already": func(d *desk) { d.reads(theNotice); d.Hear(agrees(9, theNotice)); d.did = nil },
		"the end of another's text": func(d *desk) {
			d.touch(9, wire.TouchNotice, theNotice)
			d.up += time.Hour
			d.touch(9, wire.TouchRead, [32]byte{6})
		},
		"the notice shown once more": func(d *desk) { d.reads(theNotice); d.touch(9, wire.TouchNotice, theNotice) },
	} {
		d := newDesk(true)
		c(d)
		d.Hear(agrees(9, theNotice))
		if slices.Contains(d.did, "agree") {
			t.Errorf("%s: it counted", name)
		}
		if s, ok := d.said[len(d.said)-1].(*wire.Screen); !ok || s.Prompt != wire.PromptUnread {
			t.Errorf("%s: said %+v", name, d.said[len(d.said)-1])
		}
	}
	d := newDesk(true)
	d.reads(theNotice)
	wrong := agrees(9, theNotice)
	copy(wrong.Digits[:], "87654321")
	d.Hear(wrong) // a wrong PIN uses nothing up
	d.Hear(agrees(9, theNotice))
	if !slices.Contains(d.did, "agree") || d.basis.Evidence != consent.ByPIN || d.basis.Asked != morning || d.agreed != resident {
		t.Errorf("did %v, %+v", d.did, d.basis)
	}
}

// T-8, N-22e, J-4c: after a "no" the device asks nobody again. It says nothing of the face until somebody touches it, and
// the PIN opens as before.
func TestT8_ARefusalIsFinalUntilThePersonBeginsAgain(t *testing.T) {
	d := newDesk(true)
	d.reads(theNotice)
	d.touch(9, wire.TouchDecline, theNotice)
	for range 20 {
		d.Hear(typed(wire.ActOpen, "12345678"))
	}
	for _, w := range d.said[1:] {
		if s, ok := w.(*wire.Screen); !ok || s.Prompt != wire.PromptWelcome {
			t.Fatalf("after a refusal the screen said %+v", w)
		}
	}
}

// T-8: only a typed PIN is a yes: not a touch, not a time-out, not what a page says besides.
func TestT8_SilenceIsNoConsent(t *testing.T) {
	d := newDesk(true)
	d.reads(theNotice)
	d.up += 24 * time.Hour
	for touch := wire.TouchHome; touch <= wire.TouchRead; touch++ {
		d.touch(9, touch, theNotice)
	}
	d.Hear(&wire.Alive{})
	if slices.Contains(d.did, "agree") {
		t.Errorf("did %v", d.did)
	}
	typ := reflect.TypeFor[wire.PINTyped]()
	for i := range typ.NumField() { // one notice, one act: there is no box to tick, and no list
		if f := typ.Field(i); f.Type.Kind() == reflect.Bool || f.Type.Kind() == reflect.Slice {
			t.Errorf("field %s", f.Name)
		}
	}
}

// P-44, T-20: every act on somebody's record takes their PIN; none takes a card, a face or a name instead. A stolen card
// shows nobody's record.
func TestP44_AStolenCardShowsNobodysRecord(t *testing.T) {
	for act := wire.ActAgree; act <= wire.ActWards; act++ {
		if act == wire.ActNewcomer {
			continue
		}
		for name, pin := range map[string]string{"no PIN": "", "a wrong PIN": "87654321"} {
			d := newDesk(true)
			d.reads(theNotice)
			w := typed(act, pin)
			w.Notice = theNotice
			d.Hear(w)
			if !slices.Equal(d.did, []string{"try"}) || len(d.log) > 0 {
				t.Errorf("%s with %s: did %v, wrote %v", act, name, d.did, d.log)
			}
			for _, w := range d.said {
				if _, ok := w.(*wire.Screen); !ok {
					t.Errorf("%s with %s: said %T", act, name, w)
				}
			}
		}
	}
	for _, word := range []any{wire.PINTyped{}, wire.Attested{}, wire.Touched{}} {
		typ := reflect.TypeOf(word)
		for i := range typ.NumField() {
			if name := strings.ToLower(typ.Field(i).Name); strings.Contains(name, "card") || strings.Contains(name, "face") || strings.Contains(name, "feature") {
				t.Errorf("%s has a field %s", typ, name)
			}
		}
	}
}

// What each act does, with the right PIN.
func TestP44_WhatAPersonMayDoAboutTheirFace(t *testing.T) {
	for act, want := range map[wire.Act]struct {
		did  string
		says wire.Prompt
	}{
		wire.ActRestrict: {"rest by pin", wire.PromptRests}, wire.ActResume: {"resume by pin", wire.PromptResumed},
		wire.ActDelete: {"withdraw by pin", wire.PromptDeleted}, wire.ActWards: {"withdraw by guardian-pin", wire.PromptWithdrawn},
		wire.ActInformed: {"inform", wire.PromptInformed}, wire.ActEnrol: {"enrol", wire.PromptLook}, wire.ActWithdraw: {"withdraw", wire.PromptWithdrawn},
	} {
		for _, resting := range []bool{false, true} {
			d := newDesk(true)
			d.resting = resting
			d.reads(theNotice)
			w := typed(act, "12345678")
			w.Notice = theNotice
			d.Hear(w)
			if resting && act == wire.ActEnrol {
				continue // no face is taken while faces rest; every right that takes nothing works
			}
			if s := d.said[len(d.said)-1].(*wire.Screen); !slices.Contains(d.did, want.did) || s.Prompt != want.says {
				t.Errorf("%s, resting %v: did %v, said %s", act, resting, d.did, s.Prompt)
			}
		}
	}
}

// M-5c: who has not been told of a change is told when the door has opened for them, and is asked for nothing.
func TestM5c_AChangeIsToldAndTheDoorIsOpen(t *testing.T) {
	d := newDesk(true)
	d.changed = true
	d.Hear(typed(wire.ActOpen, "12345678"))
	if s := d.said[0].(*wire.Screen); s.Prompt != wire.PromptChanged || len(d.decided) != 1 {
		t.Errorf("said %s, decided %v", s.Prompt, d.decided)
	}
}

func attested(act wire.Attest, pins ...string) *wire.Attested {
	w := &wire.Attested{Session: 9, Act: act, Notice: theNotice, Lang: [2]byte{'z', 'h'}, Relation: wire.RelationParent}
	for i, to := range []*wire.Typed{&w.First, &w.Second, &w.Third} {
		if i < len(pins) {
			to.Len = uint8(copy(to.Digits[:], pins[i]))
		}
	}
	return w
}

// M-7a: a guardian's act is their own PIN, the child's, and a member of staff's, after the notice was read; with one of
// them wrong nothing is done. Afterwards no PIN is left in the word.
func TestM7a_AGuardiansActTakesThreePINs(t *testing.T) {
	const mother, child, staff, wrong = "22222228", "12345678", "12345678", "87654321"
	for name, pins := range map[string][]string{
		"the guardian's is wrong": {wrong, child, staff}, "the child's is wrong": {mother, wrong, staff},
		"the staff's is wrong": {mother, child, wrong}, "the staff's is missing": {mother, child}, "only the child": {child},
	} {
		d := newDesk(true)
		d.reads(theNotice)
		w := attested(wire.AttestGuardian, pins...)
		d.Hear(w)
		if slices.Contains(d.did, "agree") {
			t.Errorf("%s: it counted", name)
		}
		if w.First.Digits != [wire.PINMax]byte{} || w.Second.Digits != [wire.PINMax]byte{} || w.Third.Digits != [wire.PINMax]byte{} {
			t.Errorf("%s: a PIN is still in the word", name)
		}
	}
	d := newDesk(true)
	d.Hear(attested(wire.AttestGuardian, mother, child, staff))
	if len(d.did) > 0 || d.said[0].(*wire.Screen).Prompt != wire.PromptUnread {
		t.Errorf("unread: did %v, said %+v", d.did, d.said)
	}
	d.reads(theNotice)
	d.Hear(attested(wire.AttestGuardian, mother, child, staff))
	if d.agreed != resident || d.basis.Evidence != consent.ByGuardian || d.basis.Guardian != (person.ID{2}) || d.basis.Staff != "desk" || d.basis.Relation != wire.RelationParent {
		t.Errorf("did %v: %+v", d.did, d.basis)
	}
}

// Staff acts take a PIN of staff, and the second reader is another PIN.
func TestM14c_StaffActsTakeAPINOfStaff(t *testing.T) {
	for _, act := range []wire.Attest{wire.AttestRelative, wire.AttestApprove, wire.AttestRefuse, wire.AttestRequests, wire.AttestLook} {
		d := newDesk(true)
		d.Hear(attested(act, "87654321"))
		if s, ok := d.said[0].(*wire.Screen); !ok || s.Prompt != wire.PromptNoNewcomer || len(d.said) != 1 || len(d.log) > 0 {
			t.Errorf("%s: said %+v, wrote %v", act, d.said, d.log)
		}
	}
	d := newDesk(true)
	d.Hear(attested(wire.AttestLook, "12345678", "87654321"))
	if s, ok := d.said[0].(*wire.Screen); !ok || s.Prompt != wire.PromptNoNewcomer {
		t.Errorf("a second reader with a wrong PIN: %+v", d.said)
	}
}
