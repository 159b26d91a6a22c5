package keeper_test

import (
	"testing"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// together is a door at which a face alone opens nothing: no liveness was measured on its camera.
func together(b *room.Keeper) { b.Face.Alone = false }

// impatient is one at which nobody is waited for long.
func impatient(b *room.Keeper) { b.Face.Alone, b.Face.Patience = false, 300*time.Millisecond }

func (h *house) modeIs(m wire.FaceMode) {
	h.t.Helper()
	await(h, h.screen, m.String(), func(w wire.KioskHears) bool {
		f, ok := w.(*wire.FrontDoor)
		return ok && f.Face == m
	})
}

func (h *house) enrol(pin string, seed uint64) {
	h.t.Helper()
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	h.show(face(seed), 5)
	h.prompt(wire.PromptEnrolled)
}

func TestWithoutAMeasuredTableAFaceOpensOnlyWithItsPIN(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder, together)
	h.modeIs(wire.FaceVerify)
	pin, other := h.newcomer(), h.newcomer()
	h.enrol(pin, 1)
	before := h.opened()
	h.show(face(1), 20)
	h.typed(wire.ActOpen, other) // is heard after the frames; whoever has no face stored is asked for none
	h.prompt(wire.PromptWelcome)
	if n := h.opened() - before; n != 1 {
		t.Fatalf("the relay went on %d times: a face alone opened, or a PIN of somebody without a face did not", n)
	}
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 3)
	if w := h.prompt(wire.PromptWelcome); w.Session == 0 {
		t.Error("the answer was for whoever stands there, not for the turn in which the PIN was typed")
	}
}

func TestAWrongFaceWithARightPINIsRefusedAndTheWayOutIsAtTheSameScreen(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder, together)
	h.modeIs(wire.FaceVerify)
	pin := h.newcomer()
	h.enrol(pin, 1)
	h.stop()
	h = openHouse(t, program, folder, impatient)
	h.modeIs(wire.FaceVerify)
	for range 4 { // however often
		h.typed(wire.ActOpen, pin)
		h.prompt(wire.PromptLook)
		h.show(face(2), 5) // somebody else, with a stolen PIN
		h.prompt(wire.PromptBoth)
	}
	if n := h.opened(); n != 0 {
		t.Fatalf("the relay went on %d times", n)
	}
	h.typed(wire.ActWithdraw, pin)
	h.prompt(wire.PromptErased)
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome)
}

// Three times in a row the PIN was right, and the face was one that liveness does not suit.
func TestM5d_WhomLivenessDoesNotSuitIsNotLockedOut(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder, together)
	h.modeIs(wire.FaceVerify)
	pin := h.newcomer()
	h.enrol(pin, 1)
	h.stop()
	h = openHouse(t, program, folder, func(b *room.Keeper) { b.Face.Alone, b.Face.Patience, b.Face.Live = false, time.Second, .95 })
	h.modeIs(wire.FaceVerify) // what show sends looks alive by .9: here nobody can say
	for range 2 {
		h.typed(wire.ActOpen, pin)
		h.prompt(wire.PromptLook)
		h.show(face(1), 3)
		h.prompt(wire.PromptBoth)
	}
	if n := h.opened(); n != 0 {
		t.Fatalf("the relay went on %d times before the third", n)
	}
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 3)
	h.prompt(wire.PromptWelcome)
	if n := h.opened(); n != 1 {
		t.Errorf("the relay went on %d times", n)
	}
}

func typed(pin string) (t wire.Typed) {
	t.Len = uint8(copy(t.Digits[:], pin))
	return t
}

func (h *house) mark(w wire.Mark) *wire.Obeyed {
	h.t.Helper()
	w.ID[0]++
	if err := h.orders.Say(&w); err != nil {
		h.t.Fatal(err)
	}
	return await(h, h.hall, "an answer to the mark", func(w wire.RoomSays) bool { _, ok := w.(*wire.Obeyed); return ok }).(*wire.Obeyed)
}

func TestAMarkedPersonAlwaysNeedsASecondSign(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder)
	h.faceIs(true)
	pin, faceless := h.newcomer(), h.newcomer()
	h.enrol(pin, 1)
	for name, w := range map[string]wire.Mark{
		"without staff":      {Second: true, Person: typed(pin), Staff: typed(pin)},
		"of nobody":          {Second: true, Person: typed(staffPIN), Staff: typed(staffPIN)},
		"of nobody's number": {Second: true, Number: 1, Staff: typed(staffPIN)},
	} {
		if got := h.mark(w); got.Outcome != wire.Denied {
			t.Errorf("%s: %v", name, got.Outcome)
		}
	}
	for _, p := range []string{pin, faceless} {
		if got := h.mark(wire.Mark{Second: true, Person: typed(p), Staff: typed(staffPIN)}); got.Outcome != wire.Granted {
			t.Fatal(got.Outcome, got.Reason)
		}
	}
	h.show(face(1), 3)
	h.prompt(wire.PromptOtherWay)
	if n := h.opened(); n != 0 {
		t.Fatalf("the face alone opened %d times", n)
	}
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 3)
	h.prompt(wire.PromptWelcome)
	h.typed(wire.ActOpen, faceless) // whoever has no face stored is asked for none, marked or not
	h.prompt(wire.PromptWelcome)
	h.stop()
	h = openHouse(t, program, folder) // after a restart too
	h.faceIs(true)
	h.show(face(1), 3)
	h.prompt(wire.PromptOtherWay)
	h.typed(wire.ActMine, pin)
	me := await(h, h.screen, "the record", func(w wire.KioskHears) bool { _, ok := w.(*wire.Record); return ok }).(*wire.Record)
	if got := h.mark(wire.Mark{Number: me.Who.Number(), Staff: typed(staffPIN)}); got.Outcome != wire.Granted {
		t.Fatal(got.Outcome, got.Reason)
	}
	for late := time.Now().Add(30 * time.Second); h.opened() == 0; { // refused a moment ago, it is decided on again a moment later
		if time.Now().After(late) {
			t.Fatal("the face does not open after the mark was taken back")
		}
		h.show(face(1), 3)
	}
}
