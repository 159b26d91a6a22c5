package capture_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/ring"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// lens is the far end of a lens source: the words and the ring of the other room.
type lens struct {
	*wire.Conn[wire.LensHears, wire.LensSays]
	*ring.Writer
}

func openLens(t *testing.T) (capture.Source, *lens) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := ring.Make()
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]*os.File{"lens": os.NewFile(uintptr(ends[0]), "lens"), "ring": frames}
	s, err := capture.Open(room.Camera{Kind: "lens"}, func(name string) (*os.File, error) { return given[name], nil },
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l := &lens{}
	if l.Conn, err = wire.Open[wire.LensHears, wire.LensSays](os.NewFile(uintptr(ends[1]), "eye"), nil); err != nil {
		t.Fatal(err)
	}
	if l.Writer, err = ring.OpenWriter(frames); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		l.Conn.Close()
		l.Writer.Close()
		frames.Close()
	})
	return s, l
}

func now(t *testing.T) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return ts.Nano()
}

// show writes a grey frame and announces it, changed by alter.
func (l *lens) show(t *testing.T, level byte, alter func(*wire.LensFrame)) {
	t.Helper()
	slot, seq, err := l.Write(bytes.Repeat([]byte{level}, 4*2*3), 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire.LensFrame{Slot: slot, Width: 4, Height: 2, Seq: seq, CapturedAt: now(t)}
	if alter != nil {
		alter(w)
	}
	if err := l.Say(w); err != nil {
		t.Fatal(err)
	}
}

func TestAFrameOfTheLensComesThrough(t *testing.T) {
	s, l := openLens(t)
	l.show(t, 200, nil)
	f, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f.W != 4 || f.H != 2 || !bytes.Equal(f.Pix, bytes.Repeat([]byte{200}, 24)) || f.At <= 0 || f.At > now(t) {
		t.Fatalf("%+v", f)
	}
	if s.State() != wire.CameraSeeing {
		t.Fatal(s.State())
	}
}

func TestWhatTheLensSaysIsNotBelieved(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(*wire.LensFrame)
	}{
		{"a slot that does not exist", func(w *wire.LensFrame) { w.Slot = 200 }},
		{"a frame that was overwritten", func(w *wire.LensFrame) { w.Seq-- }},
		{"a frame without pixels", func(w *wire.LensFrame) { w.Width = 0 }},
		{"a frame larger than a slot", func(w *wire.LensFrame) { w.Width, w.Height = 65535, 65535 }},
		{"an old frame", func(w *wire.LensFrame) { w.CapturedAt -= int64(2 * time.Second) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, l := openLens(t)
			l.show(t, 1, c.alter)
			short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer stop()
			if f, err := s.Next(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%+v, %v", f, err)
			}
			if got := s.Counts(); got != (capture.Counts{Frames: 1, Stale: 1}) {
				t.Fatalf("%+v", got)
			}
			l.show(t, 2, nil)
			if f, err := s.Next(t.Context()); err != nil || f.Pix[0] != 2 {
				t.Fatalf("%+v, %v", f, err)
			}
		})
	}
}

func TestATimeToComeDoesNotMakeAFrameYoung(t *testing.T) {
	s, l := openLens(t)
	l.show(t, 1, func(w *wire.LensFrame) { w.CapturedAt += int64(time.Hour) })
	if f, err := s.Next(t.Context()); err != nil || f.At > now(t) {
		t.Fatalf("%+v, %v", f, err)
	}
}

func TestTheLensTellsHowItsSourceIs(t *testing.T) {
	s, l := openLens(t)
	if err := l.Say(&wire.LensState{Camera: wire.CameraSilent}); err != nil {
		t.Fatal(err)
	}
	for s.State() != wire.CameraSilent && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

func TestALensThatGoesEndsNext(t *testing.T) {
	s, l := openLens(t)
	l.Conn.Close()
	if _, err := s.Next(t.Context()); err == nil {
		t.Fatal("no error")
	}
}

func TestClosingWhileNextRunsIsSafe(t *testing.T) {
	s, l := openLens(t)
	got := make(chan error)
	go func() {
		for {
			if _, err := s.Next(context.Background()); err != nil {
				got <- err
				return
			}
		}
	}()
	for i := range byte(50) {
		l.show(t, i, nil)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
}
