package access_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

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

func TestWaitsDoubleAndARightPINEndsTheRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, t.TempDir(), room.PIN{}, time.Now)
		who, pin := issue(t, b)
		for left := 4; left >= 0; left-- {
			_, r := try(b, wrong)
			if r.Outcome != wire.Denied || r.Reason != wire.ReasonWrongPIN || r.TriesLeft != left || r.Until.IsZero() != (left > 0) {
				t.Fatalf("%d left: %+v", left, r)
			}
		}
		for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute,
			16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour, time.Hour} {
			time.Sleep(wait - 1)
			right, a := try(b, pin)
			nobody, c := try(b, wrong)
			if right != nobody || a != c || a.Outcome != wire.Limited || a.Reason != wire.ReasonTooManyTries || a.Until.Sub(time.Now()) != 1 {
				t.Fatalf("in a wait of %v: right PIN %v %+v, wrong PIN %v %+v", wait, right, a, nobody, c)
			}
			time.Sleep(1)
			if _, r := try(b, wrong); r.Outcome != wire.Denied {
				t.Fatalf("after a wait of %v: %+v", wait, r)
			}
		}
		time.Sleep(time.Hour)
		if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Fatalf("the right PIN after the wait: %v %+v", got, r)
		}
		if _, r := try(b, wrong); r.TriesLeft != 4 {
			t.Errorf("after a right PIN %d tries are left, want 4", r.TriesLeft)
		}
	})
}

func TestTheWaitIsRememberedOverARestart(t *testing.T) {
	tests := []struct {
		name string
		off  time.Duration // what the clock shows after the restart, against the true time
		gone time.Duration // how long the terminal was off
		lost bool          // the time is not known after the restart
		left time.Duration // of the wait of 30 s
	}{
		{"at once", 0, 0, false, 30 * time.Second},
		{"after ten seconds", 0, 10 * time.Second, false, 20 * time.Second},
		{"after a minute", 0, time.Minute, false, 0},
		{"with the clock set back a year", -365 * 24 * time.Hour, 10 * time.Second, false, 30 * time.Second},
		{"with the clock set back two seconds", -2 * time.Second, 0, false, 30 * time.Second},
		{"with the time unknown", 0, time.Hour, true, 30 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				b := open(t, dir, room.PIN{}, time.Now)
				_, pin := issue(t, b)
				for range 5 {
					try(b, wrong)
				}
				b.Close()
				time.Sleep(test.gone)
				b = open(t, dir, room.PIN{}, func() time.Time {
					if test.lost {
						return time.Time{}
					}
					return time.Now().Add(test.off)
				})
				if test.left > 0 {
					time.Sleep(test.left - 1)
					if _, r := try(b, pin); r.Outcome != wire.Limited {
						t.Fatalf("before the end: %+v", r)
					}
					time.Sleep(1)
				}
				if _, r := try(b, pin); r.Outcome != wire.Granted {
					t.Fatalf("after the end: %+v", r)
				}
			})
		})
	}
}

func TestAWaitThatBeganAtAnUnknownTimeBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := open(t, dir, room.PIN{}, func() time.Time { return time.Time{} })
		_, pin := issue(t, b)
		for range 5 {
			try(b, wrong)
		}
		if _, r := try(b, pin); r.Outcome != wire.Limited || !r.Until.IsZero() {
			t.Fatalf("with the time unknown: %+v", r)
		}
		b.Close()
		b = open(t, dir, room.PIN{}, time.Now)
		if _, r := try(b, pin); r.Outcome != wire.Limited || r.Until.Sub(time.Now()) != 30*time.Second {
			t.Fatalf("after the restart: %+v", r)
		}
	})
}

func TestWrongTriesAreCountedOverARestart(t *testing.T) {
	dir := t.TempDir()
	for left := 4; left >= 0; left-- {
		b := open(t, dir, room.PIN{}, time.Now)
		if _, r := try(b, wrong); r.TriesLeft != left {
			t.Fatalf("%d tries left, want %d", r.TriesLeft, left)
		}
		b.Close()
	}
}

func TestSettingTheClockWithinARunEndsNoWait(t *testing.T) {
	for _, by := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var shift time.Duration
			b := open(t, t.TempDir(), room.PIN{}, func() time.Time { return time.Now().Add(shift).Round(0) })
			_, pin := issue(t, b)
			for range 5 {
				try(b, wrong)
			}
			shift = by
			time.Sleep(29 * time.Second)
			if _, r := try(b, pin); r.Outcome != wire.Limited {
				t.Errorf("clock moved by %v: %+v", by, r)
			}
			time.Sleep(time.Second)
			if _, r := try(b, pin); r.Outcome != wire.Granted {
				t.Errorf("clock moved by %v, after the wait: %+v", by, r)
			}
		})
	}
}

func TestATryThatCannotBeRememberedCostsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, t.TempDir(), room.PIN{}, time.Now)
		who, pin := issue(t, b)
		b.FailWrites(errors.New("disk full"))
		if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Fatalf("a full disk locks people out: %v, %+v", got, r)
		}
		if _, r := try(b, wrong); r.Outcome != wire.Denied || r.Until.IsZero() {
			t.Fatalf("the first wrong PIN: %+v", r)
		}
		if _, r := try(b, wrong); r.Outcome != wire.Limited {
			t.Fatalf("the second wrong PIN: %+v", r)
		}
		time.Sleep(30 * time.Second)
		if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Fatalf("after the wait: %v, %+v", got, r)
		}
	})
}

func TestADeadDiskGrantsNothing(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	who, pin := issue(t, b)
	b.BreakDisk()
	if got, r := try(b, pin); got != (person.ID{}) || r.Outcome == wire.Granted {
		t.Errorf("%v, %+v", got, r)
	}
	if b.Exists(who) || b.Len() != 0 {
		t.Error("somebody is known from a disk that is gone")
	}
	if _, _, err := b.Issue(); err == nil {
		t.Error("a PIN was issued that was not kept")
	}
}

func TestManyAtOnceGetNoFreeTries(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	var mu sync.Mutex
	seen := map[wire.Outcome]int{}
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			_, r := try(b, wrong)
			mu.Lock()
			defer mu.Unlock()
			seen[r.Outcome]++
		})
	}
	all.Wait()
	if seen[wire.Denied] != 5 || seen[wire.Limited] != 35 {
		t.Errorf("%v", seen)
	}
}

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
		if err == nil {
			b.Close()
			t.Errorf("%s: opened", name)
		} else if s := err.Error(); !strings.Contains(s, path) || strings.Contains(s, "\n") || !strings.Contains(s, "put back a copy") {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != string(bytes) {
			t.Errorf("%s: the damaged file was changed", name)
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
		if err != nil {
			return
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
