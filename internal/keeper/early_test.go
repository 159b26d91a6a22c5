package keeper_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// livedIn is a folder in which somebody is enrolled.
func livedIn(t *testing.T, program string) (dir, pin string) {
	t.Helper()
	dir = folder(t)
	h := openHouse(t, program, dir)
	h.faceIs(true)
	pin = h.newcomer()
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 5)
	h.prompt(wire.PromptEnrolled)
	h.stop()
	return dir, pin
}

// record is what somebody sees of themselves.
func (h *house) record(pin string) *wire.Record {
	h.t.Helper()
	h.typed(wire.ActMine, pin)
	w := await(h, h.screen, "a record", func(w wire.KioskHears) bool { _, ok := w.(*wire.Record); return ok })
	return w.(*wire.Record)
}

// A keysmith that hangs costs the face, and not one moment of the PIN: the door is ready before the keysmith is given up.
func TestAKeysmithThatNeverAnswersHoldsNoPINUp(t *testing.T) {
	program := program(t)
	dir, pin := livedIn(t, program)
	silent := func(f *os.File) { t.Cleanup(func() { f.Close() }) }
	h := openHouseWith(t, program, dir, silent)
	ready := false
	await(h, h.hall, "the word that PINs open the door, before any fault", func(w wire.RoomSays) bool {
		if f, ok := w.(*wire.Fault); ok {
			t.Errorf("the door waited until %v was found out", f.Fault)
		}
		r, ok := w.(*wire.Ready)
		ready = ok && r.Part == wire.PartPIN
		return ready
	})
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome)
	if h.opened() != 1 {
		t.Error("the screen says welcome and the relay did nothing")
	}
	// Whoever wants to be forgotten does not wait for it either.
	h.typed(wire.ActWithdraw, pin)
	h.prompt(wire.PromptWithdrawn)
	if r := h.record(pin); r.Consent != wire.ConsentWithdrawn || r.GivenAt == 0 {
		t.Errorf("the record says %+v", r)
	}
	await(h, h.hall, "the word that the keysmith is amiss", func(w wire.RoomSays) bool {
		f, ok := w.(*wire.Fault)
		return ok && f.Fault == wire.FaultKeys
	})
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome)
	h.stop()

	h = openHouse(t, program, dir)
	h.faceIs(true)
	h.gone(pin)
}

// gone waits until somebody's record says that they withdrew, and nothing of them can be found.
func (h *house) gone(pin string) {
	h.t.Helper()
	before := h.opened()
	h.show(face(1), 6)
	if r := h.record(pin); r.Consent != wire.ConsentWithdrawn || h.opened() != before {
		h.t.Errorf("the record says %+v, and the relay went on %d times", r, h.opened()-before)
	}
	for end := time.Now().Add(30 * time.Second); h.record(pin).EraseAt != 0; {
		if time.Now().After(end) {
			h.t.Fatal("the face is still stored")
		}
	}
}

// Somebody withdraws while the keysmith is still waited for; then it answers. The vault that is opened holds their face,
// and nobody ever finds it there.
func TestWhoWithdrawsBeforeTheVaultIsReadIsNeverKnown(t *testing.T) {
	program := program(t)
	dir, pin := livedIn(t, program)
	var end *os.File
	h := openHouseWith(t, program, dir, func(f *os.File) { end = f }, func(b *room.Keeper) { b.KeyPatience = time.Minute })
	await(h, h.hall, "the word that PINs open the door", func(w wire.RoomSays) bool {
		r, ok := w.(*wire.Ready)
		return ok && r.Part == wire.PartPIN
	})
	h.typed(wire.ActWithdraw, pin)
	h.prompt(wire.PromptWithdrawn)
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptFaceRests) // consents are not taken to what cannot be done yet
	makeKeys(t, filepath.Join(filepath.Dir(dir), "keysmith"), end)
	on, told := false, false
	await(h, h.screen, "faces, and the word that the face has gone", func(w wire.KioskHears) bool {
		switch w := w.(type) {
		case *wire.FrontDoor:
			on = on || w.Face == wire.FaceOn
		case *wire.Screen:
			told = told || w.Prompt == wire.PromptErased
		}
		return on && told
	})
	h.gone(pin)
}
