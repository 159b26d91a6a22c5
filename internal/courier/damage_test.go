package courier_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/courier"
)

func TestAFileThatEndsTheCourierIsReadThreeTimesAndNeverAgain(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 5)
	fill(t, o, 0, 3)
	o.Close()
	tries := filepath.Join(folder, "outbox.db.tries")
	os.WriteFile(tries, []byte(".."), 0o600) // two lives ended before the reading did
	o = openBox(t, folder, 5)
	if got := contents(t, o); len(got) != 3 {
		t.Errorf("given up too early: %v", got)
	}
	o.Close()
	if _, err := os.Stat(tries); !os.IsNotExist(err) {
		t.Error("a good start is counted as a bad one")
	}
	os.WriteFile(tries, []byte("..."), 0o600)
	o = openBox(t, folder, 5)
	defer o.Close()
	if got := contents(t, o); len(got) != 0 {
		t.Errorf("read a fourth time: %v", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "outbox.db.damaged-1")); err != nil {
		t.Error(err)
	}
}

func TestADamagedFileIsSetAsideWholeAndTheRoomGoesOn(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"random bytes":               func([]byte) []byte { return bytes.Repeat([]byte("not a database "), 999) },
		"one byte":                   func([]byte) []byte { return []byte{7} },
		"cut after the first page":   func(b []byte) []byte { return b[:4096] },
		"cut in the middle":          func(b []byte) []byte { return b[:len(b)/2] },
		"zeros from the second page": func(b []byte) []byte { return append(b[:4096:4096], make([]byte, len(b)-4096)...) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			o := openBox(t, folder, 10_000)
			fill(t, o, 0, 5000)
			o.Close()
			path := filepath.Join(folder, "outbox.db")
			whole, _ := os.ReadFile(path)
			bad := damage(whole)
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			o, err := courier.OpenOutbox(folder, 10_000, slog.New(slog.NewTextHandler(&said, nil)))
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			if aside, _ := os.ReadFile(path + ".damaged-1"); !bytes.Equal(aside, bad) {
				t.Error("the damaged file is not there as it was")
			}
			if strings.Count(said.String(), "\n") != 1 || !strings.Contains(said.String(), "outbox.db.damaged-1") {
				t.Errorf("said: %s", said.String())
			}
			fill(t, o, 0, 3)
			if got := contents(t, o); len(got) < 3 {
				t.Errorf("does not hold new events: %v", got)
			}
		})
	}
}

func TestAFlippedBitCostsOneEventAndNeverGoesOut(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 100)
	fill(t, o, 0, 50)
	o.Close()
	path := filepath.Join(folder, "outbox.db")
	b, _ := os.ReadFile(path)
	for at := bytes.Index(b, []byte(`{"index":17}`)); at >= 0; at = bytes.Index(b, []byte(`{"index":17}`)) {
		b[at+9] = '9' // every copy, freed pages too
	}
	os.WriteFile(path, b, 0o600)
	o = openBox(t, folder, 100)
	defer o.Close()
	got := contents(t, o)
	if len(got) != 49 || strings.Contains(fmt.Sprint(got), `{"index":97}`) {
		t.Errorf("%d events: %v", len(got), got)
	}
}

func TestAFileWhoseKeysAreOutOfOrderIsSetAside(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 100)
	fill(t, o, 0, 20)
	o.Close()
	path := filepath.Join(folder, "outbox.db")
	b, _ := os.ReadFile(path)
	at := bytes.LastIndex(b, []byte(`{"index":17}`))
	clear(b[at-12 : at-4]) // its key, before the checksum
	os.WriteFile(path, b, 0o600)
	o = openBox(t, folder, 100)
	defer o.Close()
	if aside, _ := os.ReadFile(path + ".damaged-1"); !bytes.Equal(aside, b) || len(contents(t, o)) != 0 {
		t.Error("the file was not set aside as it was")
	}
}

// A page that leads to itself: bbolt walks in circles, so the room would neither run nor fall.
func TestATreeThatLeadsToItselfIsSetAside(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 10_000)
	fill(t, o, 0, 5000)
	o.Close()
	path := filepath.Join(folder, "outbox.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	circles := 0
	for page := 2; page < len(b)/4096; page++ {
		if p := b[page*4096:]; binary.LittleEndian.Uint16(p[8:]) == 1 {
			binary.LittleEndian.PutUint64(p[16+8:], uint64(page))
			circles++
		}
	}
	os.WriteFile(path, b, 0o600)
	o = openBox(t, folder, 10_000)
	defer o.Close()
	if aside, _ := os.ReadFile(path + ".damaged-1"); circles == 0 || !bytes.Equal(aside, b) {
		t.Errorf("%d circles, and the file was not set aside", circles)
	}
}

// Whatever happens to the file: the courier starts, never crashes, and never sends what was not written.
func TestNoDamageStopsTheCourier(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 10_000)
	fill(t, o, 0, 1000)
	keys, _, _ := o.Next(300)
	o.Done(keys[299])
	fill(t, o, 1000, 1200)
	o.Close()
	whole, err := os.ReadFile(filepath.Join(folder, "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(whole)
		for range rapid.IntRange(1, 4).Draw(t, "faults") {
			at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			if rapid.Bool().Draw(t, "in a page's head") {
				at -= at % 4096
				at += rapid.IntRange(0, min(80, len(b)-at-1)).Draw(t, "in head")
			}
			switch rapid.SampledFrom([]string{"flip", "zeros", "ones", "cut"}).Draw(t, "kind") {
			case "flip":
				b[at] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
			case "zeros":
				clear(b[at:min(len(b), at+rapid.IntRange(1, 5000).Draw(t, "len"))])
			case "ones":
				for i := at; i < min(len(b), at+8); i++ {
					b[i] = 0xff
				}
			case "cut":
				b = b[:max(at, 1)]
			}
		}
		folder, err := os.MkdirTemp("", "outbox")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		os.WriteFile(filepath.Join(folder, "outbox.db"), b, 0o600)
		o, err := courier.OpenOutbox(folder, 10_000, quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		keys, events, err := o.Next(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			var i int
			if n, err := fmt.Sscanf(e, `{"index":%d}`, &i); n != 1 || err != nil || i < 0 || i >= 1200 {
				t.Fatalf("%q was never written", e)
			}
		}
		if err := o.Add([]byte("new")); err != nil {
			t.Fatal(err)
		}
		if len(keys) > 0 {
			if err := o.Done(keys[len(keys)-1]); err != nil {
				t.Fatal(err)
			}
		}
		if _, events, _ := o.Next(2); fmt.Sprint(events) != "[new]" {
			t.Fatalf("holds %q", events)
		}
	})
}
