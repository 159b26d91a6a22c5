package access_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
)

func TestAMarkStaysUntilItIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	ana, pin := issue(t, b)
	bob, _ := issue(t, b)
	if b.Marked(ana) || b.Marked(bob) {
		t.Fatal("somebody is marked from the beginning")
	}
	if err := b.Mark(ana, true); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = open(t, dir, room.PIN{}, time.Now)
	if !b.Marked(ana) || b.Marked(bob) {
		t.Error("after a restart another one is marked")
	}
	if who, _ := try(b, pin); who != ana {
		t.Error("the PIN of a marked person does not open")
	}
	if err := b.Mark(ana, false); err != nil || b.Marked(ana) {
		t.Error("a mark cannot be taken back:", err)
	}
	if err := b.Mark(person.ID{9}, true); err == nil {
		t.Error("somebody without a way in was marked")
	}
	if !b.Marked(person.ID{9}) {
		t.Error("somebody who cannot be read is not marked")
	}
}

// Whoever writes to the disk cannot take a mark away: the row then opens nothing.
func TestNoEditTakesAMarkAway(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, room.PIN{}, time.Now)
	ana, pin := issue(t, b)
	if err := b.Mark(ana, true); err != nil {
		t.Fatal(err)
	}
	b.Close()
	db, err := bbolt.Open(filepath.Join(dir, "access.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error {
		tag := bytes.Clone(tx.Bucket([]byte("people")).Get(ana[:]))
		row := bytes.Clone(tx.Bucket([]byte("tags")).Get(tag))
		return tx.Bucket([]byte("tags")).Put(tag, append(row[:len(ana):len(ana)], row[len(ana)+1:]...))
	}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	b = open(t, dir, room.PIN{}, time.Now)
	if !b.Marked(ana) {
		t.Error("the mark is gone")
	}
	if who, _ := try(b, pin); who == ana {
		t.Error("an edited row opens")
	}
}
