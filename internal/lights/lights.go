// Package lights draws which colours a screen shows for two seconds, and says whether the light on a face followed them.
// It never says that somebody lives: its best word is that what stands there is lit by this screen and stands before what
// is around it.
package lights

import (
	"fmt"
	"io"
	"math"
	"time"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/wire"
)

// Step is how long each colour stands. Five take two seconds; at 2.5 changes a second there are at most 1.25 flashes (pairs of
// opposing changes) a second where WCAG 2.2, success criterion 2.3.1, allows three, and no colour is a saturated red.
const Step = 400 * time.Millisecond

// Patience is for the last step to be seen: screen, camera and eye take up to latest.
const Patience = wire.LightSteps*Step + latest + 400*time.Millisecond

const latest = 600 * time.Millisecond

// A Sequence is what one screen shows once.
type Sequence [wire.LightSteps]wire.Light

// Draw takes a sequence by lot: no colour twice in a row, dark and white both in it, so that there is something to see.
func Draw(rand io.Reader) (s Sequence, err error) {
	var b [64]byte
	for range 100 {
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return s, fmt.Errorf("drawing the colours: %w", err)
		}
		n := 0
		for _, v := range b {
			c := wire.Light(v % wire.Lights) // 256 is a multiple of the four colours: none comes oftener
			if n < len(s) && (n == 0 || s[n-1] != c) {
				s[n], n = c, n+1
			}
		}
		if n == len(s) && s.has(wire.LightDark) && s.has(wire.LightWhite) {
			return s, nil
		}
	}
	return s, fmt.Errorf("drawing the colours: the source of chance gives always the same")
}

func (s Sequence) has(c wire.Light) bool {
	for _, is := range s {
		if is == c {
			return true
		}
	}
	return false
}

// A Sample is what the eye measured in one frame: mean light, linear, 0 to 1, blue, green and red.
type Sample struct {
	At           time.Duration
	Skin, Around [3]float32
}

// The limits, from synthetic light (docs/measurements.md): they have met no camera yet, so the challenge is off unless the
// config file asks for it.
const (
	perStep    = 2    // frames that each colour must have been seen in
	follows    = 0.80 // least correlation of the light on the skin with what was asked for
	contradict = 0.35 // below, light that changes much came from elsewhere
	visible    = 0.02 // least change of the light on the skin by a full white, as a share of its mean
	behind     = 0.55 // what is behind a person changes less than this part of what the person does
	flat       = 0.75 // what is on the same sheet changes more
	noSignal   = 1e-4 // mean light that is too little to tell anything by
)

// Judge compares what was asked for at began with what was seen. The time that screen and camera take is not known and is
// looked for: it is the same for the whole sequence.
func Judge(s Sequence, began time.Duration, seen []Sample) liveness.Outcome {
	best := fitted{r: math.Inf(-1)}
	for lag := time.Duration(0); lag <= latest; lag += 50 * time.Millisecond {
		if f, ok := fit(s, began+lag, seen); ok && f.r > best.r {
			best = f
		}
	}
	switch {
	case math.IsInf(best.r, -1) || best.mean < noSignal:
		return liveness.Unsure
	case best.r < contradict && best.spread > 2*visible: // light that changes, and not ours: another screen's
		return liveness.Attack
	case best.r < follows || best.gain < visible || best.aroundMean < noSignal:
		return liveness.Unsure
	}
	switch ratio := best.aroundGain / best.gain; {
	case ratio <= behind:
		return liveness.Live
	case ratio >= flat:
		return liveness.Attack
	}
	return liveness.Unsure
}

// fitted is how well light follows a sequence, with gains and spread as shares of the mean.
type fitted struct {
	r, gain, spread, mean  float64
	aroundGain, aroundMean float64
}

func fit(s Sequence, began time.Duration, seen []Sample) (f fitted, ok bool) {
	var asked, skin, around [3][]float64
	var count [wire.LightSteps]int
	for _, one := range seen {
		i := int((one.At - began) / Step)
		if one.At < began || i >= len(s) {
			continue
		}
		count[i]++
		rgb := shine(s[i])
		for c := range 3 {
			asked[c] = append(asked[c], rgb[c])
			skin[c] = append(skin[c], float64(one.Skin[c]))
			around[c] = append(around[c], float64(one.Around[c]))
		}
	}
	for _, n := range count {
		if n < perStep {
			return f, false
		}
	}
	var xx, xy, yy, xz float64
	for c := range 3 {
		f.mean += relative(skin[c]) / 3 // skin gives back more red than blue
		f.aroundMean += relative(around[c]) / 3
		centre(asked[c])
		for i, x := range asked[c] {
			y, z := skin[c][i], around[c][i]
			xx, xy, yy, xz = xx+x*x, xy+x*y, yy+y*y, xz+x*z
		}
	}
	if xx == 0 || yy == 0 || f.mean <= 0 || f.aroundMean <= 0 {
		return f, yy == 0 && f.mean > 0
	}
	f.r = xy / math.Sqrt(xx*yy)
	f.gain, f.aroundGain = xy/xx, xz/xx
	f.spread = math.Sqrt(yy / float64(3*len(asked[0])))
	return f, true
}

// relative makes shares of the mean of what is given, about it, and returns it.
func relative(v []float64) (mean float64) {
	mean = centre(v)
	for i := range v {
		v[i] /= max(mean, noSignal)
	}
	return mean
}

// centre takes the mean away and returns it.
func centre(v []float64) (mean float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for i := range v {
		v[i] -= mean
	}
	return mean
}

// shine is how much of its blue, green and red a screen gives for a colour, linear; kiosk.css has the same colours.
func shine(c wire.Light) [3]float64 {
	switch c {
	case wire.LightWhite:
		return [3]float64{1, 1, 1}
	case wire.LightBlue: // #2850ff
		return [3]float64{1, .08, .02}
	case wire.LightGreen: // #00c850
		return [3]float64{.08, .58, 0}
	}
	return [3]float64{}
}
