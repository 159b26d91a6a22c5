package capture

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/edged/internal/room"
)

// film is a recording of frames of 4×2 pixels, each of one brightness.
func film(levels ...byte) []byte {
	var b []byte
	for _, v := range levels {
		b = append(b, bytes.Repeat([]byte{v, 128}, 4*2)...)
	}
	return b
}

func TestARecordingIsPlayedFrameByFrameAndAgain(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "a.png", grey(t, 9))
	put(t, folder, "hall-4x2.yuyv", append(film(16, 235), 1, 2, 3)) // the last frame was cut off
	synctest.Test(t, func(t *testing.T) {
		s, err := openPictures(room.Camera{Folder: folder, Every: 100 * time.Millisecond}, quiet(), bubbleClock())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var seen []byte
		for range 6 {
			f, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			f.Develop()
			seen = append(seen, f.Pix[0])
			f.Wipe()
		}
		if !bytes.Equal(seen, []byte{9, 0, 255, 9, 0, 255}) {
			t.Errorf("%v", seen)
		}
	})
}

func TestRecordingsOfNoUseAreNamed(t *testing.T) {
	for _, c := range []struct {
		name, file string
		content    []byte
		want       error
	}{
		{"a name without a size", "hall.yuyv", film(16), ErrUnreadable},
		{"an odd width", "hall-3x2.yuyv", film(16), ErrUnreadable},
		{"no height", "hall-4x0.yuyv", film(16), ErrUnreadable},
		{"a frame that is not whole", "hall-4x2.yuyv", film(16)[:15], ErrUnreadable},
		{"frames too large", "hall-9998x2.yuyv", film(16), ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			put(t, folder, c.file, c.content)
			if _, err := openReel(filepath.Join(folder, c.file)); !errors.Is(err, c.want) {
				t.Errorf("error %v", err)
			}
			if _, err := openPictures(room.Camera{Folder: folder}, quiet(), monotonic); err == nil || !strings.Contains(err.Error(), "no usable picture") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// What moves is seen alike in a frame as the camera sent it and in its pixels.
func TestAGlanceNeedsNoPixels(t *testing.T) {
	f := &Frame{}
	if err := f.expose(film(100), 4, 2, 8); err != nil {
		t.Fatal(err)
	}
	var before, after Glance
	f.Glance(&before)
	if len(f.Pix) > 0 {
		t.Error("a glance developed the frame")
	}
	f.Develop()
	f.Glance(&after)
	// Cells that no pixel falls into are dark in both.
	for i := range before {
		want := int16((298*(int(before[i])-16) + 128) >> 8)
		if d := after[i] - want; before[i] != 0 && (d > 1 || d < -1) {
			t.Fatalf("cell %d is %d before and %d after, want %d", i, before[i], after[i], want)
		}
	}
}

func TestAWipedFrameIsEmptyAndItsMemoryUsedAgain(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "hall-4x2.yuyv", film(50, 60, 70))
	s, err := openPictures(room.Camera{Folder: folder, Every: time.Microsecond}, quiet(), monotonic)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.Develop()
	pix, raw := f.Pix, f.film
	f.Wipe()
	if len(bytes.Trim(pix, "\x00"))+len(bytes.Trim(raw, "\x00")) > 0 || len(f.Pix) > 0 || f.Seq != 0 {
		t.Error("something was left")
	}
	again, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again != f || &again.film[0] != &raw[0] {
		t.Error("the memory was not used again")
	}
	again.Wipe() // not developed
	if len(bytes.Trim(raw, "\x00")) > 0 {
		t.Error("the film was not wiped")
	}
}

// A recorded frame that is handed out, glanced at, developed and wiped costs no memory once the first was; so does one
// that is not looked at.
func TestFramesOfACameraAllocateNothing(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "hall-4x2.yuyv", film(bytes.Repeat([]byte{90}, 200)...))
	now := int64(1)
	s, err := openPictures(room.Camera{Folder: folder, Every: time.Millisecond}, quiet(), func() int64 { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var g Glance
	next := func() {
		f, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f.Glance(&g)
		if now%2 == 0 {
			f.Develop()
		}
		f.Wipe()
		now += int64(time.Millisecond)
	}
	next()
	if n := testing.AllocsPerRun(100, next); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// The same for a picture that a device or a lens has brought.
func TestALivePictureAllocatesNothing(t *testing.T) {
	l := &live[int]{silent: time.Second, maxAge: time.Second, now: func() int64 { return 5 }, log: quiet(),
		decode: func(f *Frame, v *int) (uint64, error) {
			f.W, f.H, f.Pix = 8, 8, sized(f.Pix, 8*8*3)
			return uint64(*v), nil
		}, drop: func(int) {}}
	l.wake = make(chan struct{}, 1)
	n := 0
	next := func() {
		n++
		l.put(n, 5)
		f, err := l.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f.Wipe()
	}
	next()
	if n := testing.AllocsPerRun(100, next); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}
