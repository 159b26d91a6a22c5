package keeper_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// turnsOf is the number of the turn that each stored face lies sealed under, as anybody with a copy of the file reads it.
func turnsOf(t *testing.T, folder string) (turns []uint32) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "people.db")
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(copied, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("entries")).ForEach(func(_, v []byte) error {
			v = bytes.Clone(v)
			v = v[2+int(binary.BigEndian.Uint16(v)):] // behind the label
			turns = append(turns, binary.BigEndian.Uint32(v))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return turns
}

// An installer raises face.turn: the person who was enrolled before is let in by face after it, and what lies on the
// disk is of the new turn.
func TestADeviceIsTurnedWithoutCallingAnybodyBack(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder)
	h.faceIs(true)
	pin := h.newcomer()
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 5)
	h.prompt(wire.PromptEnrolled)
	h.stop()
	if turns := turnsOf(t, folder); len(turns) != 1 || turns[0] != 1 {
		t.Fatalf("stored under the turns %v", turns)
	}

	once := func(b *room.Keeper) { b.Face.Turn = 2 }
	h = openHouse(t, program, folder, once)
	h.faceIs(true)
	h.show(face(1), 3)
	h.prompt(wire.PromptWelcome)
	h.stop()
	if turns := turnsOf(t, folder); len(turns) != 1 || turns[0] != 2 {
		t.Errorf("stored under the turns %v", turns)
	}

	h = openHouse(t, program, folder, once)
	h.faceIs(true)
	h.show(face(1), 3)
	h.prompt(wire.PromptWelcome)
}
