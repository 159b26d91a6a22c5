package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// A hostile edit changes the bytes of the two files, as somebody does who can write them and knows the format. It returns
// whose face must not open any more and the words that the log may have for it; nil words mean that whatever happens
// to the person named nobody else may suffer, and nobody may be taken for another.
type hostile struct {
	name string
	do   func(s *scene, r *mathrand.Rand, f files) (hurt []person.ID, words []wire.Reason)
}

type files map[string][]byte

func (f files) clone() files {
	return files{"people.db": bytes.Clone(f["people.db"]), "keys.db": bytes.Clone(f["keys.db"])}
}

// A scene is a small vault as it lies on the disk today, as it lay there before one of them enrolled anew, and where
// everything is in it.
type scene struct {
	people []person.ID
	faces  map[person.ID]template.Template
	key    [32]byte // of today's generation
	now    files
	former files
	record map[person.ID]int // where the value begins, in people.db
	length int
	keys   map[person.ID]int // where the wrapped key begins, in keys.db
	old    []byte            // the record of people[0] before it enrolled anew
	oldKey []byte
	arena  *template.Arena
}

const wrappedLen = 12 + 32 + 16

func setScene(t *testing.T) *scene {
	h := newHouse(t)
	s := &scene{record: map[person.ID]int{}, keys: map[person.ID]int{}, faces: map[person.ID]template.Template{}, arena: h.arena}
	for i := range 6 {
		s.people = append(s.people, h.enrol(uint64(i)))
	}
	read := func() (f files, records, keys map[string][]byte) {
		h.stop()
		defer h.start()
		f = files{}
		for _, name := range []string{"people.db", "keys.db"} {
			raw, err := os.ReadFile(filepath.Join(h.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			f[name] = raw
		}
		return f, entries(t, filepath.Join(copyOf(t, h.dir), "people.db")), entries(t, filepath.Join(copyOf(t, h.dir), "keys.db"))
	}
	former, records, keys := read()
	s.former, s.old = former, records[string(s.people[0][:])]
	for name, key := range keys {
		if strings.HasPrefix(name, string(s.people[0][:])) {
			s.oldKey = key
		}
	}
	h.keep(s.people[0], 100)
	h.vault.Shake() // so that the file is written anew, without the empty pages
	if err := h.vault.Erase(h.enrol(101)); err != nil {
		t.Fatal(err)
	}
	s.now, records, keys = read()
	place := func(raw, what []byte) int {
		if bytes.Count(raw, what) != 1 {
			t.Fatalf("%d places", bytes.Count(raw, what))
		}
		return bytes.Index(raw, what)
	}
	for i, p := range s.people {
		s.length = len(records[string(p[:])])
		s.record[p] = place(s.now["people.db"], records[string(p[:])])
		for name, key := range keys {
			if strings.HasPrefix(name, string(p[:])) {
				s.keys[p] = place(s.now["keys.db"], key)
			}
		}
		s.faces[p] = h.face(uint64(i))
	}
	s.faces[s.people[0]] = h.face(100)
	var err error
	if s.key, err = h.gen.Current(); err != nil {
		t.Fatal(err)
	}
	return s
}

// two draws two different people.
func (s *scene) two(r *mathrand.Rand) (a, b person.ID) {
	i := r.IntN(len(s.people))
	return s.people[i], s.people[(i+1+r.IntN(len(s.people)-1))%len(s.people)]
}

func (s *scene) value(f files, p person.ID) []byte {
	return f["people.db"][s.record[p] : s.record[p]+s.length]
}

func (s *scene) wrapped(f files, p person.ID) []byte {
	return f["keys.db"][s.keys[p] : s.keys[p]+wrappedLen]
}

// say makes a field of somebody's label say something else.
func say(at, n int, word wire.Reason, change func(r *mathrand.Rand, field []byte)) func(*scene, *mathrand.Rand, files) ([]person.ID, []wire.Reason) {
	return func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
		p, _ := s.two(r)
		change(r, s.value(f, p)[at:at+n])
		return []person.ID{p}, []wire.Reason{word}
	}
}

func other(r *mathrand.Rand, field []byte) { field[r.IntN(len(field))] ^= byte(1 + r.IntN(255)) }

func swap(a, b []byte) {
	c := bytes.Clone(a)
	copy(a, b)
	copy(b, c)
}

func kindsOfEdit() []hostile {
	later := func(r *mathrand.Rand, field []byte) {
		binary.BigEndian.PutUint64(field, binary.BigEndian.Uint64(field)+uint64(1+r.Int64N(1<<32)))
	}
	return []hostile{
		{"two records are swapped", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			a, b := s.two(r)
			swap(s.value(f, a), s.value(f, b))
			return []person.ID{a, b}, []wire.Reason{wire.ReasonMisplaced}
		}},
		{"two records are swapped, with the names in them", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			a, b := s.two(r)
			swap(s.value(f, a), s.value(f, b))
			copy(s.value(f, a)[atPerson:], a[:])
			copy(s.value(f, b)[atPerson:], b[:])
			return []person.ID{a, b}, []wire.Reason{wire.ReasonMisplaced}
		}},
		{"a record is moved to another person", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			a, b := s.two(r)
			copy(s.value(f, b), s.value(f, a))
			if r.IntN(2) == 0 {
				copy(s.value(f, b)[atPerson:], b[:])
			}
			return []person.ID{b}, []wire.Reason{wire.ReasonMisplaced}
		}},
		{"another purpose", say(atPurpose, len("entry"), wire.ReasonPurposeChanged, other)},
		{"a later expiry", say(atExpiry, 8, wire.ReasonExpiryChanged, later)},
		{"another consent", say(atConsent, 32, wire.ReasonConsentChanged, other)},
		{"another device", say(atDevice, len("door-1"), wire.ReasonOtherDevice, other)},
		{"another model", say(atModel, 32, wire.ReasonOtherModel, other)},
		{"a changed seal", say(atSealed, template.SealedLen, wire.ReasonDamaged, other)},
		{"two keys are swapped", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			a, b := s.two(r)
			swap(s.wrapped(f, a), s.wrapped(f, b))
			return []person.ID{a, b}, []wire.Reason{wire.ReasonKeyChanged}
		}},
		{"a changed key", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			p, _ := s.two(r)
			other(r, s.wrapped(f, p))
			return []person.ID{p}, []wire.Reason{wire.ReasonKeyChanged}
		}},
		{"a record of before is played again", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			p := s.people[0]
			copy(s.value(f, p), s.old)
			if r.IntN(2) == 0 { // under the new key's name, with the old key under that name
				copy(s.value(f, p)[atKeyID:], s.value(s.now, p)[atKeyID:atKeyID+16])
				copy(s.wrapped(f, p), s.oldKey)
				return []person.ID{p}, []wire.Reason{wire.ReasonKeyChanged}
			}
			return []person.ID{p}, []wire.Reason{wire.ReasonReplayed}
		}},
		{"an older file of people is put back", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			f["people.db"] = s.former["people.db"]
			return s.people[:1], []wire.Reason{wire.ReasonReplayed}
		}},
		{"an older file of keys is put back", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			f["keys.db"] = s.former["keys.db"]
			if r.IntN(2) == 0 {
				f["people.db"] = s.former["people.db"]
			}
			return s.people, []wire.Reason{wire.ReasonPutBack}
		}},
		{"any bit flips", func(s *scene, r *mathrand.Rand, f files) ([]person.ID, []wire.Reason) {
			raw := f[[]string{"people.db", "keys.db"}[r.IntN(2)]]
			at := r.IntN(len(raw))
			for r.IntN(8) > 0 && raw[at] == 0 { // most of a small file is empty
				at = r.IntN(len(raw))
			}
			raw[at] ^= 1 << r.IntN(8)
			return nil, nil
		}},
	}
}

// still is a keysmith whose generation is today's again for each edit.
type still struct{ key, next [32]byte }

func (g *still) Current() ([32]byte, error) { return g.key, nil }
func (g *still) Begin() ([32]byte, error)   { g.next[0]++; return g.next, nil }
func (g *still) Commit() error              { g.key = g.next; return nil }

// Somebody who can write the two files makes ten thousand edits of a small vault. Each fails closed: whoever was
// touched does not open, nobody else is harmed, nobody passes for another, and the refusal has a word of its own.
func TestTenThousandHostileEditsFailClosedEachWithItsWord(t *testing.T) {
	s := setScene(t)
	kinds := kindsOfEdit()
	var mu sync.Mutex
	count, words := make([]int, len(kinds)), make([]map[string]int, len(kinds))
	for i := range words {
		words[i] = map[string]int{}
	}
	var all sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			dir := fastFolder(t)
			for n := w; n < edits; n += runtime.GOMAXPROCS(0) {
				seed := uint64(n)
				said, err := s.try(kinds[n%len(kinds)], mathrand.New(mathrand.NewPCG(7, seed)), dir)
				mu.Lock()
				if count[n%len(kinds)]++; err != nil {
					t.Errorf("%s, seed %d: %v", kinds[n%len(kinds)].name, seed, err)
				}
				words[n%len(kinds)][said]++
				mu.Unlock()
				if t.Failed() {
					return
				}
			}
		})
	}
	all.Wait()
	for i, k := range kinds {
		t.Logf("%5d × %-48s %v", count[i], k.name, words[i])
	}
}

// fastFolder is in memory where there is such a place: nothing here is about the disk.
func fastFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "edged-edits-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// try makes one edit and opens the vault. It says the word that came of it.
func (s *scene) try(e hostile, r *mathrand.Rand, dir string) (string, error) {
	left, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, f := range left {
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return "", err
		}
	}
	f := s.now.clone()
	hurt, want := e.do(s, r, f)
	for name, raw := range f {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			return "", err
		}
	}
	v, err := vault.Open(dir, "door-1", &still{key: s.key}, s.arena, rand.Reader)
	if damaged := (*vault.Damaged)(nil); errors.As(err, &damaged) {
		if want != nil && !slices.Contains(want, damaged.Reason) {
			return "", fmt.Errorf("all of it is %v: %w", damaged.Reason, err)
		}
		return damaged.Reason.String(), nil
	}
	if err != nil {
		return "", err
	}
	defer v.Close()
	if slices.Contains(want, wire.ReasonPutBack) {
		return "", errors.New("opened")
	}
	held, refused, err := loadAll(v)
	if err != nil {
		return "", err
	}
	open := map[person.ID]bool{}
	for _, h := range held {
		p := h.Label.Person
		face, known := s.faces[p]
		if !known || h.Label != label(p) || s.arena.Cosine(face, h.Template) < .999999 {
			return "", fmt.Errorf("%+v opened", h.Label)
		}
		s.arena.Wipe(h.Template)
		open[p] = true
	}
	if want == nil { // a bit: at most one person is touched, or two when it stands in the names of keys
		if len(open) < len(s.people)-1 {
			return "", fmt.Errorf("%d of %d open, refused %v", len(open), len(s.people), refused)
		}
		if len(refused) > 0 {
			return refused[0].Against(label(refused[0].Person)).String(), nil
		}
		if len(open) < len(s.people) {
			return "gone, as after an erasure", nil
		}
		return "nothing was touched", nil
	}
	if len(refused) != len(hurt) || len(held) != len(s.people)-len(hurt) {
		return "", fmt.Errorf("%d open, refused %+v, pending %v", len(held), refused, v.Pending())
	}
	said := ""
	for _, x := range refused {
		why := x.Against(label(x.Person))
		if said = why.String(); !slices.Contains(hurt, x.Person) || !slices.Contains(want, why) {
			return "", fmt.Errorf("%v is refused as %v", x.Person, why)
		}
	}
	return said, nil
}
