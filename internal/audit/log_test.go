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
