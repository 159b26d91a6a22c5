package vision

import (
	"bytes"
	"math"
	"testing"
)

func TestLightIsMeasuredOnTheFaceAndBesideIt(t *testing.T) {
	v := &Vision{linear: linear()}
	const w, h = 320, 240
	pix := bytes.Repeat([]byte{100}, w*h*3)
	face := box{left: 120, top: 60, right: 200, bottom: 160}
	for y := 60; y < 160; y++ { // the face itself is no part of what is around it
		for x := 115 * 3; x < 205*3; x++ {
			pix[y*w*3+x] = 255
		}
	}
	if err := v.canvas.take(pix, w, h); err != nil {
		t.Fatal(err)
	}
	defer v.canvas.close()
	near := func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 }
	for _, got := range v.around(face) {
		if !near(got, v.linear[100]) {
			t.Errorf("around: %v, not %v", got, v.linear[100])
		}
	}
	if got := v.around(box{left: -50, top: 0, right: 400, bottom: 240}); got != [3]float32{} {
		t.Errorf("a face that fills the frame has %v around it", got)
	}
	chip := make([]byte, chipSize*chipSize*3)
	for i := 0; i < len(chip); i += 3 {
		chip[i], chip[i+1], chip[i+2] = 10, 128, 255
	}
	if got := v.skin(chip); !near(got[0], v.linear[10]) || !near(got[1], v.linear[128]) || !near(got[2], 1) {
		t.Errorf("skin: %v", got)
	}
}
