package birthday_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

var (
	child = person.ID{1}
	adult = person.ID{2}
	today = noon(2026, 11, 22)
)

func open(t *testing.T, dir string) *birthday.Book {
	t.Helper()
	b, err := birthday.Open(dir, [32]byte{7}, beijing, birthday.Careful, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func note(t *testing.T, b *birthday.Book, p person.ID, a wire.Age) {
	t.Helper()
	if err := b.Note(p, a, "porter", today, false); err != nil {
		t.Fatal(err)
	}
}

func TestANotedAgeOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	note(t, b, child, wire.Age{Born: 20160601})
	note(t, b, adult, wire.Age{Adult: true})
	b = open(t, dir)
	if s := b.Stands(child, today); s.Band != wire.AgeChild || s.Alone {
		t.Errorf("the child stands %+v", s)
	}
	if s := b.Stands(adult, today); !s.Alone || s.Band != wire.AgeAdult {
		t.Errorf("the adult stands %+v", s)
	}
	if s := b.Stands(person.ID{9}, today); s != (birthday.Standing{}) {
		t.Errorf("of a stranger is known %+v", s)
	}
}

// The birth date cannot be edited after a refusal; a correction that was asked for can be made.
func TestM7a_ANotedAgeStays(t *testing.T) {
	b := open(t, t.TempDir())
	note(t, b, child, wire.Age{Born: 20160601})
	for _, a := range []wire.Age{{Adult: true}, {Born: 20060601}, {Born: 20160602}} {
		if err := b.Note(child, a, "porter", today, false); !errors.Is(err, birthday.ErrFixed) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	note(t, b, child, wire.Age{Born: 20160601}) // the same again is no change
	if err := b.Note(child, wire.Age{Born: 20060601}, "porter", today, true); err != nil || !b.Stands(child, today).Alone {
		t.Errorf("a correction: %v, %+v", err, b.Stands(child, today))
	}
}

func TestM7a_WhatNobodyHasSeenIsNotNoted(t *testing.T) {
	b := open(t, t.TempDir())
	for name, err := range map[string]error{
		"of nobody":        b.Note(person.ID{}, wire.Age{Adult: true}, "porter", today, false),
		"seen by nobody":   b.Note(child, wire.Age{Adult: true}, "", today, false),
		"nothing said":     b.Note(child, wire.Age{}, "porter", today, false),
		"two things said":  b.Note(child, wire.Age{Adult: true, Born: 20160601}, "porter", today, false),
		"not a day":        b.Note(child, wire.Age{Born: 20110229}, "porter", today, false),
		"born tomorrow":    b.Note(child, wire.Age{Born: 20261123}, "porter", today, false),
		"born in 1870":     b.Note(child, wire.Age{Born: 18700101}, "porter", today, false),
		"not even a month": b.Note(child, wire.Age{Born: 20110001}, "porter", today, false),
	} {
		if err == nil || b.Stands(child, today) != (birthday.Standing{}) {
			t.Errorf("%s: %v, %+v", name, err, b.Stands(child, today))
		}
	}
}

// Of an adult no date is kept, and of nobody anything in clear; what is forgotten is gone from the file.
func TestP19_NoMoreIsKeptThanIsNeeded(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	note(t, b, adult, wire.Age{Born: 19800229})
	note(t, b, child, wire.Age{Born: 20160601})
	file := filepath.Join(dir, "births")
	sealed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, clue := range []string{"20160601", "19800229", "porter", child.String()} {
		if bytes.Contains(sealed, []byte(clue)) {
			t.Errorf("%q lies there in clear", clue)
		}
	}
	long := len(sealed)
	if err := b.Forget(child); err != nil {
		t.Fatal(err)
	}
	if open(t, dir).Stands(child, today) != (birthday.Standing{}) {
		t.Error("the child is not forgotten")
	}
	if sealed, _ = os.ReadFile(file); len(sealed) >= long {
		t.Errorf("the file has %d bytes, and had %d", len(sealed), long)
	}
	if err := b.Forget(child); err != nil { // twice
		t.Error(err)
	}
	if err := birthday.Destroy(dir); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestADamagedBookIsSetAsideWhole(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"one bit":  func(b []byte) []byte { b[20] ^= 1; return b },
		"cut off":  func(b []byte) []byte { return b[:len(b)-1] },
		"empty":    func([]byte) []byte { return nil },
		"of zeros": func(b []byte) []byte { return make([]byte, len(b)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			note(t, open(t, dir), child, wire.Age{Born: 20160601})
			file := filepath.Join(dir, "births")
			sealed, _ := os.ReadFile(file)
			spoilt := spoil(sealed)
			if err := os.WriteFile(file, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			b, err := birthday.Open(dir, [32]byte{7}, beijing, birthday.Careful, rand.Reader)
			if !errors.Is(err, birthday.ErrSetAside) || b == nil {
				t.Fatalf("%v", err)
			}
			if b.Stands(child, today) != (birthday.Standing{}) {
				t.Error("an age came out of a damaged file")
			}
			if kept, _ := os.ReadFile(file + ".damaged-1"); !bytes.Equal(kept, spoilt) {
				t.Error("what was there is lost")
			}
			note(t, b, child, wire.Age{Born: 20160601}) // and it goes on
		})
	}
}

// Another device's key, and so a copied file, opens nothing.
func TestM8a_ACopiedBookDoesNotOpenElsewhere(t *testing.T) {
	dir := t.TempDir()
	note(t, open(t, dir), child, wire.Age{Born: 20160601})
	b, err := birthday.Open(dir, [32]byte{8}, beijing, birthday.Careful, rand.Reader)
	if !errors.Is(err, birthday.ErrSetAside) || b.Stands(child, today) != (birthday.Standing{}) {
		t.Errorf("%v", err)
	}
}

func TestAnAgeThatCannotBeWrittenIsNotKnown(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "births.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.Note(child, wire.Age{Adult: true}, "porter", today, false); err == nil {
		t.Error("it was said to be written")
	}
	if b.Stands(child, today) != (birthday.Standing{}) {
		t.Error("it counts all the same")
	}
}

// Somebody sets the clock ten years forward while the device is off: the child is as old as before, until a member of
// staff notes an age and so vouches for the year. A device that was off for some months goes on as it should.
func TestM7a_NobodyGrowsUpByTheClock(t *testing.T) {
	dir := t.TempDir()
	note(t, open(t, dir), child, wire.Age{Born: 20160601})
	later := today.AddDate(10, 0, 0)
	b := open(t, dir)
	if leapt, err := b.Turn(later); !leapt || err != nil {
		t.Fatalf("leapt %v, %v", leapt, err)
	}
	if s := b.Stands(child, later); s.Alone || s.Band != wire.AgeChild {
		t.Errorf("the child stands %+v", s)
	}
	if err := b.Note(adult, wire.Age{Adult: true}, "porter", later, false); err != nil {
		t.Fatal(err)
	}
	if s := b.Stands(child, later); !s.Alone {
		t.Errorf("a grown-up stands %+v", s)
	}

	dir = t.TempDir()
	note(t, open(t, dir), child, wire.Age{Born: 20081121}) // 18 yesterday: alone from today
	note(t, open(t, dir), adult, wire.Age{Born: 20090901})
	for at := today; at.Before(today.AddDate(3, 0, 0)); at = at.AddDate(0, 11, 0) {
		b = open(t, dir)
		if leapt, err := b.Turn(at); leapt || err != nil {
			t.Fatalf("%v: %v, %v", at, leapt, err)
		}
		if want := !at.Before(noon(2027, 9, 2)); b.Stands(adult, at).Alone != want || !b.Stands(child, at).Alone {
			t.Errorf("%v: %+v, %+v", at, b.Stands(adult, at), b.Stands(child, at))
		}
	}
}
