package vault_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/vault"
)

// step is by how much bbolt lengthens a file of that size at least: what 7,000 people need.
const step = 16 << 20

// People come and go; the files stay within twice what is alive in them, and a step. EDGED_LONG=1 lets 100,000 pass.
func TestChurnDoesNotGrowTheVault(t *testing.T) {
	total, there := 4_000, 2_000
	if os.Getenv("EDGED_LONG") != "" {
		total = 100_000
	}
	const together = 500
	h := newHouse(t)
	var people []person.ID
	largest, live := int64(0), int64(0)
	for came := 0; came < total; came += together {
		var some []vault.Held
		for i := range together {
			p, err := person.New(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			people = append(people, p)
			some = append(some, vault.Held{Label: label(p), Template: h.face(uint64(came + i))})
		}
		if err := h.vault.KeepAll(some); err != nil {
			t.Fatal(err)
		}
		for _, s := range some {
			h.arena.Wipe(s.Template)
		}
		if len(people) > there {
			if err := h.vault.Erase(people[:together]...); err != nil {
				t.Fatal(err)
			}
			people = people[together:]
		}
		size := int64(0)
		for _, name := range []string{"people.db", "keys.db"} {
			st, err := os.Stat(filepath.Join(h.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			size += st.Size()
		}
		if len(people) == there {
			largest = max(largest, size)
		}
	}
	for _, name := range []string{"people.db", "keys.db"} {
		for k, v := range entries(t, copyOf(t, h.dir)+"/"+name) {
			live += int64(len(k) + len(v))
		}
	}
	t.Logf("%d people came, %d are there: at most %d KiB for %d KiB that are alive", total, len(people), largest>>10, live>>10)
	if h.vault.Len() != there || largest > 2*live+step {
		t.Errorf("%d people; the files had %d bytes for %d that are alive", h.vault.Len(), largest, live)
	}
}
