package audit_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"example.org/edged/internal/audit"
)

// hostile is what somebody with the folder, but without the key, might do to it.
var hostile = []struct {
	name   string
	size   int
	do     func(t *testing.T, dir string)
	how    audit.How
	index  uint64
	mended bool // the keeper cuts off or signs what lies beyond the head; a copy is still not in order
}{
	{"an entry is rewritten", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[17] = forged; return es })
	}, audit.Rewritten, 17, false},
	{"the last entry is rewritten", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[299] = forged; return es })
	}, audit.Rewritten, 299, false},
	{"an entry and its hash are rewritten", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[270] = forged; return es })
		retile(t, dir)
	}, audit.Forked, 0, false},
	{"an entry and its hash are rewritten, but not the hash over 256", 600, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[270] = forged; return es })
		retile(t, dir)
	}, audit.Forked, 256, false},
	{"an entry is dropped", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { return slices.Delete(es, 17, 18) })
	}, audit.Dropped, 17, false},
	{"a hundred entries are dropped", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { return slices.Delete(es, 100, 200) })
	}, audit.Dropped, 100, false},
	{"a whole bundle is dropped", 600, func(t *testing.T, dir string) { os.Remove(bundle(dir, 1)) }, audit.Dropped, 256, false},
	{"two entries are swapped", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[40], es[290] = es[290], es[40]; return es })
	}, audit.Reordered, 40, false},
	{"the tail is cut", 300, func(t *testing.T, dir string) { edit(t, dir, func(es [][]byte) [][]byte { return es[:280] }) }, audit.Truncated, 280, false},
	{"the tail is cut in the middle of an entry", 300, func(t *testing.T, dir string) { shorten(t, bundle(dir, 1), 30) }, audit.Truncated, 299, false},
	{"the tail is cut and its hashes too", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { return es[:280] })
		retile(t, dir)
	}, audit.Truncated, 280, false},
	{"everything is cut", 300, func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "tile")) }, audit.Truncated, 0, false},
	{"a hash is changed", 300, func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "tile/0/000"), 50*32) }, audit.HashChanged, 50, false},
	{"a hash high up is changed", 600, func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "tile/1/000"), 32) }, audit.HashChanged, 256, false},
	{"a tile is taken away", 600, func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "tile/0/001")) }, audit.HashChanged, 256, false},
	{"an entry is added", 300, func(t *testing.T, dir string) { addTo(t, bundle(dir, 1), framed(forged)) }, audit.Beyond, 300, true},
	{"noise is added", 300, func(t *testing.T, dir string) { addTo(t, bundle(dir, 1), []byte("noise")) }, audit.Beyond, 300, true},
	{"a bundle is added", 256, func(t *testing.T, dir string) { addTo(t, bundle(dir, 1), framed(forged)) }, audit.Beyond, 256, true},
	{"a tile grows", 300, func(t *testing.T, dir string) { addTo(t, filepath.Join(dir, "tile/0/001"), make([]byte, 32)) }, audit.Stray, 300, true},
	{"a strange file lies there", 300, func(t *testing.T, dir string) { addTo(t, filepath.Join(dir, "tile/note.txt"), []byte("x")) }, audit.Stray, 300, true},
	{"an empty file lies there", 300, func(t *testing.T, dir string) { addTo(t, filepath.Join(dir, "tile/0/002.p"), nil) }, audit.Stray, 300, true},
	{"the head is signed anew with another key", 300, func(t *testing.T, dir string) {
		other, _ := audit.Open(filepath.Join(t.TempDir(), "b"), origin, [32]byte{9}, quiet())
		b, _ := audit.Checkpoint(other.PublicKey(), other.Head())
		os.WriteFile(filepath.Join(dir, "checkpoint"), b, 0o600)
	}, audit.WrongKey, 0, false},
	{"the head says another size", 300, func(t *testing.T, dir string) { replace(t, dir, "\n300\n", "\n200\n") }, audit.HeadDamaged, 0, false},
	{"the head is noise", 300, func(t *testing.T, dir string) {
		os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("\x00\xff noise"), 0o600)
	}, audit.HeadDamaged, 0, false},
	{"the head is empty", 300, func(t *testing.T, dir string) { os.WriteFile(filepath.Join(dir, "checkpoint"), nil, 0o600) }, audit.HeadDamaged, 0, false},
	{"the head is taken away", 300, func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "checkpoint")) }, audit.HeadMissing, 0, false},
	{"the log of a new device is put there under the old head", 10, func(t *testing.T, dir string) {
		edit(t, dir, func([][]byte) [][]byte { return nil })
		retile(t, dir)
	}, audit.Truncated, 0, false},
}

var forged = []byte(`{"at":1,"trusted":true,"kind":"decision","method":"face","outcome":"denied"}`)

func TestVerifyNamesWhatWasDone(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			dir, public := filled(t, test.size)
			if r, err := audit.Verify(dir, public); err != nil || !r.OK {
				t.Fatalf("before: %v", err)
			}
			test.do(t, dir)
			r, err := audit.Verify(dir, public)
			var p *audit.Problem
			if !errors.As(err, &p) || p.How != test.how || p.Index != test.index {
				t.Fatalf("%v, want %s at %d", err, test.how, test.index)
			}
			if r.OK || r.Problem != p || !strings.Contains(r.Text(), "NOT in order") {
				t.Errorf("report %+v", r)
			}
		})
	}
}

func TestNoBitCanBeFlipped(t *testing.T) {
	dir, public := filled(t, 300)
	files := snapshot(t, dir)
	names := slices.Sorted(maps.Keys(files))
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "file")
		bit := rapid.IntRange(0, len(files[name])*8-1).Draw(rt, "bit")
		b := []byte(files[name])
		b[bit/8] ^= 1 << (bit % 8)
		os.WriteFile(dir+name, b, 0o600)
		defer os.WriteFile(dir+name, []byte(files[name]), 0o600)
		if r, err := audit.Verify(dir, public); err == nil || r.OK || r.Says == "" {
			rt.Fatalf("bit %d of %s was flipped and nobody noticed", bit, name)
		}
	})
}

func TestNoByteOfTheHeadCanBeChanged(t *testing.T) {
	dir, public := filled(t, 3)
	path := filepath.Join(dir, "checkpoint")
	good, _ := os.ReadFile(path)
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			os.WriteFile(path, b, 0o600)
			if _, err := audit.Verify(dir, public); err == nil {
				t.Errorf("byte %d as %q instead of %q", i, b[i], good[i])
			}
		}
	}
}

func TestNoiseInPlaceOfAnyFileIsRefused(t *testing.T) {
	dir, public := filled(t, 300)
	files := snapshot(t, dir)
	names := slices.Sorted(maps.Keys(files))
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "file")
		os.WriteFile(dir+name, rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(rt, "noise"), 0o600)
		defer os.WriteFile(dir+name, []byte(files[name]), 0o600)
		if _, err := audit.Verify(dir, public); err == nil {
			rt.Fatalf("noise in %s was taken", name)
		}
	})
}

func TestTheReportSaysWhatIsInTheLog(t *testing.T) {
	dir, public := filled(t, 10)
	r, err := audit.Verify(dir, public)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ok":true,"origin":"edged/test-door","size":10,"root":"` + r.Root + `","first":"2026-09-21T14:13:20Z",` +
		`"last":"2026-09-21T14:13:29Z","kinds":{"decision":8,"enrolled":2},"says":"10 entries, none changed, none missing, none added"}`
	if string(b) != want {
		t.Errorf("%s\nwant\n%s", b, want)
	}
	if text := r.Text(); !strings.Contains(text, "10 entries, none changed") || !strings.Contains(text, "2026-09-21T14:13:29Z") {
		t.Error(text)
	}
}

func TestGrowthIsToldFromRollingBackAndForking(t *testing.T) {
	dir, public := filled(t, 100)
	old, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
	before := snapshot(t, dir)
	l := open(t, dir)
	fill(t, l, 100, 300)
	l.Close()
	newer, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))

	r, err := audit.VerifyGrowth(old, dir, public)
	if err != nil || r.Grown == nil || *r.Grown != 300 {
		t.Fatalf("honest growth: %+v, %v", r, err)
	}
	witnessed := append(bytes.Clone(old), "— witness.example/w AAAAAAAAAAAA\n"...)
	if _, err := audit.VerifyGrowth(witnessed, dir, public); err != nil {
		t.Errorf("an older head with a witness's signature: %v", err)
	}
	for name, text := range before {
		os.WriteFile(dir+name, []byte(text), 0o600)
	}
	os.Remove(bundle(dir, 1))
	os.Remove(filepath.Join(dir, "tile/0/001"))
	os.RemoveAll(filepath.Join(dir, "tile/1"))
	wants(t, "the folder was put back", newer, dir, public, audit.RolledBack, 100)

	fork := filepath.Join(t.TempDir(), "fork") // the device itself, with the same key, tells another story
	f := open(t, fork)
	fill(t, f, 0, 50)
	f.AppendAll(make([]audit.Entry, 100))
	wants(t, "the device forked its log", old, fork, public, audit.Forked, 0)

	other, _ := audit.Open(t.TempDir(), origin, [32]byte{9}, quiet())
	foreign, _ := audit.Checkpoint(other.PublicKey(), other.Head())
	wants(t, "the older head is not this log's", foreign, dir, public, audit.WrongKey, 0)
}

func wants(t *testing.T, name string, old []byte, dir, public string, how audit.How, index uint64) {
	t.Helper()
	r, err := audit.VerifyGrowth(old, dir, public)
	var p *audit.Problem
	if !errors.As(err, &p) || p.How != how || p.Index != index || r.OK || r.Says == "" {
		t.Errorf("%s: %v, want %s at %d", name, err, how, index)
	}
}

func TestAFolderThatIsNotThereIsSaidInOneSentence(t *testing.T) {
	_, public := filled(t, 1)
	for _, key := range []string{public, "", "nonsense", public + "x"} {
		r, err := audit.Verify(filepath.Join(t.TempDir(), "nowhere"), key)
		if err == nil || r.OK || r.Says == "" || strings.Contains(r.Says, "\n") {
			t.Errorf("key %q: %+v", key, r)
		}
	}
}

func BenchmarkVerify50000(b *testing.B) {
	dir, public := filled(b, 50_000)
	for b.Loop() {
		if _, err := audit.Verify(dir, public); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen50000(b *testing.B) {
	dir, _ := filled(b, 50_000)
	for b.Loop() {
		l, err := audit.Open(dir, origin, seed, quiet())
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}

func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir())
	for b.Loop() {
		if _, err := l.Append(entry(1)); err != nil {
			b.Fatal(err)
		}
	}
}

func edit(t *testing.T, dir string, change func([][]byte) [][]byte) {
	t.Helper()
	es := change(entriesOf(t, dir))
	for n := 0; ; n++ {
		path := bundle(dir, n)
		if _, err := os.Stat(path); err != nil && n*256 >= len(es) {
			return
		}
		os.Remove(path)
		for _, e := range es[min(n*256, len(es)):min((n+1)*256, len(es))] {
			addTo(t, path, framed(e))
		}
	}
}

// retile makes the leaf hashes fit the entries again, as somebody would who knows the format.
func retile(t *testing.T, dir string) {
	t.Helper()
	os.RemoveAll(filepath.Join(dir, "tile/0"))
	os.MkdirAll(filepath.Join(dir, "tile/0"), 0o700)
	es := entriesOf(t, dir)
	for i, e := range es {
		h := tlog.RecordHash(e)
		addTo(t, filepath.Join(dir, "tile/0", []string{"000", "001", "002"}[i/256]), h[:])
	}
	if len(es) == 300 { // and the one hash above, where it is complete
		var t2 []tlog.Hash
		for _, e := range es[:256] {
			t2 = append(t2, tlog.RecordHash(e))
		}
		for len(t2) > 1 {
			for i := range len(t2) / 2 {
				t2[i] = tlog.NodeHash(t2[2*i], t2[2*i+1])
			}
			t2 = t2[:len(t2)/2]
		}
		os.WriteFile(filepath.Join(dir, "tile/1/000"), t2[0][:], 0o600)
	}
}

func framed(e []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(e))), e...)
}

func shorten(t *testing.T, path string, by int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-by)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	os.WriteFile(path, b, 0o600)
}

func replace(t *testing.T, dir, old, new string) {
	t.Helper()
	path := filepath.Join(dir, "checkpoint")
	b, _ := os.ReadFile(path)
	os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(new), 1), 0o600)
}
