package vision_test

import (
	"bytes"
	"math"

	"example.org/edged/internal/capture"
)

// Changes that turn one good photograph into each kind of bad frame.

func times(by float64) func(*capture.Frame) {
	return func(f *capture.Frame) {
		for i, v := range f.Pix {
			f.Pix[i] = byte(min(float64(v)*by, 255))
		}
	}
}

// blur is a box of n×n pixels, twice.
func blur(n int) func(*capture.Frame) {
	return func(f *capture.Frame) {
		for range 2 {
			old := bytes.Clone(f.Pix)
			for y := n / 2; y < f.H-n/2; y++ {
				for x := n / 2; x < f.W-n/2; x++ {
					for c := range 3 {
						sum := 0
						for dy := -n / 2; dy <= n/2; dy++ {
							for dx := -n / 2; dx <= n/2; dx++ {
								sum += int(old[((y+dy)*f.W+x+dx)*3+c])
							}
						}
						f.Pix[(y*f.W+x)*3+c] = byte(sum / ((n/2*2 + 1) * (n/2*2 + 1)))
					}
				}
			}
		}
	}
}

// turned turns the picture by 40 degrees about its centre: enough for the gate, not too much for the detector.
func turned(f *capture.Frame) {
	old := bytes.Clone(f.Pix)
	sin, cos := math.Sincos(40 * math.Pi / 180)
	for y := range f.H {
		for x := range f.W {
			dx, dy := float64(x-f.W/2), float64(y-f.H/2)
			sx, sy := int(cos*dx-sin*dy)+f.W/2, int(sin*dx+cos*dy)+f.H/2
			to := f.Pix[(y*f.W+x)*3:][:3]
			clear(to)
			if sx >= 0 && sx < f.W && sy >= 0 && sy < f.H {
				copy(to, old[(sy*f.W+sx)*3:][:3])
			}
		}
	}
}

// twice puts the picture beside itself.
func twice(f *capture.Frame) {
	wide := make([]byte, 0, len(f.Pix)*2)
	for y := range f.H {
		row := f.Pix[y*f.W*3:][:f.W*3]
		wide = append(append(wide, row...), row...)
	}
	f.Pix, f.W = wide, f.W*2
}

// behind puts the picture beside itself once more, a fifth as large.
func behind(f *capture.Frame) {
	wide := make([]byte, 0, len(f.Pix)*2)
	for y := range f.H {
		wide = append(wide, f.Pix[y*f.W*3:][:f.W*3]...)
		for x := range f.W / 5 {
			wide = append(wide, f.Pix[(min(y*5, f.H-1)*f.W+x*5)*3:][:3]...)
		}
	}
	f.Pix, f.W = wide, f.W+f.W/5
}

func cropped(left, top, right, bottom float64) func(*capture.Frame) {
	return func(f *capture.Frame) {
		x0, x1 := int(left*float64(f.W)), int(right*float64(f.W))
		y0, y1 := int(top*float64(f.H)), int(bottom*float64(f.H))
		var out []byte
		for y := y0; y < y1; y++ {
			out = append(out, f.Pix[(y*f.W+x0)*3:(y*f.W+x1)*3]...)
		}
		f.Pix, f.W, f.H = out, x1-x0, y1-y0
	}
}
