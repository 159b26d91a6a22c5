package ring_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"example.org/edged/internal/ring"
)

func pair(t *testing.T) (*ring.Writer, *ring.Reader, *os.File) {
	t.Helper()
	f, err := ring.Make()
	if err != nil {
		t.Fatal(err)
	}
	w, err := ring.OpenWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ring.OpenReader(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(); w.Close(); r.Close() })
	return w, r, f
}

func TestOnlyTheLastFourFramesCanBeRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, err := ring.Make()
		if err != nil {
			rt.Fatal(err)
		}
		defer f.Close()
		w, err := ring.OpenWriter(f)
		if err != nil {
			rt.Fatal(err)
		}
		defer w.Close()
		r, err := ring.OpenReader(f)
		if err != nil {
			rt.Fatal(err)
		}
		defer r.Close()
		type frame struct {
			slot uint8
			seq  uint64
			pix  []byte
		}
		var all []frame
		for range rapid.IntRange(1, 9).Draw(rt, "frames") {
			wd, ht := rapid.IntRange(1, 40).Draw(rt, "w"), rapid.IntRange(1, 40).Draw(rt, "h")
			pix := bytes.Repeat([]byte{rapid.Byte().Draw(rt, "colour")}, wd*ht*3)
			slot, seq, err := w.Write(pix, wd, ht)
			if err != nil {
				rt.Fatal(err)
			}
			all = append(all, frame{slot, seq, pix})
		}
		for i, f := range all {
			got := make([]byte, len(f.pix))
			ok := r.Read(got, f.slot, f.seq)
			if want := i >= len(all)-ring.Slots; ok != want {
				rt.Fatalf("frame %d of %d: read %v, want %v", i, len(all), ok, want)
			}
			if ok && !bytes.Equal(got, f.pix) {
				rt.Fatalf("frame %d came out changed", i)
			}
		}
	})
}

func TestATornCopyIsNeverHandedOut(t *testing.T) {
	w, r, _ := pair(t)
	const side = 512
	var latest struct {
		sync.Mutex
		slot uint8
		seq  uint64
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var frames [3][]byte // not a divisor of Slots: the next frame in the same slot has another colour
		for i := range frames {
			frames[i] = bytes.Repeat([]byte{byte(i)}, side*side*3)
		}
		for i := range 2000 {
			slot, seq, err := w.Write(frames[i%3], side, side)
			if err != nil {
				t.Error(err)
				return
			}
			latest.Lock()
			latest.slot, latest.seq = slot, seq
			latest.Unlock()
		}
	}()
	defer func() { <-done }()
	whole, refused := 0, 0
	pix := make([]byte, side*side*3)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		latest.Lock()
		slot, seq := latest.slot, latest.seq
		latest.Unlock()
		// The slot that will be overwritten after the next one, so that the writer often catches up with a copy.
		slot, seq = (slot+2)%ring.Slots, seq-(ring.Slots-2)
		if seq > 1<<63 || !r.Read(pix, slot, seq) {
			refused++
			continue
		}
		whole++
		if bytes.Count(pix, pix[:1]) != len(pix) {
			t.Fatalf("frame %d holds two frames", seq)
		}
	}
	t.Logf("%d whole, %d refused", whole, refused)
}

func TestWhatTheOtherSideSaysIsChecked(t *testing.T) {
	w, r, _ := pair(t)
	pix := make([]byte, 4*4*3)
	slot, seq, err := w.Write(pix, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		len  int
		slot uint8
		seq  uint64
		want bool
	}{
		{"the frame that was announced is read", 48, slot, seq, true},
		{"a slot that does not exist is refused", 48, ring.Slots, seq, false},
		{"an empty slot is refused", 48, (slot + 1) % ring.Slots, 0, false},
		{"another sequence number is refused", 48, slot, seq + 1, false},
		{"more than a slot holds is refused", ring.MaxWidth*ring.MaxHeight*3 + 1, slot, seq, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := r.Read(make([]byte, c.len), c.slot, c.seq); got != c.want {
				t.Fatalf("read %v, want %v", got, c.want)
			}
		})
	}
	for _, c := range []struct {
		name string
		w, h int
		len  int
	}{
		{"a frame wider than a slot is refused", ring.MaxWidth + 1, 1, (ring.MaxWidth + 1) * 3},
		{"a frame of no width is refused", 0, 4, 0},
		{"a frame whose pixels are too few is refused", 4, 4, 47},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := w.Write(make([]byte, c.len), c.w, c.h); err == nil {
				t.Fatal("written")
			}
		})
	}
}

func TestARingThatCouldShrinkIsRefused(t *testing.T) {
	plain, err := os.Create(filepath.Join(t.TempDir(), "plain"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_, _, good := pair(t)
	st, err := good.Stat()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.MemfdCreate("unsealed", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	unsealed := os.NewFile(uintptr(fd), "unsealed")
	defer unsealed.Close()
	for _, f := range []*os.File{plain, unsealed} {
		if err := f.Truncate(st.Size()); err != nil {
			t.Fatal(err)
		}
		if r, err := ring.OpenReader(f); err == nil {
			r.Close()
			t.Errorf("%s was taken for a ring", f.Name())
		}
	}
	if err := good.Truncate(0); err == nil {
		t.Error("a ring was shrunk")
	}
}

func TestAWriterErasesAndCountsOnWhereADeadOneStopped(t *testing.T) {
	w, r, f := pair(t)
	pix := []byte{7, 7, 7}
	slot, seq, err := w.Write(pix, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ring.OpenWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, next, err := second.Write(pix, 1, 1); err != nil || next <= seq {
		t.Fatalf("number %d after %d (%v)", next, seq, err)
	}
	if r.Read(pix, slot, seq) {
		t.Fatal("a dead writer's frame was handed out")
	}
}

func TestClosingTheWriterErasesThePictures(t *testing.T) {
	f, err := ring.Make()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := ring.OpenWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	mark := []byte("a picture of somebody's face....")
	for range ring.Slots {
		if _, _, err := w.Write(bytes.Repeat(mark, 3), 32, 1); err != nil {
			t.Fatal(err)
		}
	}
	found := func() bool {
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, st.Size())
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(b, mark)
	}
	if !found() {
		t.Fatal("the frame never lay in the ring, so this test shows nothing")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if found() {
		t.Fatal("the pixels are still there")
	}
}
