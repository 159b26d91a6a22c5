package access_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"example.org/edged/internal/access"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestADamagedFileIsSaidAndNothingPanics(t *testing.T) {
	made := t.TempDir()
	b := open(t, made, room.PIN{}, time.Now)
	for range 300 {
		issue(t, b)
	}
	b.Close()
	good, err := os.ReadFile(filepath.Join(made, "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(t *testing.T, name string, bytes []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "access.db")
		os.WriteFile(path, bytes, 0o600)
		b, err := access.OpenCheap(dir, pepper, room.PIN{}, rand.Reader, time.Now)
		if b == nil || !errors.Is(err, access.ErrSetAside) {
			t.Fatalf("%s: book %v, error %v", name, b, err)
		}
		defer b.Close()
		if s := err.Error(); !strings.Contains(s, path+".damaged-1") || strings.Contains(s, "\n") || !strings.Contains(s, "new ones") {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path + ".damaged-1"); string(now) != string(bytes) {
			t.Errorf("%s: the damaged file was changed", name)
		}
		if who, pin := issue(t, b); b.Len() != 1 { // the staff can let people in again
			t.Errorf("%s: %d people after one PIN", name, b.Len())
		} else if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Errorf("%s: a new PIN does not open: %+v", name, r)
		}
	}
	refused(t, "empty", nil)
	refused(t, "one byte", good[:1])
	noise := make([]byte, len(good))
	rand.Read(noise)
	refused(t, "noise", noise)
	for n := 4096; n < len(good)/2; n += 4096 {
		refused(t, fmt.Sprintf("cut to %d bytes", n), good[:n])
	}
	refused(t, "another database", foreignDB(t))
	os.Chmod(filepath.Join(made, "access.db"), 0o644)
	if _, err := access.OpenCheap(made, pepper, room.PIN{}, rand.Reader, time.Now); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("a file that others can read: %v", err)
	}
}

func foreignDB(t *testing.T) []byte {
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	b, _ := os.ReadFile(path)
	return b
}

// Bits of a database that rot may close the book or a PIN, but never open for the wrong person, and never panic.
func TestRotNeverOpensForTheWrongPerson(t *testing.T) {
	made := t.TempDir()
	b := open(t, made, room.PIN{}, time.Now)
	who, pin := issue(t, b)
	for range 20 {
		issue(t, b)
	}
	b.Close()
	good, _ := os.ReadFile(filepath.Join(made, "access.db"))
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		bad := bytes.Clone(good)
		for range rapid.IntRange(1, 8).Draw(rt, "flips") {
			bit := rapid.IntRange(0, len(bad)*8-1).Draw(rt, "bit")
			bad[bit/8] ^= 1 << (bit % 8)
		}
		path := filepath.Join(dir, "access.db")
		os.Remove(path)
		os.WriteFile(path, bad, 0o600)
		b, err := access.OpenCheap(dir, pepper, room.PIN{}, rand.Reader, time.Now)
		if b == nil {
			rt.Fatalf("the PIN pad is dead: %v", err)
		}
		defer b.Close()
		if got, r := try(b, pin); got != who && (got != (person.ID{}) || r.Outcome == wire.Granted) {
			rt.Fatalf("opened for %v, %+v", got, r)
		}
	})
}

func TestAHalfMadeBookIsBegunAnew(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "access.db.new"), []byte("half"), 0o600)
	b := open(t, dir, room.PIN{}, time.Now)
	if _, pin := issue(t, b); len(pin) != 8 {
		t.Error("no PIN")
	}
}

func TestBadSettingsAndABrokenRandomSourceAreErrors(t *testing.T) {
	for _, digits := range []int{1, 5, 13, -1} {
		if _, err := access.OpenCheap(t.TempDir(), pepper, room.PIN{Digits: digits}, rand.Reader, time.Now); err == nil {
			t.Errorf("%d digits were taken", digits)
		}
	}
	if _, err := access.OpenCheap(t.TempDir(), pepper, room.PIN{}, strings.NewReader("x"), time.Now); err == nil {
		t.Error("a salt was drawn from nothing")
	}
	source := io.MultiReader(io.LimitReader(rand.Reader, 32), zeros{}) // salt and person, then only zeros: 00000000 for ever
	b, err := access.OpenCheap(t.TempDir(), pepper, room.PIN{}, source, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, _, err := b.Issue(); err == nil || b.Len() != 0 {
		t.Errorf("a broken source gave a PIN: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestTheRealCostIsOWASPsAndStaysWithTheBook(t *testing.T) {
	dir := t.TempDir()
	b, err := access.OpenBook(dir, pepper, room.PIN{}, rand.Reader, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if b.Cost() != [3]uint32{19 << 10, 2, 1} {
		t.Errorf("cost %v", b.Cost())
	}
	b.Close()
	cheap := t.TempDir()
	open(t, cheap, room.PIN{}, time.Now).Close()
	if _, err := access.OpenBook(cheap, pepper, room.PIN{}, rand.Reader, time.Now); err == nil || !strings.Contains(err.Error(), "argon2id") {
		t.Errorf("a book with a cost that guards nothing: %v", err)
	}
}

func BenchmarkTry(b *testing.B) {
	book, err := access.OpenBook(b.TempDir(), pepper, room.PIN{}, rand.Reader, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer book.Close()
	_, pin := issue(b, book)
	for b.Loop() {
		if _, r := try(book, pin); r.Outcome != wire.Granted {
			b.Fatal(r)
		}
	}
}
