package access_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/access"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

var pepper = [32]byte{7, 7, 7}

func open(t testing.TB, dir string, cfg room.PIN, now func() time.Time) *access.Book {
	t.Helper()
	b, err := access.OpenCheap(dir, pepper, cfg, rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// issue gives a new person and a copy of their PIN.
func issue(t testing.TB, b *access.Book) (person.ID, string) {
	t.Helper()
	who, pin, err := b.Issue()
	if err != nil {
		t.Fatal(err)
	}
	return who, string(pin.Digits())
}

// wrong is a PIN that nobody has: it is too short to be drawn.
func try(b *access.Book, pin string) (person.ID, access.Result) { return b.Try([]byte(pin)) }

const wrong = "1"

func TestAPINOpensForItsPersonAndNobodyElse(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	pins := map[person.ID]string{}
	for range 50 {
		who, pin := issue(t, b)
		pins[who] = pin
	}
	b.Close()
	b = open(t, dir, room.PIN{}, time.Now) // after a restart too
	if b.Len() != 50 {
		t.Fatalf("%d people, want 50", b.Len())
	}
	for who, pin := range pins {
		got, r := try(b, pin)
		if got != who || r.Outcome != wire.Granted || r.Reason != wire.ReasonNone || !b.Exists(who) {
			t.Fatalf("%v: got %v, %+v", who, got, r)
		}
	}
	if b.Exists(person.ID{}) || b.Exists(person.ID{1}) {
		t.Error("somebody exists who was never issued a PIN")
	}
}

func TestARevokedPINIsDead(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	gone, pin := issue(t, b)
	stays, other := issue(t, b)
	if err := b.Revoke(gone); err != nil {
		t.Fatal(err)
	}
	if who, r := try(b, pin); who != (person.ID{}) || r.Outcome != wire.Denied || b.Exists(gone) {
		t.Errorf("the revoked PIN: %v, %+v", who, r)
	}
	if who, _ := try(b, other); who != stays || b.Len() != 1 {
		t.Errorf("the other PIN: %v, %d people", who, b.Len())
	}
	if err := b.Revoke(gone); err != nil {
		t.Errorf("revoking twice: %v", err)
	}
}

func TestTheDigitsAreWipedWhateverTheAnswer(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{FreeTries: 1}, time.Now)
	_, pin := issue(t, b)
	for _, name := range []string{"right", "wrong", "waiting"} {
		digits := []byte(map[string]string{"right": pin}[name] + "99")[:8]
		b.Try(digits)
		if !bytes.Equal(digits, make([]byte, len(digits))) {
			t.Errorf("%s: digits stay in memory", name)
		}
	}
	digits := []byte("123456")
	access.VerifyStaff(nil, digits)
	if digits[0] != 0 {
		t.Error("staff digits stay in memory")
	}
}

func TestAPINHasNoPrintableForm(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	_, pin, err := b.Issue()
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ p access.PIN }
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, pin, &pin, holder{pin})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", slog.Any("pin", pin), slog.Any("held", holder{pin}))
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", slog.Any("pin", pin), slog.Any("held", holder{pin}))
	if err := json.NewEncoder(&out).Encode(pin); err != nil {
		t.Fatal(err)
	}
	digits := string(pin.Digits())
	for _, form := range []string{digits, fmt.Sprintf("%x", digits), strings.Trim(fmt.Sprint([]byte(digits)), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Fatalf("%q is in %q", form, out.String())
		}
	}
	clear(pin.Digits())
	if strings.Contains(string(pin.Digits()), digits) {
		t.Error("a cleared PIN is still there")
	}
}

func TestNoPINIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	var pins []string
	for range 20 {
		_, pin := issue(t, b)
		pins = append(pins, pin)
	}
	b.Close()
	disk, err := os.ReadFile(filepath.Join(dir, "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range pins {
		if bytes.Contains(disk, []byte(pin)) {
			t.Fatal("a PIN is in access.db")
		}
	}
	if info, _ := os.Stat(filepath.Join(dir, "access.db")); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestNothingOnTheDiskOpensWithAnotherKeyFile(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, room.PIN{}, time.Now).Close()
	_, err := access.OpenCheap(dir, [32]byte{8}, room.PIN{}, rand.Reader, time.Now)
	if err == nil || !strings.Contains(err.Error(), "another key file") {
		t.Fatal(err)
	}
}

// Somebody who can write to the disk gives their own PIN to somebody else's name.
func TestARowMovedToAnotherPersonOpensNothing(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	thief, pin := issue(t, b)
	victim, _ := issue(t, b)
	b.Close()
	db, err := bbolt.Open(filepath.Join(dir, "access.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		tag := bytes.Clone(tx.Bucket([]byte("people")).Get(thief[:]))
		row := bytes.Clone(tx.Bucket([]byte("tags")).Get(tag))
		copy(row, victim[:])
		return tx.Bucket([]byte("tags")).Put(tag, row)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir, room.PIN{}, time.Now)
	if who, r := try(b, pin); who != (person.ID{}) || r.Outcome != wire.NoAnswer || r.Reason != wire.ReasonDamaged {
		t.Errorf("%v, %+v", who, r)
	}
}
