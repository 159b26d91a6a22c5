package vision

import (
	"math"
	"math/cmplx"

	"example.org/edged/internal/wire"
)

// The limits of a picture that a template may be made of, narrower than those of a passage: whoever is enrolled stands
// still and has a minute, and what is stored meets them at the door for a year. How many ordinary press photographs pass
// each is in docs/measurements.md (`edged bench enrol`).
const (
	fitEyes     = 32   // pixels between the eyes
	fitTurn     = 0.30 // of the eye distance that the nose lies beside the line from the eyes to the mouth
	fitTilt     = 0.35 // radians, 20 degrees
	fitNodMin   = 0.28
	fitNodMax   = 0.75
	fitSharp    = 40
	fitMean     = 45   // a face darker than that is asked into the light; a passage takes it and turns up the gain
	fitWhite    = 0.1  // of pixels at the upper end
	fitContrast = 18   // standard deviation of the upright face in grey
	fitSide     = 0.55 // of the brighter half's light that the darker half gets
)

// fit is verdict for a picture that a template is made of: the same order, the first thing that a person can mend.
func (z zone) fit(passable wire.Verdict, l look) wire.Verdict {
	if passable != wire.Good {
		return passable
	}
	turn, tilt, nod := pose(l.points.five())
	contrast, side := light(l.grey)
	switch {
	case l.points.eyeDistance() < max(fitEyes, float64(z.MinEyeDistance)):
		return wire.TooFar
	case math.Abs(turn) > fitTurn || math.Abs(tilt) > fitTilt || nod < fitNodMin || nod > fitNodMax:
		return wire.TurnHead
	case l.mean < fitMean:
		return wire.TooDark
	case white(l.grey) > fitWhite:
		return wire.TooBright
	case contrast*l.gain < fitContrast, side < fitSide:
		return wire.Uneven
	case sharpness(l.grey, l.gain) < fitSharp:
		return wire.Blurred
	}
	return wire.Good
}

// light says how much the inner part of the upright face differs in brightness, and what share of the brighter half's
// light the darker half gets. Upright, the nose is in the middle, so the halves are the person's own.
func light(grey []byte) (contrast, side float64) {
	var sum, squares float64
	var half [2]float64
	const from, to, edge = 24, chipSize - 8, 16
	for y := from; y < to; y++ {
		for x := edge; x < chipSize-edge; x++ {
			v := float64(grey[y*chipSize+x])
			sum += v
			squares += v * v
			half[x/(chipSize/2)] += v
		}
	}
	n := float64((to - from) * (chipSize - 2*edge))
	return math.Sqrt(max(0, squares/n-sum/n*sum/n)), min(half[0], half[1]) / max(half[0], half[1], 1)
}

// openness is the eye aspect ratio (Soukupová and Čech, Real-Time Eye Blink Detection using Facial Landmarks, 2016),
// the mean of both eyes. It differs more between two people's open eyes than between one person's open and half shut
// ones, so no limit stands here: the keeper compares it with the same person's other frames, and nobody is refused for
// the eyes they have.
func (p *points) openness() float32 {
	one := func(i int) float64 {
		return (cmplx.Abs(p[i+1]-p[i+5]) + cmplx.Abs(p[i+2]-p[i+4])) / max(2*cmplx.Abs(p[i]-p[i+3]), 1)
	}
	return float32(min((one(36)+one(42))/2, 1))
}
