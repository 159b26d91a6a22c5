package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// Where things lie in a record of the label that these tests use: 2 bytes of length, then eight fields, each with its
// own 2 bytes of length in front.
const (
	atPerson  = 2 + 2 + len("edged/v1/template") + 2
	atPurpose = atPerson + 16 + 2
	atDevice  = atPurpose + len("entry") + 2
	atModel   = atDevice + len("door-1") + 2
	atConsent = atModel + 32 + 2
	atExpiry  = atConsent + 32 + 2
	atKeyID   = atExpiry + 8 + 2
	atSealed  = atKeyID + 16
)

func TestNoEditOfTheFilesOpensAnything(t *testing.T) {
	type files struct{ people, keys map[string][]byte }
	var former files // as they were before ada enrolled anew
	keyOf := func(f files, p person.ID) string {
		for k := range f.keys {
			if k[:16] == string(p[:]) {
				return k
			}
		}
		t.Fatal("no key")
		return ""
	}
	put := func(at int, b ...byte) func(f files, ada, bob person.ID) {
		return func(f files, ada, _ person.ID) { copy(f.people[string(ada[:])][at:], b) }
	}
	later := binary.BigEndian.AppendUint64(nil, uint64(expiry.AddDate(1, 0, 0).Unix()))
	for _, c := range []struct {
		name string
		edit func(f files, ada, bob person.ID)
		hurt int // how many of the two no longer open
		word wire.Reason
	}{
		{"nothing is changed", func(f files, _, _ person.ID) {}, 0, wire.ReasonNone},
		{"another purpose", put(atPurpose, []byte("other")...), 1, wire.ReasonPurposeChanged},
		{"another device", put(atDevice, []byte("door-2")...), 1, wire.ReasonOtherDevice},
		{"another model", put(atModel, 0xFF), 1, wire.ReasonOtherModel},
		{"another consent", put(atConsent, 0xFF), 1, wire.ReasonConsentChanged},
		{"a later expiry", put(atExpiry, later...), 1, wire.ReasonExpiryChanged},
		{"another key id", put(atKeyID, 0xFF), 1, wire.ReasonReplayed},
		{"another nonce", put(atSealed, 0, 0, 0, 0), 1, wire.ReasonDamaged},
		{"a length that leads outside", put(0, 0xFF, 0xFF), 1, wire.ReasonDamaged},
		{"a length that borrows from the next field", put(atPerson-2, 0, 17), 1, wire.ReasonDamaged},
		{"two records are swapped", func(f files, ada, bob person.ID) {
			a, b := string(ada[:]), string(bob[:])
			f.people[a], f.people[b] = f.people[b], f.people[a]
		}, 2, wire.ReasonMisplaced},
		{"two records are swapped, with the names in them", func(f files, ada, bob person.ID) {
			a, b := string(ada[:]), string(bob[:])
			f.people[a], f.people[b] = f.people[b], f.people[a]
			copy(f.people[a][atPerson:], a)
			copy(f.people[b][atPerson:], b)
		}, 2, wire.ReasonMisplaced},
		{"records and keys are swapped, with the names in them", func(f files, ada, bob person.ID) {
			a, b, ka, kb := string(ada[:]), string(bob[:]), keyOf(f, ada), keyOf(f, bob)
			f.people[a], f.people[b] = f.people[b], f.people[a]
			copy(f.people[a][atPerson:], a)
			copy(f.people[b][atPerson:], b)
			f.keys[a+kb[16:]], f.keys[b+ka[16:]] = f.keys[kb], f.keys[ka]
		}, 2, wire.ReasonKeyChanged},
		{"two wrapped keys are swapped", func(f files, ada, bob person.ID) {
			ka, kb := keyOf(f, ada), keyOf(f, bob)
			f.keys[ka], f.keys[kb] = f.keys[kb], f.keys[ka]
		}, 2, wire.ReasonKeyChanged},
		{"a wrapped key is changed", func(f files, ada, _ person.ID) { f.keys[keyOf(f, ada)][20] ^= 1 }, 1, wire.ReasonKeyChanged},
		{"a wrapped key is cut short", func(f files, ada, _ person.ID) { k := keyOf(f, ada); f.keys[k] = f.keys[k][:59] }, 1, wire.ReasonKeyChanged},
		{"the record of before comes back", func(f files, ada, _ person.ID) {
			f.people[string(ada[:])] = former.people[string(ada[:])]
		}, 1, wire.ReasonReplayed},
		{"the key of before comes back under the new id", func(f files, ada, _ person.ID) {
			f.keys[keyOf(f, ada)] = former.keys[keyOf(former, ada)]
		}, 1, wire.ReasonKeyChanged},
		{"a record is empty", func(f files, ada, _ person.ID) { f.people[string(ada[:])] = nil }, 1, wire.ReasonDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			ada, bob := h.enrol(1), h.enrol(2)
			read := func() files {
				h.stop()
				defer h.start()
				return files{entries(t, filepath.Join(h.dir, "people.db")), entries(t, filepath.Join(h.dir, "keys.db"))}
			}
			former = read()
			h.keep(ada, 3)
			now := read()
			h.stop()
			c.edit(now, ada, bob)
			for name, all := range map[string]map[string][]byte{"people.db": now.people, "keys.db": now.keys} {
				edit(t, filepath.Join(h.dir, name), func(b *bbolt.Bucket) error {
					for k, v := range all {
						if err := b.Put([]byte(k), v); err != nil {
							return err
						}
					}
					return nil
				})
			}
			h.start()
			in, out := h.load()
			if len(in) != 2-c.hurt {
				t.Errorf("%d of 2 open, refused %v", len(in), out)
			}
			for _, reason := range out {
				if reason != c.word {
					t.Errorf("refused as %v", reason)
				}
			}
			if pending := h.vault.Pending(); len(in)+len(out) != 2 || len(pending) > 0 {
				t.Errorf("%d open, %d refused, %v passes for erased", len(in), len(out), pending)
			}
			for _, l := range h.vault.Labels() {
				if l.Person != ada && l.Person != bob {
					t.Errorf("a label of %v", l.Person)
				}
			}
			if f, ok := in[ada]; ok && !h.shows(f, 3) {
				t.Error("ada opens as somebody else")
			}
		})
	}
}

func TestFilesOnAnotherDeviceOpenNothing(t *testing.T) {
	h := newHouse(t)
	h.enrol(1)
	h.stop()
	device := houseIn(t, copyOf(t, h.dir), copyOf(t, h.smith), "door-2") // with the keys, under another name
	if in, out := device.load(); len(in) != 0 || !slices.Equal(slices.Collect(maps.Values(out)), []wire.Reason{wire.ReasonOtherDevice}) {
		t.Errorf("another device: %d open, refused %v", len(in), out)
	}
	other := newHouse(t)
	_, err := vault.Open(copyOf(t, h.dir), "door-1", other.gen, other.arena, rand.Reader)
	if damaged := (*vault.Damaged)(nil); !errors.As(err, &damaged) || len(damaged.Aside) != 2 {
		t.Errorf("other keys: %v", err)
	}
}

// Any bit of any file: either Open sets the files aside, or the other people are as they were and nobody is anybody
// else. Nothing panics, nothing faults.
func TestAnyBitMayFlip(t *testing.T) {
	h := newHouse(t)
	people := make(map[person.ID]uint64)
	for i := range 12 {
		people[h.enrol(uint64(i))] = uint64(i)
	}
	faces := make(map[person.ID]template.Template)
	for p, seed := range people {
		faces[p] = h.face(seed)
	}
	h.stop()
	whole := make(map[string][]byte)
	for _, name := range []string{"people.db", "keys.db"} {
		whole[name], _ = os.ReadFile(filepath.Join(h.dir, name))
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		all, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, path := range all {
			os.Remove(path)
		}
		for name, raw := range whole {
			os.WriteFile(filepath.Join(dir, name), raw, 0o600)
		}
		name := rapid.SampledFrom([]string{"people.db", "keys.db"}).Draw(t, "file")
		bad := bytes.Clone(whole[name])
		at := rapid.IntRange(0, len(bad)-1).Draw(t, "at")
		bad[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		os.WriteFile(filepath.Join(dir, name), bad, 0o600)
		v, err := vault.Open(dir, "door-1", h.gen, h.arena, rand.Reader)
		if err != nil {
			if damaged := (*vault.Damaged)(nil); !errors.As(err, &damaged) {
				t.Fatal(err)
			}
			return
		}
		defer v.Close()
		held, refused, err := loadAll(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range held {
			want, known := faces[x.Label.Person]
			if !known || x.Label != label(x.Label.Person) || h.arena.Cosine(want, x.Template) < .999999 {
				t.Fatalf("%+v opened", x.Label)
			}
			h.arena.Wipe(x.Template)
		}
		if len(held)+len(refused)+len(v.Pending()) < len(people)-1 {
			t.Fatalf("%d held, %d refused, %d pending of %d", len(held), len(refused), len(v.Pending()), len(people))
		}
	})
}

// A process is killed for good at each step of an erasure; what it leaves is opened by another.
func TestKilledAtEachStepOfErase(t *testing.T) {
	if dir := os.Getenv("EDGED_VAULT_KILL_IN"); dir != "" {
		dieIn(t, dir, os.Getenv("EDGED_VAULT_KILL_AT"))
	}
	for _, stop := range steps(t, func(h *house, ada person.ID) error { return h.vault.Erase(ada) }) {
		h := newHouse(t)
		ada, bob := h.enrol(1), h.enrol(2)
		trace := append(h.everything(ada), ada[:])
		h.stop()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledAtEachStepOfErase$")
		cmd.Env = append(os.Environ(), "EDGED_VAULT_KILL_IN="+h.dir, "EDGED_VAULT_KILL_SMITH="+h.smith, "EDGED_VAULT_KILL_AT="+stop, "EDGED_VAULT_KILL_WHOM="+ada.String())
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("%s: was not killed: %v\n%s", stop, err, out)
		}
		h.start()
		if in, refused := h.load(); len(in) != 1 || len(refused) != 0 || !h.shows(in[bob], 2) {
			t.Errorf("killed at %q: %d held, %v refused", stop, len(in), refused)
		}
		if err := h.vault.Erase(append(h.vault.Pending(), ada)...); err != nil {
			t.Errorf("killed at %q: %v", stop, err)
		}
		if left := h.left(trace); left != 0 {
			t.Errorf("killed at %q: %d pieces are left", stop, left)
		}
	}
}

func dieIn(t *testing.T, dir, at string) {
	h := houseIn(t, dir, os.Getenv("EDGED_VAULT_KILL_SMITH"), "door-1")
	h.vault.After(func(name string) error {
		if name == at {
			unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		}
		return nil
	})
	ada, err := person.Parse(os.Getenv("EDGED_VAULT_KILL_WHOM"))
	if err != nil {
		t.Fatal(err)
	}
	t.Fatalf("lived through %q: %v", at, h.vault.Erase(ada))
}

func FuzzDecode(f *testing.F) {
	p := person.ID{1}
	h := newHouse(f)
	if err := h.vault.Keep(label(p), h.face(1)); err != nil {
		f.Fatal(err)
	}
	h.stop()
	f.Add(entries(f, filepath.Join(h.dir, "people.db"))[string(p[:])])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if again, err := vault.Decode(p, b); err == nil && !bytes.Equal(again, b) {
			t.Fatal("two encodings of one record")
		}
	})
}

func BenchmarkErase(b *testing.B) {
	h := newHouse(b)
	for i := range 1000 {
		h.enrol(uint64(i))
	}
	for b.Loop() {
		b.StopTimer()
		p := h.enrol(1)
		b.StartTimer()
		if err := h.vault.Erase(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	h := newHouse(b)
	for i := range 1000 {
		h.enrol(uint64(i))
	}
	for b.Loop() {
		held, _, err := loadAll(h.vault)
		if err != nil || len(held) != 1000 {
			b.Fatal(err)
		}
		for _, x := range held {
			h.arena.Wipe(x.Template)
		}
	}
}

func TestARecordUnderAnotherNameIsNobodysLabel(t *testing.T) {
	h := newHouse(t)
	ada := h.enrol(1)
	h.stop()
	edit(t, filepath.Join(h.dir, "people.db"), func(b *bbolt.Bucket) error {
		return b.Put(bytes.Repeat([]byte{7}, 16), bytes.Clone(b.Get(ada[:])))
	})
	h.start()
	if all := h.vault.Labels(); len(all) != 1 || all[0].Person != ada {
		t.Errorf("%+v", all)
	}
}

func TestHalfAFileOfAPowerCutIsClearedAway(t *testing.T) {
	h := newHouse(t)
	h.enrol(1)
	h.stop()
	for _, name := range []string{"people.db.new", "keys.db.new"} {
		os.WriteFile(filepath.Join(h.dir, name), []byte("somebody erased since may be in here"), 0o600)
	}
	h.start()
	if left, _ := filepath.Glob(filepath.Join(h.dir, "*.new")); len(left) > 0 {
		t.Errorf("%v", left)
	}
	if in, _ := h.load(); len(in) != 1 {
		t.Error("somebody was lost")
	}
}
