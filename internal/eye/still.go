package eye

import (
	"time"

	"example.org/edged/internal/capture"
)

// An empty hallway costs nothing to watch: while nothing moves, the detector runs only every stillEvery.
const (
	gridWide, gridHigh = 32, 24
	cellMoved          = 10 // steps of brightness; a sensor's noise, averaged over a cell, stays below
	cellsMoved         = 6  // of 768: a face at the least distance covers more
	stillEvery         = 500 * time.Millisecond
)

// stillness remembers a grey picture of 32×24 cells, in which nobody can be recognised.
type stillness struct {
	cells  [gridWide * gridHigh]int16
	seen   bool
	looked int64 // when the detector last ran, in the frame's own time
}

// worthLooking says whether the detector should see this frame.
func (s *stillness) worthLooking(f *capture.Frame, somebody bool) bool {
	moved := s.moved(f)
	if moved || somebody || f.At-s.looked >= int64(stillEvery) {
		s.looked = f.At
		return true
	}
	return false
}

func (s *stillness) moved(f *capture.Frame) bool {
	moved := 0
	for y := range gridHigh {
		for x := range gridWide {
			v := cell(f, x, y)
			old := &s.cells[y*gridWide+x]
			if d := v - *old; d > cellMoved || d < -cellMoved {
				moved++
			}
			*old = v
		}
	}
	first := !s.seen
	s.seen = true
	return first || moved >= cellsMoved
}

// cell is the mean of the green of every other pixel both ways: green carries most of the light.
func cell(f *capture.Frame, x, y int) int16 {
	left, right := x*f.W/gridWide, (x+1)*f.W/gridWide
	top, bottom := y*f.H/gridHigh, (y+1)*f.H/gridHigh
	sum, n := 0, 0
	for r := top; r < bottom; r += 2 {
		for i := (r*f.W + left) * 3; i < (r*f.W+right)*3; i += 6 {
			sum += int(f.Pix[i+1])
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return int16(sum / n)
}
