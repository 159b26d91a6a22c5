package eye

import (
	"bytes"
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/wire"
)

func frame(w, h int, at time.Duration, grey byte) *capture.Frame {
	return &capture.Frame{Pix: bytes.Repeat([]byte{grey}, w*h*3), W: w, H: h, At: int64(at)}
}

func TestStillnessSparesTheDetector(t *testing.T) {
	begun := time.Hour
	for _, c := range []struct {
		name     string
		frame    *capture.Frame
		somebody bool
		want     bool
		moved    bool
	}{
		{"nothing moved", frame(640, 480, begun+100*time.Millisecond, 100), false, false, false},
		{"noise is not movement", frame(640, 480, begun+100*time.Millisecond, 108), false, false, false},
		{"the light changed", frame(640, 480, begun+100*time.Millisecond, 130), false, true, true},
		{"somebody was there", frame(640, 480, begun+100*time.Millisecond, 100), true, true, false},
		{"nothing moved for a second", frame(640, 480, begun+stillEvery, 100), false, true, false},
		{"somebody stepped into a corner", stepIn(frame(640, 480, begun+100*time.Millisecond, 100)), false, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s stillness
			if look, _ := s.worthLooking(frame(640, 480, begun, 100), false); !look {
				t.Fatal("the first frame was not looked at")
			}
			if got, moved := s.worthLooking(c.frame, c.somebody); got != c.want || moved != c.moved {
				t.Errorf("worth looking: %v, moved %v, want %v and %v", got, moved, c.want, c.moved)
			}
		})
	}
}

// Each frame differs little from the one before, and the last a lot from the first.
func TestWhoComesInSlowlyIsNoticed(t *testing.T) {
	var s stillness
	s.worthLooking(frame(640, 480, time.Hour, 100), false)
	for i := 1; i <= 5; i++ {
		look, _ := s.worthLooking(frame(640, 480, time.Hour+time.Duration(i)*60*time.Millisecond, byte(100+3*i)), false)
		if look != (i == 4) {
			t.Errorf("frame %d: worth looking %v", i, look)
		}
	}
}

// stepIn draws a face as small as the zone's least eye distance lets in: 52 pixels wide, somewhat higher.
func stepIn(f *capture.Frame) *capture.Frame {
	for y := 20; y < 85; y++ {
		for x := 20; x < 72; x++ {
			f.Pix[(y*f.W+x)*3+1] = 190
		}
	}
	return f
}

// Neither the mirror nor the grid trips over a frame of any size.
func TestFramesOfAnySize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := frame(rapid.IntRange(1, 700).Draw(t, "w"), rapid.IntRange(1, 700).Draw(t, "h"), time.Second, 9)
		var s stillness
		s.worthLooking(f, false)
		var m mirror
		m.shrink(f)
		if r := m.small.Rect; r.Dx() > mirrorWide || r.Dy() > mirrorWide || m.small.Pix[len(m.small.Pix)-4] != 9 {
			t.Fatalf("%v", r)
		}
		m.wipe()
		if len(bytes.Trim(m.small.Pix, "\x00")) > 0 {
			t.Fatal("the small picture was not wiped")
		}
	})
}

// late is a camera whose frame arrives just after the keeper has said: rest.
type late struct {
	capture.Source
	orders *orders
	frame  *capture.Frame
}

func (l *late) Next(context.Context) (*capture.Frame, error) {
	l.orders.rest()
	return l.frame, nil
}

func TestAFrameThatComesAfterTheOrderToRestIsDroppedUnread(t *testing.T) {
	o := newOrders(t.Context())
	o.set(wire.Look{Gaze: wire.Enrol, Preview: true})
	order, term := o.now()
	source := &late{orders: o, frame: frame(64, 48, time.Second, 9)}
	pix := source.frame.Pix
	w := &watch{source: source, orders: o} // neither sight nor keeper nor screen: using them would panic
	if err := w.look(term, order); err != nil {
		t.Fatal(err)
	}
	if w.still.seen || len(bytes.Trim(pix, "\x00")) > 0 {
		t.Error("the frame was read, or not wiped")
	}
}

func TestOrders(t *testing.T) {
	o := newOrders(t.Context())
	look, term := o.now()
	if look.Gaze != wire.Rest || look.Preview {
		t.Errorf("the eye begins with %+v", look)
	}
	o.set(wire.Look{Gaze: wire.Watch, Preview: true})
	if term.Err() == nil {
		t.Error("a new order is not noticed")
	}
	o.rest() // as when the keeper begins a new life
	if look, _ := o.now(); look.Gaze != wire.Rest || look.Preview {
		t.Errorf("after the keeper's new life: %+v", look)
	}
}
