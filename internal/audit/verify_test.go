package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/audit"
)

func TestM9c_VerifyNamesWhatWasDone(t *testing.T) {
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
