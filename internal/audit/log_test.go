package audit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

const origin = "edged/test-door"

var seed = [32]byte{1, 2, 3}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// entry gives every index its own entry, of changing length.
func entry(i int) audit.Entry {
	e := audit.Entry{At: 1_790_000_000_000 + int64(i)*1000, Trusted: true, Kind: wire.KindDecision, Method: wire.MethodPIN, Outcome: wire.Granted}
	e.Who = wire.Pseudonym{byte(i%7 + 1)}
	if i%5 == 0 {
		e.Kind, e.Consent, e.Until = wire.KindEnrolled, audit.Hash{byte(i), 9}, 1_800_000_000
	}
	return e
}

func open(t testing.TB, dir string) *audit.Log {
	t.Helper()
	l, err := audit.Open(dir, origin, seed, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// filled makes a log of n entries, in one batch, and closes it.
func filled(t testing.TB, n int) (dir, public string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "audit")
	l := open(t, dir)
	fill(t, l, 0, n)
	public = l.PublicKey()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, public
}

func fill(t testing.TB, l *audit.Log, from, n int) {
	t.Helper()
	var es []audit.Entry
	for i := from; i < from+n; i++ {
		es = append(es, entry(i))
	}
	first, err := l.AppendAll(es)
	if err != nil || first != uint64(from) {
		t.Fatalf("AppendAll: first %d, %v", first, err)
	}
}

func TestTheLogIsWhatTheOfficialPackagesRead(t *testing.T) {
	for _, n := range []int{0, 1, 2, 255, 256, 257, 511, 700} {
		dir, public := filled(t, n)
		msg, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		v, _ := note.NewVerifier(public)
		opened, err := note.Open(msg, note.VerifierList(v))
		if err != nil {
			t.Fatal(err)
		}
		tiles := tlog.TileHashReader(tlog.Tree{N: int64(n), Hash: treeHash(t, n)}, diskTiles(dir))
		root, err := tlog.TreeHash(int64(n), tiles)
		if err != nil {
			t.Fatalf("%d entries: %v", n, err)
		}
		if want := fmt.Sprintf("%s\n%d\n%s\n", origin, n, root); opened.Text != want {
			t.Fatalf("head %q, want %q", opened.Text, want)
		}
		for i := 0; i < n; i += 37 { // an inclusion proof out of the tiles on the disk
			proof, err := tlog.ProveRecord(int64(n), int64(i), tiles)
			if err != nil {
				t.Fatal(err)
			}
			raw := entriesOf(t, dir)[i]
			if err := tlog.CheckRecord(proof, int64(n), root, int64(i), tlog.RecordHash(raw)); err != nil {
				t.Fatalf("entry %d of %d: %v", i, n, err)
			}
		}
	}
}

// treeHash computes the root from the entries, with nothing of ours.
func treeHash(t *testing.T, n int) tlog.Hash {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, err error) {
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	dir, _ := filled(t, n)
	for i, raw := range entriesOf(t, dir) {
		hashes, err := tlog.StoredHashes(int64(i), raw, read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(n), read)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// diskTiles serves tiles of height 8 as a web server would, cutting partial ones out of the growing files.
type diskTiles string

func (diskTiles) Height() int                     { return 8 }
func (diskTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (d diskTiles) ReadTiles(tiles []tlog.Tile) (out [][]byte, err error) {
	for _, tile := range tiles {
		b, err := os.ReadFile(filepath.Join(string(d), "tile", fmt.Sprint(tile.L), fmt.Sprintf("%03d", tile.N)))
		if err != nil {
			return nil, err
		}
		out = append(out, b[:tile.W*tlog.HashSize])
	}
	return out, nil
}

func entriesOf(t testing.TB, dir string) (out [][]byte) {
	t.Helper()
	for n := 0; ; n++ {
		b, err := os.ReadFile(bundle(dir, n))
		if errors.Is(err, fs.ErrNotExist) {
			return out
		}
		for len(b) > 0 {
			size := int(binary.BigEndian.Uint16(b))
			out = append(out, b[2:2+size])
			b = b[2+size:]
		}
	}
}

func bundle(dir string, n int) string {
	return filepath.Join(dir, "tile", "entries", fmt.Sprintf("%03d", n))
}

func TestWhatWasAppendedIsThereAfterOpeningAnew(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		size := 0
		var public string
		for range rapid.IntRange(1, 3).Draw(rt, "runs") {
			l := open(t, dir)
			public = l.PublicKey()
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, 300), 1, 2).Draw(rt, "batches") {
				fill(t, l, size, n)
				size += n
			}
			if l.Head().Size != uint64(size) {
				rt.Fatalf("head says %d, want %d", l.Head().Size, size)
			}
			l.Close()
		}
		r, err := audit.Verify(dir, public)
		if err != nil || r.Size != uint64(size) {
			rt.Fatalf("%d entries: %+v, %v", size, r, err)
		}
	})
}

func TestTheHeadRebuiltFromTheWordIsTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, 0, 3)
	rebuilt, err := audit.Checkpoint(l.PublicKey(), l.Head())
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if !bytes.Equal(rebuilt, stored) {
		t.Errorf("rebuilt %q, stored %q", rebuilt, stored)
	}
	h := l.Head()
	h.Size++
	if _, err := audit.Checkpoint(l.PublicKey(), h); err == nil {
		t.Error("a head that was changed on the way became a checkpoint")
	}
}

func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
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
