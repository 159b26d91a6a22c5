package access_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/access"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

var morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func visit(t *testing.T, b *access.Book, end time.Time) (person.ID, string) {
	t.Helper()
	who, pin, err := b.IssueVisit(end)
	if err != nil {
		t.Fatal(err)
	}
	return who, string(pin.Digits())
}

func expire(t *testing.T, b *access.Book, at time.Time) []access.Ended {
	t.Helper()
	gone, err := b.Expire(at)
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func TestAVisitEndsToTheSecond(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	stays, home := issue(t, b)
	guest, pin := visit(t, b, morning.Add(8*time.Hour))
	b.Close()
	b = open(t, dir, room.PIN{}, time.Now) // the end is in the file
	if end, ok := b.Ends(guest); !ok || !end.Equal(morning.Add(8*time.Hour)) {
		t.Fatalf("the visit ends at %v, %v", end, ok)
	}
	if _, ok := b.Ends(stays); ok {
		t.Error("somebody who stays has an end")
	}
	if gone := expire(t, b, morning.Add(8*time.Hour-time.Second)); len(gone) != 0 {
		t.Fatalf("a second early: %v", gone)
	}
	if who, r := try(b, pin); who != guest || r.Outcome != wire.Granted {
		t.Errorf("the visitor's PIN in the last second: %v, %+v", who, r)
	}
	if gone := expire(t, b, morning.Add(8*time.Hour)); !slices.Equal(gone, []access.Ended{{Who: guest, Why: wire.ReasonVisitEnded}}) {
		t.Fatalf("at the end: %v", gone)
	}
	if who, r := try(b, pin); who != (person.ID{}) || r.Outcome != wire.Denied || b.Exists(guest) {
		t.Errorf("the visitor's PIN after it: %v, %+v", who, r)
	}
	if who, _ := try(b, home); who != stays {
		t.Error("whoever stays lost their PIN")
	}
	b.Close()
	b = open(t, dir, room.PIN{}, time.Now) // until the face has gone, the next start knows of it, too
	if over := maps.Collect(b.Over()); len(over) != 1 || over[guest] != wire.ReasonVisitEnded {
		t.Errorf("over: %v", over)
	}
	if err := b.Forget(guest); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = open(t, dir, room.PIN{}, time.Now)
	if over := maps.Collect(b.Over()); len(over) != 0 {
		t.Errorf("after it was forgotten: %v", over)
	}
}

func TestAStayIsEndedByTheHouse(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	who, pin := issue(t, b)
	for why, end := range map[wire.Reason]time.Time{wire.ReasonAge: morning, wire.ReasonLeaseEnded: {}} {
		if err := b.End(who, end, why); err == nil {
			t.Errorf("ended at %v by %v", end, why)
		}
	}
	if err := b.End(person.ID{1}, morning, wire.ReasonLeaseEnded); !errors.Is(err, access.ErrNoStay) {
		t.Errorf("of nobody: %v", err)
	}
	for _, end := range []time.Time{morning.Add(30 * 24 * time.Hour), morning.Add(24 * time.Hour)} { // the second counts
		if err := b.End(who, end, wire.ReasonLeaseEnded); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := try(b, pin); got != who {
		t.Error("the PIN went before the lease")
	}
	if gone := expire(t, b, morning.Add(24*time.Hour)); !slices.Equal(gone, []access.Ended{{Who: who, Why: wire.ReasonLeaseEnded}}) {
		t.Errorf("%v", gone)
	}
	if err := b.End(who, morning, wire.ReasonLeaseEnded); !errors.Is(err, access.ErrNoStay) {
		t.Errorf("ended twice: %v", err)
	}
	if _, pin := issue(t, b); pin == "" || b.Exists(who) {
		t.Error("somebody whose lease has ended is still among the people")
	}
}

// Whoever can write to the disk makes no visitor stay longer: with another end, or with none, the row is nobody's.
func TestWritingToTheDiskLengthensNoVisit(t *testing.T) {
	end := morning.Add(time.Hour)
	for name, edit := range map[string]func(row []byte) []byte{
		"a later end":       func(row []byte) []byte { row[17+8]++; return row },
		"another reason":    func(row []byte) []byte { row[17] = byte(wire.ReasonLeaseEnded); return row },
		"no mark":           func(row []byte) []byte { row[16] ^= 1; return row },
		"no end":            func(row []byte) []byte { return append(bytes.Clone(row[:16]), row[26:]...) },
		"no end, old proof": func(row []byte) []byte { return append(bytes.Clone(row[:16]), make([]byte, 32)...) },
		"a longer row":      func(row []byte) []byte { return append(row, 0) },
		"a short row":       func(row []byte) []byte { return row[:20] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b := open(t, dir, room.PIN{}, time.Now)
			_, pin := visit(t, b, end)
			b.Close()
			db, err := bbolt.Open(filepath.Join(dir, "access.db"), 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *bbolt.Tx) error {
				tags := tx.Bucket([]byte("tags"))
				k, v := tags.Cursor().First()
				return tags.Put(bytes.Clone(k), edit(bytes.Clone(v)))
			})
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			b = open(t, dir, room.PIN{}, time.Now)
			if who, r := try(b, pin); who != (person.ID{}) || r.Outcome == wire.Granted {
				t.Errorf("it opens: %v, %+v", who, r)
			}
		})
	}
}

// A power cut at any moment of an ending leaves either the visit or the word that it is over.
func TestAPowerCutLosesNoEnd(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	guest, _ := visit(t, b, morning)
	before, err := os.ReadFile(filepath.Join(dir, "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	expire(t, b, morning)
	b.Close()
	after, err := os.ReadFile(filepath.Join(dir, "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"before": before, "after": after} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "access.db"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, dir, room.PIN{}, time.Now)
		expire(t, b, morning)
		if over := maps.Collect(b.Over()); over[guest] != wire.ReasonVisitEnded || b.Exists(guest) {
			t.Errorf("cut %s it: over %v, exists %v", name, over, b.Exists(guest))
		}
	}
}
