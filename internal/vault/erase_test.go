package vault_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
)

// everything is what the files have of p: sealed record, wrapped key, key id.
func (h *house) everything(p person.ID) [][]byte {
	h.t.Helper()
	h.stop()
	defer h.start()
	var all [][]byte
	for k, b := range entries(h.t, filepath.Join(h.dir, "people.db")) {
		if strings.HasPrefix(k, string(p[:])) {
			all = append(all, b[len(b)-template.SealedLen:])
		}
	}
	for k, b := range entries(h.t, filepath.Join(h.dir, "keys.db")) {
		if strings.HasPrefix(k, string(p[:])) {
			all = append(all, b, []byte(k[16:]))
		}
	}
	if len(all) < 3 {
		h.t.Fatal("the test looks in the wrong place")
	}
	return all
}

// left counts the 16-byte runs of what, at every offset, that are in any byte of any file of the folder.
func (h *house) left(what [][]byte) int {
	h.t.Helper()
	runs := make(map[[16]byte]bool)
	for _, b := range what {
		for i := 0; i+16 <= len(b); i++ {
			runs[[16]byte(b[i:])] = true
		}
	}
	all, err := os.ReadDir(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	hits := 0
	for _, e := range all {
		raw, err := os.ReadFile(filepath.Join(h.dir, e.Name()))
		if err != nil {
			h.t.Fatal(err)
		}
		for i := 0; i+16 <= len(raw); i++ {
			if runs[[16]byte(raw[i:])] {
				hits++
			}
		}
	}
	return hits
}

func TestAfterEraseNoPieceIsLeftInAnyFile(t *testing.T) {
	h := newHouse(t)
	var all []person.ID
	for i := range 40 {
		all = append(all, h.enrol(uint64(i)))
	}
	var gone [][]byte
	for _, p := range all[:3] {
		gone = append(append(gone, p[:]), h.everything(p)...)
	}
	if h.left(gone) == 0 {
		t.Fatal("the scan finds nothing even before")
	}
	if err := h.vault.Erase(all[0]); err != nil {
		t.Fatal(err)
	}
	if err := h.vault.Erase(all[1], all[2]); err != nil {
		t.Fatal(err)
	}
	if left := h.left(gone); left != 0 {
		t.Errorf("%d pieces are left", left)
	}
	if err := h.vault.Erase(all[0]); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := h.vault.Erase(person.ID{1}, person.ID{}); err != nil {
		t.Errorf("nobody of ours: %v", err)
	}
	h.restart()
	in, out := h.load()
	if len(in) != 37 || len(out) != 0 || h.vault.Len() != 37 {
		t.Errorf("%d held, %v refused", len(in), out)
	}
	for i, p := range all[3:] {
		if !h.shows(in[p], uint64(i+3)) {
			t.Errorf("person %d came back as somebody else", i)
		}
	}
	h.keep(all[0], 99) // who was erased may agree again
	if in, _ := h.load(); !h.shows(in[all[0]], 99) {
		t.Error("enrolled after an erasure, and not found")
	}
}

// steps lists where act can stop.
func steps(t *testing.T, act func(h *house, ada person.ID) error) []string {
	var names []string
	h := newHouse(t)
	ada := h.enrol(1)
	h.vault.After(func(name string) error { names = append(names, name); return nil })
	if err := act(h, ada); err != nil {
		t.Fatal(err)
	}
	return slices.Compact(names)
}

func TestAnErasureCutOffAnywhereStaysUnreadableAndIsFinished(t *testing.T) {
	erase := func(h *house, ada person.ID) error { return h.vault.Erase(ada) }
	all := steps(t, erase)
	if len(all) < 6 {
		t.Fatalf("only %v", all)
	}
	for _, stop := range all {
		h := newHouse(t)
		ada, bob := h.enrol(1), h.enrol(2)
		trace := append(h.everything(ada), ada[:])
		var cut *house
		h.vault.After(func(name string) error {
			if name == stop {
				cut = h.copied() // the files at this moment, opened as after a power cut
				return errors.New("full disk")
			}
			return nil
		})
		if err := erase(h, ada); err == nil {
			t.Fatalf("%s: a failed erasure was called a success", stop)
		}
		h.vault.After(nil)
		for name, h := range map[string]*house{"power cut": cut, "error": h} {
			in, out := h.load()
			if _, opens := in[ada]; opens || len(out) > 0 {
				t.Errorf("%s at %q: opened %t, refused %v", name, stop, opens, out)
			}
			last := slices.Contains([]string{"marks let go", "people scrubbed", "people compacted"}, stop) // Open finishes those
			if pending := h.vault.Pending(); !last && !slices.Equal(pending, []person.ID{ada}) {
				t.Errorf("%s at %q: pending %v", name, stop, pending)
			}
			if err := h.vault.Erase(ada); err != nil {
				t.Errorf("%s at %q: again: %v", name, stop, err)
			}
			if left := h.left(trace); left != 0 || len(h.vault.Pending()) > 0 {
				t.Errorf("%s at %q: %d pieces left, pending %v", name, stop, left, h.vault.Pending())
			}
			if in, _ := h.load(); len(in) != 1 || !h.shows(in[bob], 2) {
				t.Errorf("%s at %q: the other person was harmed", name, stop)
			}
		}
	}
}

func TestJ2e_AnEnrolmentCutOffAnywhereIsThereAsBeforeOrAsAfter(t *testing.T) {
	anew := func(h *house, ada person.ID) error {
		f := h.face(3)
		defer h.arena.Wipe(f)
		return h.vault.Keep(label(ada), f)
	}
	for _, stop := range steps(t, anew) {
		h := newHouse(t)
		ada, bob := h.enrol(1), h.enrol(2)
		former := h.everything(ada)
		var cut *house
		h.vault.After(func(name string) error {
			if name == stop {
				cut = h.copied()
				return errors.New("full disk")
			}
			return nil
		})
		if err := anew(h, ada); err == nil {
			t.Fatalf("%s: no error", stop)
		}
		in, out := cut.load()
		before, after := cut.shows(in[ada], 1), cut.shows(in[ada], 3)
		if len(out) > 0 || before == after || !cut.shows(in[bob], 2) || len(cut.vault.Pending()) > 0 {
			t.Errorf("%q: before %t, after %t, refused %v, pending %v", stop, before, after, out, cut.vault.Pending())
		}
		if left := cut.left(former); after && left != 0 {
			t.Errorf("%q: %d pieces of the former template are left", stop, left)
		}
	}
}

func TestAnErasureBeginsWithTheKey(t *testing.T) {
	h := newHouse(t)
	ada := h.enrol(1)
	h.vault.After(func(name string) error { return errors.New(name) })
	if err := h.vault.Erase(ada); err == nil || err.Error() != "keys erased" {
		t.Fatal(err)
	}
	h.stop()
	if n := len(entries(t, filepath.Join(h.dir, "keys.db"))); n != 0 {
		t.Errorf("%d keys after the first step", n)
	}
}

func TestAnUnfinishedErasureIsFinishedBeforeAnybodyEnrolsAnew(t *testing.T) {
	h := newHouse(t)
	ada := h.enrol(1)
	h.vault.After(func(name string) error { return errors.New("full disk") })
	h.vault.Erase(ada)
	h.vault.After(nil)
	for range 2 {
		if err := h.vault.Keep(label(ada), h.face(2)); err == nil {
			t.Error("kept while an erasure is unfinished")
		}
		h.restart() // then only the files know of it
	}
	if err := h.vault.Erase(ada); err != nil {
		t.Fatal(err)
	}
	h.keep(ada, 2)
}

// An erasure overwrites free pages where they lie; the file is written anew only when it has outgrown what is alive, or
// after a failed write, when what looks free may not be.
func TestAnErasureWritesTheFileAnewOnlyWhenItMust(t *testing.T) {
	h := newHouse(t)
	var all []person.ID
	for i := range 60 {
		all = append(all, h.enrol(uint64(i)))
	}
	file := func() os.FileInfo {
		st, err := os.Stat(filepath.Join(h.dir, "people.db"))
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	before := file()
	if err := h.vault.Erase(all[0]); err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, file()) {
		t.Error("written anew for one of 60")
	}
	if err := h.vault.Erase(all[1:55]...); err != nil {
		t.Fatal(err)
	}
	if now := file(); os.SameFile(before, now) || now.Size() > before.Size()/2 {
		t.Errorf("%d bytes for 60 people, %d for 5", before.Size(), now.Size())
	}
	before = file()
	h.vault.Shake()
	if err := h.vault.Erase(all[55]); err != nil {
		t.Fatal(err)
	}
	if os.SameFile(before, file()) {
		t.Error("overwritten where it lay after a failed write")
	}
	if in, out := h.load(); len(in) != 4 || len(out) > 0 || !h.shows(in[all[59]], 59) {
		t.Errorf("%d held, %v refused", len(in), out)
	}
}

func TestTheVaultSeesWhatIsLeftInFreePages(t *testing.T) {
	for _, before := range []int64{200_001, 1<<20 - 8, 1 << 20} { // in one reading, across two, at the head of the second
		seesWhatIsLeft(t, before)
	}
}

func seesWhatIsLeft(t *testing.T, before int64) {
	h := newHouse(t)
	ada := h.enrol(1)
	for i := range 5 {
		h.enrol(uint64(i))
	}
	h.vault.After(func(name string) error {
		if name == "people compacted" { // somebody puts the erased bytes back behind the vault's back
			f, err := os.OpenFile(filepath.Join(h.dir, "people.db"), os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			st, err := f.Stat()
			if err != nil {
				return err
			}
			_, err = f.Write(append(make([]byte, before-st.Size()), ada[:]...))
			return err
		}
		return nil
	})
	if err := h.vault.Erase(ada); err == nil {
		t.Error("called done what is not")
	}
	h.vault.After(nil)
	if err := h.vault.Erase(); err != nil || h.left([][]byte{ada[:]}) != 0 {
		t.Errorf("again: %v", err)
	}
}

func TestSizeDoesNotGrowWithChurn(t *testing.T) {
	h := newHouse(t)
	h.enrol(0)
	size := func() (n int64) {
		for _, name := range []string{"people.db", "keys.db"} {
			st, _ := os.Stat(filepath.Join(h.dir, name))
			n += st.Size()
		}
		return n
	}
	before := size()
	for i := range 20 {
		if err := h.vault.Erase(h.enrol(uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if after := size(); after > 2*before {
		t.Errorf("from %d to %d bytes", before, after)
	}
}

func TestDiscardWorksWithoutAVault(t *testing.T) {
	dir := t.TempDir()
	keep := map[string]bool{"people.db": true, "device.key": true, "x.damaged-1": true}
	for _, name := range append(slices.Collect(maps.Keys(keep)), "people.db.damaged-1", "keys.db.damaged-7") {
		os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte{1}, 9), 0o600)
	}
	if err := vault.Discard(dir); err != nil {
		t.Fatal(err)
	}
	all, _ := os.ReadDir(dir)
	for _, e := range all {
		if !keep[e.Name()] {
			t.Errorf("%s is still there", e.Name())
		}
		delete(keep, e.Name())
	}
	if len(keep) > 0 {
		t.Errorf("%v went too", keep)
	}
}
