package eye

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

// loop is a camera that shows one picture for ever, each frame with another last bit.
type loop struct {
	capture.Source
	pix   []byte
	w, h  int
	seq   uint64
	frame capture.Frame
}

func (l *loop) Next(context.Context) (*capture.Frame, error) {
	l.seq++
	f := &l.frame
	f.Pix, f.W, f.H, f.Seq, f.At = append(f.Pix[:0], l.pix...), l.w, l.h, l.seq, int64(l.seq)*int64(66*time.Millisecond)
	f.Pix[0] ^= byte(l.seq & 1)
	return f, nil
}

// The eye's whole way, from the frame to the keeper's wire, once it is warm: nothing is allocated, whether somebody
// stands there or nobody does. (What the camera's side allocates, package capture tests.)
func TestTheLoopAllocatesNothing(t *testing.T) {
	sight, err := vision.Open(modelstest.Pack(t), room.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	defer sight.Close()
	for _, c := range []struct {
		name, picture string
		features      bool
	}{{"somebody", "face.jpg", true}, {"nobody", "space_shuttle.jpg", false}} {
		t.Run(c.name, func(t *testing.T) {
			b, err := os.ReadFile(modelstest.Picture(t, c.picture))
			if err != nil {
				t.Fatal(err)
			}
			f, err := capture.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(ends[1])
			keeper, err := wire.Open[wire.EyeHears, wire.EyeSays](os.NewFile(uintptr(ends[0]), "eye"), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer keeper.Close()
			w := &watch{source: &loop{pix: f.Pix, w: f.W, h: f.H}, sight: sight, keeper: keeper, orders: newOrders(t.Context()),
				log: slog.New(slog.DiscardHandler)}
			w.orders.set(wire.Look{Gaze: wire.Watch})
			order, term := w.orders.now()
			heard := make([]byte, wire.MaxLen+1)
			look := func() {
				if err := w.look(term, order); err != nil {
					t.Fatal(err)
				}
				for { // the keeper reads, so that the wire is never full
					if n, err := unix.Read(ends[1], heard); err != nil || n == 0 {
						break
					}
				}
			}
			for range 12 {
				look()
			}
			if n := testing.AllocsPerRun(20, look); n != 0 {
				t.Errorf("%v allocations a frame", n)
			}
			if got := w.done.features.Load(); (got > 10) != c.features {
				t.Errorf("%d features", got)
			}
		})
	}
}
