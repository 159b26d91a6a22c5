package eye

import (
	"time"

	"example.org/edged/internal/capture"
)

// An empty hallway costs little to watch: while nothing has changed, the detector runs only every stillEvery.
const (
	cellMoved  = 10 // steps of brightness; a sensor's noise, averaged over a cell, stays below
	cellsMoved = 6  // of 768: a face at the least distance covers more
	stillEvery = time.Second
)

// stillness remembers the glance at the frame that the detector saw last. It compares with that one, not with the
// frame before: whoever comes in slowly changes little from frame to frame, and much after a while.
type stillness struct {
	last, now capture.Glance
	seen      bool
	looked    int64 // when the detector last ran, in the frame's own time
}

// worthLooking says whether the detector should see this frame, and whether something in it has changed.
func (s *stillness) worthLooking(f *capture.Frame, somebody bool) (look, moved bool) {
	f.Glance(&s.now)
	moved = s.moved()
	if moved || somebody || f.At-s.looked >= int64(stillEvery) {
		s.last, s.seen, s.looked = s.now, true, f.At
		return true, moved
	}
	return false, false
}

func (s *stillness) moved() bool {
	if !s.seen {
		return true
	}
	moved := 0
	for i, v := range s.now {
		if d := v - s.last[i]; d > cellMoved || d < -cellMoved {
			moved++
		}
	}
	return moved >= cellsMoved
}
