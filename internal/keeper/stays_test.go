package keeper_test

import (
	"testing"

	"example.org/edged/internal/wire"
)

// visitor is somebody whom the staff give a PIN for so many hours.
func (h *house) visitor(hours uint16) *wire.Issued {
	h.t.Helper()
	w := wire.PINTyped{Session: 7, Act: wire.ActNewcomer, Lang: [2]byte{'e', 'n'}, Hours: hours, Age: wire.Age{Adult: true}, Len: uint8(len(staffPIN))}
	copy(w.Digits[:], staffPIN)
	if err := h.kiosk.Say(&w); err != nil {
		h.t.Fatal(err)
	}
	return await(h, h.screen, "a visitor's PIN", func(w wire.KioskHears) bool { _, ok := w.(*wire.Issued); return ok }).(*wire.Issued)
}

// ends says what an operator typed, and gives the keeper's answer.
func (h *house) ends(w *wire.End) *wire.Obeyed {
	h.t.Helper()
	w.ID[0]++
	if err := h.orders.Say(w); err != nil {
		h.t.Fatal(err)
	}
	return await(h, h.hall, "an answer", func(a wire.RoomSays) bool { o, ok := a.(*wire.Obeyed); return ok && o.ID == w.ID }).(*wire.Obeyed)
}

func TestAVisitorComesIsEnrolledAndGoes(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder)
	h.faceIs(true)
	stays := h.newcomer()
	guest := h.visitor(2)
	pin := string(guest.Digits[:guest.Len])
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 5)
	if s := h.prompt(wire.PromptEnrolled); s.Until != guest.Until || guest.Until == 0 {
		t.Errorf("enrolled until %d, the visit ends at %d", s.Until, guest.Until)
	}
	for name, w := range map[string]*wire.End{
		"nobody":          {Why: wire.ReasonVisitEnded},
		"one wrong digit": {Number: guest.Number ^ 1, Why: wire.ReasonVisitEnded},
	} {
		if o := h.ends(w); o.Outcome != wire.Denied {
			t.Errorf("%s: %s", name, o.Outcome)
		}
	}
	if o := h.ends(&wire.End{Number: guest.Number, Why: wire.ReasonAge}); o.Outcome == wire.Done {
		t.Error("a stay ended by a reason that ends none")
	}
	// Earlier than the hour: the house says that the visit is over.
	if o := h.ends(&wire.End{ID: [16]byte{9}, Number: guest.Number, Why: wire.ReasonVisitEnded}); o.Outcome != wire.Done || o.Index == 0 {
		t.Fatalf("%+v", o)
	}
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWrongPIN)
	h.show(face(1), 6)
	h.typed(wire.ActOpen, stays)
	h.prompt(wire.PromptWelcome)
	if n := h.opened(); n != 1 {
		t.Errorf("the door opened %d times", n)
	}
	h.stop()
	if turns := turnsOf(t, folder); len(turns) != 0 { // stopping waits for no erasure, but the next start does it first
		h = openHouse(t, program, folder)
		h.faceIs(true)
		h.stop()
	}
	if turns := turnsOf(t, folder); len(turns) != 0 {
		t.Errorf("%d faces are stored", len(turns))
	}
}
