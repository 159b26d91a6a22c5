package capture

// A Frame is one picture. It belongs to whoever got it from Next or Decode, who wipes it when done; its memory is then
// used again for another one.
type Frame struct {
	Pix  []byte // BGR, W*H*3; empty until the frame is developed
	W, H int
	Seq  uint64 // counts up from 1 over the frames that Next handed out
	At   int64  // CLOCK_MONOTONIC nanoseconds when the picture was complete

	film   []byte // as the camera sent it, YUYV, while Pix is empty
	stride int    // bytes of a line of the film; 0: there is none
	back   func(*Frame)
}

// Cells of a glance.
const (
	GlanceWide, GlanceHigh = 32, 24
)

// A Glance is the brightness of 32×24 cells of a picture, in which nobody can be recognised.
type Glance [GlanceWide * GlanceHigh]int16

// Develop makes the pixels. Whether anything moved is seen without.
func (f *Frame) Develop() {
	if f.stride > 0 {
		f.Pix = sized(f.Pix, f.W*f.H*3)
		fromYUYV(f.Pix, f.film, f.W, f.H, f.stride)
		clear(f.film)
		f.stride = 0
	}
}

// Glance takes the mean brightness of each cell from a few of its pixels: green, which carries most of the light, or
// the luma of a frame that is not developed.
func (f *Frame) Glance(g *Glance) {
	plane, stride, pixel, first := f.film, f.stride, 2, 0
	if stride == 0 {
		plane, stride, pixel, first = f.Pix, f.W*3, 3, 1
	}
	step := 2
	if f.W > 640 { // a cell of 40×30 pixels still has eighty of them
		step = 4
	}
	for y := range GlanceHigh {
		top, bottom := y*f.H/GlanceHigh, (y+1)*f.H/GlanceHigh
		for x := range GlanceWide {
			left, right := x*f.W/GlanceWide, (x+1)*f.W/GlanceWide
			sum, n := 0, 0
			for r := top; r < bottom && left < right; r += step {
				line := plane[r*stride+left*pixel+first : r*stride+(right-1)*pixel+first+1]
				for i := 0; i < len(line); i += step * pixel {
					sum += int(line[i])
					n++
				}
			}
			g[y*GlanceWide+x] = int16(sum / max(n, 1))
		}
	}
}

// Wipe overwrites the pixels. The frame is empty afterwards, and its source may fill it again.
func (f *Frame) Wipe() {
	clear(f.Pix)
	if f.stride > 0 {
		clear(f.film)
	}
	*f = Frame{Pix: f.Pix[:0], film: f.film, back: f.back}
	if f.back != nil {
		f.back(f)
	}
}

// sized is a slice of n bytes, in the same memory where that is large enough.
func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
