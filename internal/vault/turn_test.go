package vault_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
)

// turned is the house after its device was told to turn once more.
func (h *house) turned(turn uint32) {
	h.t.Helper()
	h.stop()
	a, err := template.NewArena(1, [32]byte{1}, turn)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { a.Close() })
	h.arena = a
	h.start()
}

// all says that everybody is there and looks like themselves.
func (h *house) all(who map[person.ID]uint64) {
	h.t.Helper()
	held, refused := h.load()
	if len(held) != len(who) || len(refused) > 0 {
		h.t.Fatalf("%d of %d people open, refused: %v", len(held), len(who), refused)
	}
	for p, seed := range who {
		if !h.shows(held[p], seed) {
			h.t.Errorf("somebody does not look like themselves")
		}
		h.arena.Wipe(held[p])
	}
}

func enrolled(h *house, n int) map[person.ID]uint64 {
	who := map[person.ID]uint64{}
	for seed := range uint64(n) {
		who[h.enrol(seed)] = seed
	}
	return who
}

func TestTheVaultIsTurnedWithoutCallingAnybodyBack(t *testing.T) {
	h := newHouse(t)
	who := enrolled(h, 5)
	var before [][]byte
	for _, b := range entries(t, copyOf(t, h.dir)+"/people.db") {
		before = append(before, b[len(b)-template.SealedLen:])
	}
	h.turned(2)
	h.all(who) // already before it is written: nobody waits outside meanwhile
	if n, err := h.vault.Turn(); n != 5 || err != nil {
		t.Fatalf("%d turned, %v", n, err)
	}
	if n, err := h.vault.Turn(); n != 0 || err != nil {
		t.Fatalf("%d turned twice, %v", n, err)
	}
	h.all(who)
	h.restart()
	h.all(who)
	for _, name := range []string{"people.db", "keys.db"} {
		b, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, old := range before {
			for at := 0; at+16 <= len(old); at += 16 {
				if bytes.Contains(b, old[at:at+16]) {
					t.Fatalf("%s still holds a template of the former turn", name)
				}
			}
		}
	}
}

func TestAPowerCutWhileTurningLosesNobody(t *testing.T) {
	cut := errors.New("power cut")
	for steps := 1; ; steps++ {
		h := newHouse(t)
		who := enrolled(h, 3)
		h.turned(2)
		left := steps
		h.vault.After(func(string) error {
			if left--; left == 0 {
				return cut
			}
			return nil
		})
		_, err := h.vault.Turn()
		if err == nil {
			if steps < 4 {
				t.Fatalf("only %d steps", steps)
			}
			return
		}
		h.turned(2)
		h.all(who)
		if _, err := h.vault.Turn(); err != nil {
			t.Fatalf("after a power cut at step %d: %v", steps, err)
		}
		h.restart()
		h.all(who)
	}
}

func TestManyAreKeptAtOnce(t *testing.T) {
	h := newHouse(t)
	who := enrolled(h, 2) // two are there already, and are replaced
	held, _ := h.load()
	var some []vault.Held
	for p, seed := range who {
		h.arena.Wipe(held[p])
		some = append(some, vault.Held{Label: label(p), Template: h.face(seed + 100)})
		who[p] = seed + 100
	}
	for seed := uint64(10); seed < 1500; seed++ {
		p, err := person.New(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		who[p] = seed
		some = append(some, vault.Held{Label: label(p), Template: h.face(seed)})
	}
	if err := h.vault.KeepAll(some); err != nil {
		t.Fatal(err)
	}
	for _, s := range some {
		h.arena.Wipe(s.Template)
	}
	h.restart()
	h.all(who)
}
