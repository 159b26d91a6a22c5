package vision

import (
	"math"
	"math/cmplx"

	"example.org/edged/internal/wire"
)

// The limits of a good picture. Light is from docs/measurements.md; turn, nod and sharpness are set so that each lets
// 99 % of 2,000 ordinary press photographs pass, and sharpness none of them after a blur of 3 pixels (17.9 at most).
const (
	brightEnough = 60  // below, a face is multiplied up to this:
	brightWanted = 110 // (false non-matches rise only when it is darker than that)
	gainMax      = 9   // beyond, there is more noise than face
	whiteShare   = 0.3 // of pixels at the upper end: over-exposed
	turnMax      = 0.45
	tiltMax      = 0.45 // radians, 26 degrees
	nodMin       = 0.23
	nodMax       = 0.82
	sharpMin     = 20
	tooCloseEyes = 0.4 // eye distance as a share of the frame's width
)

// gainFor is what a face of this mean brightness is multiplied with.
func gainFor(mean float64) float64 {
	if mean >= brightEnough {
		return 1
	}
	return min(brightWanted/max(mean, 1), gainMax)
}

// verdict is the one word for a frame: the first thing that is wrong, in the order in which a person can mend it.
func (z zone) verdict(in []box, face box, l look, width, height int) wire.Verdict {
	near := 0
	for _, f := range in {
		if z.near(f) {
			near++
		}
	}
	turn, tilt, nod := pose(l.points.five())
	eyes := l.points.eyeDistance()
	switch {
	case near > 1:
		return wire.Several
	case eyes > tooCloseEyes*float64(width) || cutOff(face, float64(width), float64(height)):
		return wire.TooClose
	case eyes < float64(z.MinEyeDistance):
		return wire.TooFar
	case math.Abs(turn) > turnMax || math.Abs(tilt) > tiltMax || nod < nodMin || nod > nodMax:
		return wire.TurnHead
	case l.gain >= gainMax:
		return wire.TooDark
	case white(l.grey) > whiteShare:
		return wire.TooBright
	case sharpness(l.grey, l.gain) < sharpMin:
		return wire.Blurred
	}
	return wire.Good
}

// cutOff says that a tenth of the face or more is out of the frame.
func cutOff(f box, width, height float64) bool {
	inside := box{left: max(f.left, 0), top: max(f.top, 0), right: min(f.right, width), bottom: min(f.bottom, height)}
	return inside.area() < 0.9*f.area()
}

// pose reads the head's attitude off five points, in a frame of reference in which the eyes are level and one apart:
// turn is how far the nose is beside the line from the eyes' middle to the mouth's, nod how far down it is on the way to the mouth, tilt the
// angle of the line of the eyes.
func pose(five [5]complex128) (turn, tilt, nod float64) {
	eyes := five[1] - five[0]
	if cmplx.Abs(eyes) < 1 {
		return 1, 0, 0
	}
	centre := (five[0] + five[1]) / 2
	nose := (five[2] - centre) / eyes
	mouth := ((five[3]+five[4])/2 - centre) / eyes
	if imag(mouth) <= 0.1 { // the mouth beside or above the eyes: no face that looks here
		return 1, 0, 0
	}
	nod = imag(nose) / imag(mouth)
	return real(nose) - nod*real(mouth), cmplx.Phase(eyes), nod
}

func white(grey []byte) float64 {
	n := 0
	for _, v := range grey {
		if v >= 250 {
			n++
		}
	}
	return float64(n) / float64(len(grey))
}

// sharpness is the variance of the Laplacian of the inner part of the upright chip, so that it does not depend on the
// size of the face, at the brightness that the feature model sees.
func sharpness(grey []byte, gain float64) float64 {
	const from, to = 24, chipSize - 8
	var sum, squares float64
	for y := from; y < to; y++ {
		for x := 16; x < chipSize-16; x++ {
			i := y*chipSize + x
			v := 4*int(grey[i]) - int(grey[i-1]) - int(grey[i+1]) - int(grey[i-chipSize]) - int(grey[i+chipSize])
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
	}
	n := float64((to - from) * (chipSize - 32))
	return (squares/n - sum/n*sum/n) * gain * gain
}
