package keeper_test

import (
	"crypto/rand"
	"testing"

	"example.org/edged/internal/access"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// M-14d: two people lift a stop. One person whom the list of staff names twice is one person, and whoever is struck off
// the list is nobody from the next start on.
func TestM14d_OnePersonWithTwoAccountsLiftsNoStop(t *testing.T) {
	hash, err := access.HashStaff(staffPIN, rand.Reader) // the same PIN under a second name, with a salt of its own
	if err != nil {
		t.Fatal(err)
	}
	folder, program := folder(t), program(t)
	twice := func(b *room.Keeper) { b.Staff = append(b.Staff, room.Staff{Name: "desk-at-night", Hash: hash}) }
	id := byte(0)
	lift := func(h *house, first, second string) wire.Outcome {
		t.Helper()
		id++
		if err := h.orders.Say(&wire.Lift{ID: [16]byte{id}, PINs: [2]wire.Typed{typed(first), typed(second)}}); err != nil {
			t.Fatal(err)
		}
		return await(h, h.hall, "an answer to the lift", func(w wire.RoomSays) bool { o, ok := w.(*wire.Obeyed); return ok && o.ID[0] == id }).(*wire.Obeyed).Outcome
	}
	h := openHouse(t, program, folder, two(t), twice)
	h.faceIs(true)
	if err := h.orders.Say(&wire.Stop{ID: [16]byte{99}, Why: wire.ReasonMaintenance}); err != nil {
		t.Fatal(err)
	}
	h.modeIs(wire.FaceStopped)
	for name, pins := range map[string][2]string{"two accounts": {staffPIN, staffPIN}, "one alone": {staffPIN, ""}} {
		if got := lift(h, pins[0], pins[1]); got != wire.Denied {
			t.Errorf("%s: %s", name, got)
		}
	}
	h.stop()

	h = openHouse(t, program, folder, twice) // night is struck off, and two PINs that were right yesterday are one
	h.modeIs(wire.FaceStopped)
	if got := lift(h, staffPIN, nightPIN); got != wire.Denied {
		t.Errorf("somebody who is no member of staff any more: %s", got)
	}
	h.stop()

	h = openHouse(t, program, folder, two(t), twice)
	h.modeIs(wire.FaceStopped)
	if got := lift(h, staffPIN, nightPIN); got != wire.Granted {
		t.Errorf("two people: %s", got)
	}
	h.faceIs(true)
}
