package keeper_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
)

// holding counts the pieces that stand in the files below a folder.
func holding(t *testing.T, root string, pieces [][]byte) (n int) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, piece := range pieces {
			if bytes.Contains(b, piece) {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// opening opens a folder's vault with a keysmith's secret, stores a face in it if it is told to, and counts those that open.
func opening(t *testing.T, dir, secret string, keep bool) (n int) {
	t.Helper()
	model := [32]byte{1}
	store, err := keysmith.Open(keysmith.Parts{Folder: secret, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	arena, err := template.NewArena(2, [32]byte{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer arena.Close()
	v, err := vault.Open(dir, "door", generations{store}, arena, rand.Reader)
	if err != nil {
		return 0 // it is refused whole
	}
	defer v.Close()
	if keep {
		f, err := arena.Put(&[template.Len]float32{1})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Keep(vault.Label{Person: person.ID{1}, Purpose: "door-entry", Model: model, Expiry: time.Now().Add(time.Hour)}, f); err != nil {
			t.Fatal(err)
		}
	}
	v.Load(model, func(vault.Held) { n++ }) // an error opens nothing, and that is counted
	return n
}

// N-9: there are backups, and no backup of faces. The log that may be copied is whole elsewhere and brings nobody back; no
// piece of what is sealed stands in it, while the files that must stay are found to hold such pieces. And those, copied
// elsewhere all the same, open to nobody without the keysmith's secret of this device.
func TestN9_WhatMayBeBackedUpHoldsNoFace(t *testing.T) {
	dir, pieces, public := lived(t)
	if in := holding(t, dir, pieces); len(pieces) < 20 || in < len(pieces) {
		t.Fatalf("%d pieces, %d found where they are: this search finds nothing", len(pieces), in)
	}
	backup := filepath.Join(t.TempDir(), "audit")
	if err := os.CopyFS(backup, os.DirFS(filepath.Join(dir, "audit"))); err != nil {
		t.Fatal(err)
	}
	if n := holding(t, backup, pieces); n > 0 {
		t.Errorf("%d pieces of what is sealed stand in the log", n)
	}
	if r, err := audit.Verify(backup, public); err != nil || r.Size == 0 {
		t.Errorf("the copy of the log: %v", err)
	}
	if n := opening(t, filepath.Dir(backup), t.TempDir(), false); n != 0 {
		t.Errorf("%d faces came back with the log", n)
	}

	here, secret, copied := t.TempDir(), t.TempDir(), t.TempDir()
	opening(t, here, secret, true)
	if err := os.CopyFS(copied, os.DirFS(here)); err != nil {
		t.Fatal(err)
	}
	if n := opening(t, here, secret, false); n != 1 {
		t.Fatalf("%d faces where they were stored", n)
	}
	if n := opening(t, copied, t.TempDir(), false); n != 0 {
		t.Errorf("%d faces open on another device", n)
	}
}
