package keeper_test

import (
	"testing"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// The real keeper, told to measure: it fills an empty folder, finds it full in its next life, and opens no door.
func TestAKeeperMeasuresItselfWithPeopleWhoDoNotExist(t *testing.T) {
	folder, program := folder(t), program(t)
	made := func(b *room.Keeper) { b.MadeUp = 700 }
	h := openHouse(t, program, folder, made)
	await(h, h.hall, "full", func(w wire.RoomSays) bool {
		f, ok := w.(*wire.Filled)
		return ok && f.Done == 700 && f.Of == 700
	})
	h.stop()
	h = openHouse(t, program, folder, made)
	w := await(h, h.hall, "times", func(w wire.RoomSays) bool { _, ok := w.(*wire.VaultTimes); return ok }).(*wire.VaultTimes)
	if w.People != 700 || w.WithdrawUS == 0 || w.EraseUS <= w.WithdrawUS || w.BytesEach < 2000 {
		t.Errorf("%+v", w)
	}
	if h.opened() != 0 {
		t.Error("a measuring keeper opened the door")
	}
}
