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

// Many come and go; no file grows beyond twice what is alive in it, but for a few pages of a small one.
func TestAKeeperLetsManyComeAndGoAndItsFilesStaySmall(t *testing.T) {
	h := openHouse(t, program(t), folder(t), func(b *room.Keeper) {
		b.MadeUp, b.Churn = 600, &room.Churn{Come: 2000, Events: 5000}
	})
	seen := map[wire.Place]bool{}
	await(h, h.hall, "sizes", func(w wire.RoomSays) bool {
		g, ok := w.(*wire.Grown)
		if !ok {
			return false
		}
		t.Logf("%-10s %8d bytes for %8d that are alive; at worst %8d for %8d", g.Place, g.Bytes, g.Live, g.Most, g.Least)
		const few = 13 * 16 << 10
		if seen[g.Place] = true; g.Live == 0 || g.Bytes > 2*g.Live+few || g.Most > 2*g.Least+few {
			t.Errorf("%v is too large", g.Place)
		}
		return g.Place == wire.PlaceAudit
	})
	if len(seen) != 4 {
		t.Errorf("told of %v", seen)
	}
}
