package audit_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

func TestJ2e_APowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	tests := []struct {
		name string
		cut  func(t *testing.T, dir string)
		size uint64 // after opening anew
	}{
		{"half an entry was written", func(t *testing.T, dir string) { addTo(t, bundle(dir, 0), []byte{0, 200, '{', '"'}) }, 10},
		{"only a length was written", func(t *testing.T, dir string) { addTo(t, bundle(dir, 0), []byte{1}) }, 10},
		{"the file system left zeros", func(t *testing.T, dir string) { addTo(t, bundle(dir, 0), make([]byte, 500)) }, 10},
		{"an entry was written, its hash was not", func(t *testing.T, dir string) { addTo(t, bundle(dir, 0), raw(t, 10)) }, 11},
		{"two entries and half a third were written", func(t *testing.T, dir string) {
			addTo(t, bundle(dir, 0), slices.Concat(raw(t, 10), raw(t, 11), raw(t, 12)[:9]))
		}, 12},
		{"the entry and half its hash were written", func(t *testing.T, dir string) {
			addTo(t, bundle(dir, 0), raw(t, 10))
			addTo(t, filepath.Join(dir, "tile", "0", "000"), make([]byte, 15))
		}, 11},
		{"the new head was written but not yet put in place", func(t *testing.T, dir string) {
			addTo(t, filepath.Join(dir, "checkpoint.new"), []byte("edged/te"))
		}, 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir, public := filled(t, 10)
			test.cut(t, dir)
			l := open(t, dir)
			if l.Head().Size != test.size {
				t.Fatalf("%d entries, want %d", l.Head().Size, test.size)
			}
			fill(t, l, int(test.size), 2)
			if _, err := audit.Verify(dir, public); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestACrashInABatchOverTwoBundlesKeepsBoth(t *testing.T) {
	long, public := filled(t, 600)
	short, _ := filled(t, 100)
	head, _ := os.ReadFile(filepath.Join(short, "checkpoint")) // everything was written but the head
	os.WriteFile(filepath.Join(long, "checkpoint"), head, 0o600)
	if l := open(t, long); l.Head().Size != 600 {
		t.Fatalf("%d entries, want 600", l.Head().Size)
	}
	if _, err := audit.Verify(long, public); err != nil {
		t.Error(err)
	}
}

func TestAFailedWriteLeavesALogThatGoesOn(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, 0, 255)
	blocker := filepath.Join(dir, "tile", "1") // the 256th entry wants a folder of this name
	os.WriteFile(blocker, nil, 0o600)
	if _, err := l.AppendAll([]audit.Entry{entry(255), entry(256)}); err == nil {
		t.Fatal("no error")
	}
	if l.Head().Size != 255 {
		t.Fatalf("head %d after a failed write", l.Head().Size)
	}
	os.Remove(blocker)
	fill(t, l, 255, 1)
	if r, err := audit.Verify(dir, l.PublicKey()); err != nil || r.Size != 256 {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestOpenRefusesALogThatDoesNotFitItsHead(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			dir, _ := filled(t, test.size)
			test.do(t, dir)
			before := snapshot(t, dir)
			l, err := audit.Open(dir, origin, seed, quiet())
			if test.mended {
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
				return
			}
			var p *audit.Problem
			if !errors.As(err, &p) || p.How != test.how || p.Index != test.index {
				t.Fatalf("%v, want %s at %d", err, test.how, test.index)
			}
			if !reflect.DeepEqual(before, snapshot(t, dir)) {
				t.Error("a refused log was changed")
			}
		})
	}
}

func TestTwoKeepersCannotWriteOneLog(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := audit.Open(dir, origin, seed, quiet()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Fatalf("second opening: %v", err)
	}
}

func TestRecentShowsOnlyOnesOwnNewestFirst(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, 0, 600)
	who := wire.Pseudonym{3} // every seventh, from 2 on
	got := l.Recent(who, 50)
	if len(got) != 50 || got[0] != entry(597) {
		t.Fatalf("%d entries, first %+v", len(got), got[0])
	}
	for i, e := range got {
		if e.Who != who || i > 0 && e.At >= got[i-1].At {
			t.Fatalf("entry %d: %+v", i, e)
		}
	}
	if got := l.Recent(who, 1000); len(got) != 86 {
		t.Errorf("%d entries of one person, want 86", len(got))
	}
	other := audit.Entry{Who: wire.Pseudonym{99}} // somebody else's, with the same bytes in another field
	copy(other.Consent[:], who[:])
	if _, err := l.Append(other); err != nil {
		t.Fatal(err)
	}
	if got := l.Recent(who, 1); len(got) != 1 || got[0] != entry(597) {
		t.Errorf("somebody else's entry was shown: %+v", got)
	}
	if got := l.Recent(wire.Pseudonym{}, 10); got != nil {
		t.Errorf("nobody has %d entries", len(got))
	}
}

func TestAnOriginThatCannotNameAKeyIsRefused(t *testing.T) {
	for _, bad := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := audit.Open(t.TempDir(), bad, seed, quiet()); err == nil {
			t.Errorf("origin %q was taken", bad)
		}
	}
}

func TestAfterCloseNothingIsWritten(t *testing.T) {
	l := open(t, t.TempDir())
	l.Close()
	if _, err := l.Append(entry(0)); err == nil {
		t.Error("an entry was appended after Close")
	}
}

func raw(t *testing.T, i int) []byte {
	t.Helper()
	dir, _ := filled(t, i+1)
	e := entriesOf(t, dir)[i]
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(e))), e...)
}

func addTo(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
