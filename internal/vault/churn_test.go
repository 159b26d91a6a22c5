package vault_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/vault"
)

// slack is what a file may have beyond twice what is alive in it: thirteen of its pages. bbolt needs four before
// anything is in it, copies up to five to change one, and is given four at a time.
func slack(name string) int64 {
	if name == "people.db" {
		return 13 * 16 << 10
	}
	return 13 * 4 << 10
}

// large is from when on the pages of slack do not count, and a file is within twice what is alive in it without them.
const large = 1 << 20

// People come and go, many together and one by one; after each act each file is within twice what is alive in it, and
// a few pages. edged bench vault --churn lets 100,000 pass.
func TestChurnDoesNotGrowTheVault(t *testing.T) {
	for _, c := range []struct {
		name                   string
		total, there, together int
	}{
		{"many", 3000, 1000, 250},
		{"one by one", 60, 12, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			var people []person.ID
			live := map[string]int64{}
			worst := map[string]float64{}
			look := func(act string) {
				for name, each := range map[string]int64{"people.db": live["people.db"], "keys.db": 92} {
					st, err := os.Stat(filepath.Join(h.dir, name))
					if err != nil {
						t.Fatal(err)
					}
					alive := each * int64(len(people))
					if st.Size() > 2*alive+slack(name) || alive > large && st.Size() > 2*alive {
						t.Fatalf("%s: %s has %d bytes for %d that are alive", act, name, st.Size(), alive)
					}
					if len(people) == c.there {
						worst[name] = max(worst[name], float64(st.Size())/float64(alive))
					}
				}
			}
			for came := 0; came < c.total; came += c.together {
				var some []vault.Held
				for i := range c.together {
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
				if came == 0 {
					for k, v := range entries(t, copyOf(t, h.dir)+"/people.db") {
						live["people.db"] = int64(len(k) + len(v))
					}
				}
				look("enrolled")
				if len(people) > c.there {
					if err := h.vault.Erase(people[:c.together]...); err != nil {
						t.Fatal(err)
					}
					people = people[c.together:]
					look("erased")
				}
			}
			if h.vault.Len() != c.there {
				t.Errorf("%d people", h.vault.Len())
			}
			t.Logf("%d people came, %d are there; at most %.2f (people.db) and %.2f (keys.db) of what is alive",
				c.total, c.there, worst["people.db"], worst["keys.db"])
		})
	}
}
