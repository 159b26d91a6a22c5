package keeper_test

import (
	"testing"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/extract"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// comes is a newcomer whose age the staff have seen.
func (h *house) comes(age wire.Age) *wire.Issued {
	h.t.Helper()
	w := wire.PINTyped{Session: 7, Act: wire.ActNewcomer, Lang: [2]byte{'e', 'n'}, Age: age, Len: uint8(len(staffPIN))}
	copy(w.Digits[:], staffPIN)
	h.tells(&w)
	return await(h, h.screen, "a PIN", func(w wire.KioskHears) bool { _, ok := w.(*wire.Issued); return ok }).(*wire.Issued)
}

func (h *house) tells(w wire.KioskSays) {
	h.t.Helper()
	if err := h.kiosk.Say(w); err != nil {
		h.t.Fatal(err)
	}
}

func digits(i *wire.Issued) string { return string(i.Digits[:i.Len]) }

func typedPIN(pin string) (t wire.Typed) {
	t.Len = uint8(copy(t.Digits[:], pin))
	return t
}

// reads puts the notice before whoever has the turn, and has it read to its end.
func (h *house) reads() {
	h.t.Helper()
	for _, touch := range []wire.Touch{wire.TouchNotice, wire.TouchRead} {
		h.tells(&wire.Touched{Session: 7, Touch: touch, Notice: text.Hash()})
	}
}

// J-2c, M-7a, T-7: at the real room a minor's own word takes no frame; their guardian's does, with the staff looking on;
// the face dies on the day they come of age; and the guardian takes it back at the screen.
func TestJ2c_AMinorIsEnrolledByTheirGuardianAlone(t *testing.T) {
	h := openHouse(t, program(t), folder(t), func(b *room.Keeper) { b.Consent.GuardianUntil = 18 })
	h.faceIs(true)
	today := time.Now().UTC()
	day := today.AddDate(-18, 0, 9) // 18 in nine days, alone the day after
	minor, mother := h.comes(wire.Age{Born: uint32(day.Year()*10000 + int(day.Month())*100 + day.Day())}), h.comes(wire.Age{Adult: true})
	unknown := h.comes(wire.Age{})

	h.typed(wire.ActAgree, digits(unknown))
	h.prompt(wire.PromptAge)
	h.typed(wire.ActAgree, digits(minor))
	h.prompt(wire.PromptGuardian)
	h.show(face(1), 8) // nobody looks at these
	act := wire.Attested{Session: 7, Act: wire.AttestGuardian, Notice: text.Hash(), Lang: [2]byte{'e', 'n'}, Relation: wire.RelationParent,
		First: typedPIN(digits(minor)), Second: typedPIN(digits(minor)), Third: typedPIN(staffPIN)}
	h.reads()
	h.tells(&act)
	h.prompt(wire.PromptNotGuardian)
	act.First = typedPIN(digits(mother))
	h.tells(&act)
	h.prompt(wire.PromptUnread) // the reading was used up
	h.reads()
	h.tells(&act)
	h.prompt(wire.PromptLook)
	h.show(face(1), 5)
	comes := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC).AddDate(0, 0, 10)
	if s := h.prompt(wire.PromptEnrolled); s.Until != comes.Unix() {
		t.Errorf("enrolled until %v, of age on %v", time.Unix(s.Until, 0).UTC(), comes)
	}
	piece := await(h, h.screen, "the receipt of the consent", func(w wire.KioskHears) bool { p, ok := w.(*wire.Piece); return ok && !p.Copy })
	h.receipt(piece.(*wire.Piece))
	h.show(face(1), 6)
	h.prompt(wire.PromptWelcome)
	h.typed(wire.ActWards, digits(mother))
	h.prompt(wire.PromptWithdrawn)
	h.show(face(1), 6)
	h.prompt(wire.PromptOtherWay)
	h.typed(wire.ActOpen, digits(minor))
	h.prompt(wire.PromptWelcome)
}

// receipt puts the receipt of a consent together, whose first piece has come, and checks what stands in it.
func (h *house) receipt(p *wire.Piece) {
	h.t.Helper()
	texts := []string{extract.Text(p.Data[:p.Len])}
	for p.Part < p.Last {
		p = await(h, h.screen, "the next piece", func(w wire.KioskHears) bool { _, ok := w.(*wire.Piece); return ok }).(*wire.Piece)
		texts = append(texts, extract.Text(p.Data[:p.Len]))
	}
	document, err := extract.Join(texts)
	if err != nil {
		h.t.Fatal(err)
	}
	_, records, err := consent.ParseDocument(document)
	if err != nil || len(records) != 1 {
		h.t.Fatalf("%d records: %v", len(records), err)
	}
	if r := records[0]; r.Rules != wire.Rules20250601.String() || len(r.PIA) != 64 || r.Guardian == nil || r.Guardian.Verifier != "desk" || r.Guardian.Relation != "parent" {
		h.t.Errorf("%+v", r)
	}
}

// T-13, M-10a: the pad falls silent, so the face would be the only way in: it rests within seconds, with an alarm; the
// PIN opens all the same when it comes, and with the pad the face is back.
func TestT13_TheFaceRestsWhenNoOtherWayIsLeft(t *testing.T) {
	h := openHouse(t, program(t), folder(t), func(b *room.Keeper) { b.PadSilence = 2 * time.Second })
	h.tells(&wire.Alive{})
	h.faceIs(true)
	guest := h.comes(wire.Age{Adult: true})
	await(h, h.screen, "faces rest because no other way is left", func(w wire.KioskHears) bool {
		f, ok := w.(*wire.FrontDoor)
		return ok && f.Face == wire.FaceRestWays
	})
	await(h, h.hall, "an alarm", func(w wire.RoomSays) bool { f, ok := w.(*wire.Fault); return ok && f.Fault == wire.FaultWays })
	h.typed(wire.ActOpen, digits(guest))
	h.prompt(wire.PromptWelcome)
	h.tells(&wire.Alive{})
	h.faceIs(true)
}

// J-2c: a consent signed by hand is recorded by staff at the machine, for somebody who may agree alone, and their face is
// taken later without asking again.
func TestJ2c_AConsentOnPaperIsAttestedByStaff(t *testing.T) {
	h := openHouse(t, program(t), folder(t), func(b *room.Keeper) { b.Consent.GuardianUntil = 18 })
	h.faceIs(true)
	guest, minor := h.comes(wire.Age{Adult: true}), h.comes(wire.Age{Born: 20160601})
	paper := func(id byte, number wire.Number, pin string) *wire.Obeyed {
		t.Helper()
		w := &wire.Paper{ID: [16]byte{id}, Number: number, Document: [32]byte{1, 2, 3}, Lang: [2]byte{'e', 'n'}, PIN: typedPIN(pin)}
		if err := h.orders.Say(w); err != nil {
			t.Fatal(err)
		}
		return await(h, h.hall, "an answer", func(a wire.RoomSays) bool { o, ok := a.(*wire.Obeyed); return ok && o.ID == w.ID }).(*wire.Obeyed)
	}
	if o := paper(1, guest.Number, "90817264"); o.Outcome != wire.Denied || o.Reason != wire.ReasonWrongPIN {
		t.Errorf("by nobody on the staff: %+v", o)
	}
	if o := paper(2, guest.Number^1, staffPIN); o.Outcome != wire.Denied || o.Reason != wire.ReasonUnknown {
		t.Errorf("for nobody: %+v", o)
	}
	if o := paper(3, minor.Number, staffPIN); o.Outcome != wire.Rejected {
		t.Errorf("for a child: %+v", o)
	}
	h.typed(wire.ActEnrol, digits(guest))
	h.prompt(wire.PromptNothing)
	if o := paper(4, guest.Number, staffPIN); o.Outcome != wire.Done || o.Index == 0 {
		t.Fatalf("%+v", o)
	}
	h.typed(wire.ActEnrol, digits(guest))
	h.prompt(wire.PromptLook)
	h.show(face(2), 5)
	h.prompt(wire.PromptEnrolled)
}
