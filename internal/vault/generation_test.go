package vault_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/keysmith/keysmithtest"
	"example.org/edged/internal/person"
	"example.org/edged/internal/vault"
)

// The promise: whoever copied the whole disk yesterday, and holds the device today, opens nobody who was erased since.
// The control is the same copy before the erasure, with the same TPM. And the other way round for a key file, whose
// report says that it cannot do this.
func TestACopyOfYesterdayDoesNotOpenTodaysErased(t *testing.T) {
	for _, tpm := range []bool{true, false} {
		h := newHouse(t)
		if tpm {
			h = houseWith(t, keysmithtest.NewChip(t))
		}
		ada, bob := h.enrol(1), h.enrol(2)
		h.stop()
		again := func(dir, smith string) (*house, *keysmith.Store, error) {
			c := &house{t: t, dir: dir, smith: smith, device: "door-1", chip: h.chip, arena: h.arena}
			p := keysmith.Parts{Folder: smith, Rand: rand.Reader}
			if c.chip != nil {
				c.conn = c.chip.Connect()
				p.TPM, p.TPMThere, p.Bare = c.conn, true, true
			}
			store, err := keysmith.Open(p)
			return c, store, err
		}
		opens := func(dir, smith string) bool {
			c, store, err := again(dir, smith)
			defer c.stop()
			if err != nil {
				return false
			}
			if c.vault, err = vault.Open(dir, "door-1", &generations{Store: store}, c.arena, rand.Reader); err != nil {
				return false
			}
			in, _ := c.load()
			return c.shows(in[ada], 1)
		}
		dir, smith := copyOf(t, h.dir), copyOf(t, h.smith)
		if !opens(copyOf(t, dir), copyOf(t, smith)) {
			t.Fatal("the control failed: the copy does not open even before the erasure")
		}
		h.start()
		if err := h.vault.Erase(ada); err != nil {
			t.Fatal(err)
		}
		tier := h.gen.Tier()
		h.stop()
		if got := opens(copyOf(t, dir), copyOf(t, smith)); got == tier.Destroys() {
			t.Errorf("tier %v: yesterday's copy opens: %t", tier, got)
		}
		if tier.Destroys() {
			// Nor with yesterday's files of the vault put back under today's keysmith.
			if opens(copyOf(t, dir), copyOf(t, h.smith)) {
				t.Error("yesterday's vault opens with today's keys")
			}
			mixed := copyOf(t, h.smith)
			old, _ := filepath.Glob(filepath.Join(smith, "generation-*"))
			raw, _ := os.ReadFile(old[0])
			os.WriteFile(filepath.Join(mixed, filepath.Base(old[0])), raw, 0o600)
			if opens(copyOf(t, dir), mixed) {
				t.Error("yesterday's vault opens with yesterday's sealed key beside today's")
			}
		}
		h.start()
		if in, out := h.load(); len(in) != 1 || len(out) != 0 || !h.shows(in[bob], 2) {
			t.Errorf("the other person was harmed: %d, %v", len(in), out)
		}
	}
}

// With a TPM, which does not go back when the disk does: every step of an erasure fails once, in the vault and on the
// way to the keysmith, and the device begins a new life there.
func TestWithATPMAnErasureMayBeCutOffAnywhere(t *testing.T) {
	for _, stop := range append(steps(t, func(h *house, ada person.ID) error { return h.vault.Erase(ada) }), "begin", "commit", "committed") {
		h := houseWith(t, keysmithtest.NewChip(t))
		ada, bob := h.enrol(1), h.enrol(2)
		trace := append(h.everything(ada), ada[:])
		cut := func(name string) error {
			if name == stop {
				return errors.New("power cut")
			}
			return nil
		}
		h.vault.After(cut)
		h.gen.fails = cut
		if err := h.vault.Erase(ada); err == nil {
			t.Fatalf("%s: a failed erasure was called a success", stop)
		}
		h.restart()
		if in, out := h.load(); len(in) != 1 || len(out) != 0 || !h.shows(in[bob], 2) {
			t.Errorf("%s: %d open, refused %v", stop, len(in), out)
		}
		if err := h.vault.Erase(append(h.vault.Pending(), ada)...); err != nil {
			t.Errorf("%s: again: %v", stop, err)
		}
		if left := h.left(trace); left != 0 || len(h.vault.Pending()) > 0 {
			t.Errorf("%s: %d pieces left, pending %v", stop, left, h.vault.Pending())
		}
		if in, _ := h.load(); len(in) != 1 || !h.shows(in[bob], 2) {
			t.Errorf("%s: the other person was harmed", stop)
		}
	}
}

// The same without a new life: the keysmith fails, and a moment later works.
func TestAnErasureIsFinishedWhenTheKeysmithIsBack(t *testing.T) {
	for _, act := range []string{"begin", "commit", "committed"} {
		h := newHouse(t)
		ada, bob := h.enrol(1), h.enrol(2)
		trace := h.everything(ada)
		away := true
		h.gen.fails = func(name string) error {
			if away && name == act {
				return errors.New("away")
			}
			return nil
		}
		for range 2 {
			if err := h.vault.Erase(ada); err == nil {
				t.Fatalf("%s: erased without a new generation", act)
			}
			if !slices.Equal(h.vault.Pending(), []person.ID{ada}) {
				t.Errorf("%s: pending %v", act, h.vault.Pending())
			}
			if act == "begin" && h.left(trace) > 0 {
				t.Errorf("%s: the files were not cleared although they could be", act)
			}
			if act == "begin" {
				h.gen.fails = func(name string) error { // left started the house anew
					if away && name == act {
						return errors.New("away")
					}
					return nil
				}
			}
			if err := h.vault.Keep(label(bob), h.face(3)); act != "begin" && err == nil {
				t.Errorf("%s: somebody was kept between two generations", act)
			}
		}
		away = false
		if err := h.vault.Erase(ada); err != nil {
			t.Errorf("%s: %v", act, err)
		}
		if in, out := h.load(); len(in) != 1 || len(out) != 0 || in[bob] == in[ada] {
			t.Errorf("%s: %d open, refused %v", act, len(in), out)
		}
	}
}

// An erasure of many is one generation.
func TestOneGenerationForAllWhoAreErasedTogether(t *testing.T) {
	h := newHouse(t)
	var all []person.ID
	for i := range 6 {
		all = append(all, h.enrol(uint64(i)))
	}
	before := h.gen.Generation()
	if err := h.vault.Erase(all[:5]...); err != nil {
		t.Fatal(err)
	}
	if after := h.gen.Generation(); after != before+1 {
		t.Errorf("from generation %d to %d", before, after)
	}
}

// A file of another generation is never mended by guessing: it is set aside whole.
func TestYesterdaysVaultIsSetAside(t *testing.T) {
	h := newHouse(t)
	ada := h.enrol(1)
	h.enrol(2)
	yesterday := copyOf(t, h.dir)
	if err := h.vault.Erase(ada); err != nil {
		t.Fatal(err)
	}
	h.stop()
	_, err := vault.Open(yesterday, "door-1", h.gen, h.arena, rand.Reader)
	if damaged := (*vault.Damaged)(nil); !errors.As(err, &damaged) || len(damaged.Aside) != 2 {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(h.dir, "keys.db.next"), []byte("half a file of a power cut"), 0o600)
	h.start()
	if left, _ := filepath.Glob(filepath.Join(h.dir, "*.next")); len(left) > 0 {
		t.Errorf("%v", left)
	}
	if in, _ := h.load(); len(in) != 1 {
		t.Errorf("%d open", len(in))
	}
}

// BenchmarkErase100k is one erasure among 100,000 people: a new generation, all keys wrapped anew, both files written
// anew and searched.
func BenchmarkErase100k(b *testing.B) {
	h := newHouse(b)
	var some []vault.Held
	var people []person.ID
	f := h.face(1)
	for range 100_000 {
		p, err := person.New(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		people = append(people, p)
		some = append(some, vault.Held{Label: label(p), Template: f})
	}
	if err := h.vault.KeepAll(some); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := h.vault.Erase(people[0]); err != nil {
			b.Fatal(err)
		}
		people = people[1:]
	}
}
