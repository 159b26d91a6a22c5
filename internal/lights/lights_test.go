package lights_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"flag"
	"math"
	mrand "math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"example.org/edged/internal/lights"
	"example.org/edged/internal/liveness"
	"example.org/edged/internal/wire"
)

var scenes = flag.Int("scenes", 400, "scenes of each kind")

// A scene is light as it falls: linear, with a room's own, a screen's that grows weaker with the square of the distance, and
// a camera that is late, noisy and drifts.
type scene struct {
	*mrand.Rand
	ambient float64 // of the room, on everything
	screen  float64 // of a white screen at half a metre
	late    time.Duration
	fps     float64
}

func anyScene(r *mrand.Rand) scene {
	return scene{r, .05 + .4*r.Float64(), .06 + .3*r.Float64(), time.Duration(50+r.IntN(450)) * time.Millisecond, 8 + 12*r.Float64()}
}

// what the screen gives at a moment: blue, green, red.
func given(s lights.Sequence, at time.Duration) [3]float64 {
	i := int(at / lights.Step)
	if at < 0 || i >= len(s) {
		return [3]float64{.5, .5, .5} // the page as it usually is
	}
	return map[wire.Light][3]float64{wire.LightDark: {.004, .004, .004}, wire.LightWhite: {1, 1, 1}, wire.LightBlue: {1, .08, .02}, wire.LightGreen: {.08, .58, 0}}[s[i]]
}

// film has a camera look. Shown says how much of the screen's light each part gives back at a moment, and own its own.
func (c scene) film(s lights.Sequence, began time.Duration, skin, around func(light [3]float64, at time.Duration) [3]float64) (all []lights.Sample) {
	drift := (c.Float64() - .5) * .02
	for at := began; at < began+lights.Patience; at += time.Duration(float64(time.Second) / c.fps) {
		light := given(s, at-began-c.late)
		take := func(v [3]float64) (out [3]float32) {
			for i := range v {
				v[i] *= 1 + drift*(at-began).Seconds() + .003*c.NormFloat64()
				out[i] = float32(min(max(v[i], 0), 1))
			}
			return out
		}
		all = append(all, lights.Sample{At: at, Skin: take(skin(light, at)), Around: take(around(light, at))})
	}
	return all
}

var (
	skinTone = [3]float64{.25, .35, .55}
	wall     = [3]float64{.5, .5, .5}
)

// lit is a surface at a distance, in metres.
func (c scene) lit(albedo [3]float64, distance float64) func([3]float64, time.Duration) [3]float64 {
	return func(light [3]float64, _ time.Duration) (v [3]float64) {
		for i := range v {
			v[i] = albedo[i] * (c.ambient + c.screen*light[i]*.25/(distance*distance))
		}
		return v
	}
}

// glows is another screen: its own picture, and four parts in a hundred of the light that falls on it.
func (c scene) glows(picture func(time.Duration) [3]float64, distance float64) func([3]float64, time.Duration) [3]float64 {
	glass := c.lit([3]float64{.04, .04, .04}, distance)
	return func(light [3]float64, at time.Duration) [3]float64 {
		v, own := glass(light, at), picture(at)
		for i := range v {
			v[i] += own[i]
		}
		return v
	}
}

func steady(v [3]float64) func(time.Duration) [3]float64 {
	return func(time.Duration) [3]float64 { return v }
}

// recorded is a film of the same person under another challenge.
func recorded(s lights.Sequence, began time.Duration) func(time.Duration) [3]float64 {
	return func(at time.Duration) (v [3]float64) {
		light := given(s, at-began)
		for i := range v {
			v[i] = skinTone[i] * (.3 + .4*light[i])
		}
		return v
	}
}

func draw(t *testing.T) lights.Sequence {
	t.Helper()
	s, err := lights.Draw(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What lives is lit by the screen, and what is behind it is not; another screen has its own light; a print is lit like
// the paper around the face. The shares are docs/measurements.md's.
func TestSyntheticLight(t *testing.T) {
	r := mrand.New(mrand.NewPCG(5, 2))
	const began = time.Hour
	n := *scenes
	for _, c := range []struct {
		name  string
		film  func(c scene, s lights.Sequence) []lights.Sample
		least map[liveness.Outcome]float64
		most  map[liveness.Outcome]float64
	}{
		{"a person before a wall", func(c scene, s lights.Sequence) []lights.Sample {
			return c.film(s, began, c.lit(skinTone, .4+.3*r.Float64()), c.lit(wall, 1.5+2*r.Float64()))
		}, map[liveness.Outcome]float64{liveness.Live: .9}, map[liveness.Outcome]float64{liveness.Attack: .01}},
		{"a person in the sun", func(c scene, s lights.Sequence) []lights.Sample {
			c.ambient, c.screen = .8, .01
			return c.film(s, began, c.lit(skinTone, .5), c.lit(wall, 2))
		}, map[liveness.Outcome]float64{liveness.Unsure: .9}, map[liveness.Outcome]float64{liveness.Attack: .01}},
		{"a photograph on a telephone", func(c scene, s lights.Sequence) []lights.Sample {
			return c.film(s, began, c.glows(steady([3]float64{.2, .3, .4}), .4), c.glows(steady([3]float64{.3, .3, .3}), .4))
		}, nil, map[liveness.Outcome]float64{liveness.Live: .01}},
		{"a film of another challenge", func(c scene, s lights.Sequence) []lights.Sample {
			other := draw(t)
			for other == s {
				other = draw(t)
			}
			return c.film(s, began, c.glows(recorded(other, began+c.late), .4), c.glows(steady([3]float64{.3, .3, .3}), .4))
		}, nil, map[liveness.Outcome]float64{liveness.Live: .2}},
		{"a print", func(c scene, s lights.Sequence) []lights.Sample {
			return c.film(s, began, c.lit(skinTone, .4+.2*r.Float64()), c.lit(wall, .4+.2*r.Float64()))
		}, nil, map[liveness.Outcome]float64{liveness.Live: .25}},
		{"a print, held flat", func(c scene, s lights.Sequence) []lights.Sample {
			d := .4 + .2*r.Float64()
			return c.film(s, began, c.lit(skinTone, d), c.lit(wall, d))
		}, map[liveness.Outcome]float64{liveness.Attack: .6}, map[liveness.Outcome]float64{liveness.Live: .01}},
	} {
		got := map[liveness.Outcome]float64{}
		for range n {
			s := draw(t)
			got[lights.Judge(s, began, c.film(anyScene(r), s))] += 1 / float64(n)
		}
		t.Logf("%-28s live %5.1f %%, attack %5.1f %%, not judged %5.1f %%", c.name, 100*got[liveness.Live], 100*got[liveness.Attack], 100*got[liveness.Unsure])
		for o, share := range c.least {
			if got[o] < share {
				t.Errorf("%s: outcome %d in %.3f, not %.3f", c.name, o, got[o], share)
			}
		}
		for o, share := range c.most {
			if got[o] > share {
				t.Errorf("%s: outcome %d in %.3f, above %.3f", c.name, o, got[o], share)
			}
		}
	}
}

func TestTooLittleToGoByIsNotJudged(t *testing.T) {
	s := draw(t)
	one := lights.Sample{At: time.Hour, Skin: [3]float32{.5, .5, .5}, Around: [3]float32{.5, .5, .5}}
	still := make([]lights.Sample, 60)
	for i := range still {
		still[i] = one
		still[i].At = time.Hour + time.Duration(i)*50*time.Millisecond
	}
	black := make([]lights.Sample, 60)
	for i := range black {
		black[i].At = still[i].At
	}
	for name, seen := range map[string][]lights.Sample{"nothing": nil, "one frame": {one}, "no change at all": still, "no light at all": black, "half of it": still[:20]} {
		if got := lights.Judge(s, time.Hour, seen); got != liveness.Unsure {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// Photosensitive people stand before doors, too (WCAG 2.2, 2.3.1): three flashes a second at most.
func TestNoSequenceFlashes(t *testing.T) {
	seen := map[lights.Sequence]bool{}
	for range 5000 {
		s := draw(t)
		seen[s] = true
		for i := range s {
			if i > 0 && s[i] == s[i-1] {
				t.Fatalf("%v: a colour twice in a row", s)
			}
		}
	}
	if changes := float64(time.Second) / float64(lights.Step); changes/2 > 3 || wire.LightSteps*lights.Step > 2*time.Second {
		t.Errorf("%.2f flashes a second, %s in all", changes/2, wire.LightSteps*lights.Step)
	}
	if len(seen) < 100 {
		t.Errorf("only %d sequences", len(seen))
	}
	t.Logf("%d sequences, %.1f bit", len(seen), math.Log2(float64(len(seen))))
	if _, err := lights.Draw(bytes.NewReader(make([]byte, 1<<20))); err == nil {
		t.Error("a broken source of chance is taken")
	}
	if _, err := lights.Draw(iotest.ErrReader(errors.New("gone"))); err == nil {
		t.Error("no source of chance is taken")
	}
}
