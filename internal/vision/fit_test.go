package vision

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/wire"
)

// portrait is a face that is good enough for a template: points where template112 has them, drawn 64 pixels between the
// eyes, with a chip that has edges and even light.
func portrait() look {
	l := look{mean: 120, gain: 1, grey: make([]byte, chipSize*chipSize)}
	for i := range l.grey {
		l.grey[i] = byte(90 + 60*(i%2) + 10*(i/chipSize%3))
	}
	at := func(i int, z complex128) { l.points[i] = z * 2 }
	for _, i := range []int{37, 38, 40, 41} {
		at(i, template112[0])
	}
	for _, i := range []int{43, 44, 46, 47} {
		at(i, template112[1])
	}
	at(30, template112[2])
	at(48, template112[3])
	at(60, template112[3])
	at(54, template112[4])
	at(64, template112[4])
	return l
}

func TestWhatATemplateMayBeMadeOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*look)
		want  wire.Verdict
	}{
		{"a good one", func(*look) {}, wire.Good},
		{"too small", func(l *look) {
			for i := range l.points {
				l.points[i] *= .4
			}
		}, wire.TooFar},
		{"turned away", func(l *look) { l.points[30] += 30 }, wire.TurnHead},
		{"nodding", func(l *look) { l.points[30] += 25i }, wire.TurnHead},
		{"head on one side", func(l *look) {
			for i := range l.points {
				l.points[i] *= complex(math.Cos(.4), math.Sin(.4))
			}
		}, wire.TurnHead},
		{"dark", func(l *look) { l.mean, l.gain = 40, gainFor(40) }, wire.TooDark},
		{"over-exposed", func(l *look) {
			for i := range chipSize * chipSize / 8 {
				l.grey[i] = 255
			}
		}, wire.TooBright},
		{"light from one side", func(l *look) {
			for i := range l.grey {
				if i%chipSize < chipSize/2 {
					l.grey[i] /= 3
				}
			}
		}, wire.Uneven},
		{"grey in grey", func(l *look) {
			for i := range l.grey {
				l.grey[i] = 120 + l.grey[i]/30
			}
		}, wire.Uneven},
		{"blurred", func(l *look) {
			for i := range l.grey {
				l.grey[i] = byte(80 + i/chipSize)
			}
		}, wire.Blurred},
	} {
		l := portrait()
		c.spoil(&l)
		if got := (zone{MinEyeDistance: minEyeDistance}).fit(wire.Good, l); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := (zone{}).fit(wire.Several, l); got != wire.Several {
			t.Errorf("%s: what the door refuses is %s for an enrolment", c.name, got)
		}
	}
}

// Openness does not depend on how large, where or how tilted a face is, and is a number whatever the points are.
func TestOpennessIsOfTheEyesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p, moved points
		turn := complex(rapid.Float64Range(.5, 9).Draw(t, "re"), rapid.Float64Range(-9, 9).Draw(t, "im"))
		high := rapid.Float64Range(0, 12).Draw(t, "height")
		for _, i := range []int{36, 42} {
			p[i], p[i+3] = 0, 30
			p[i+1], p[i+5] = complex(10, -high/2), complex(10, high/2)
			p[i+2], p[i+4] = complex(20, -high/2), complex(20, high/2)
		}
		for i := range p {
			moved[i] = p[i]*turn + complex(300, 200)
		}
		if got, want := float64(moved.openness()), high/30; math.Abs(got-want) > 1e-4 {
			t.Fatalf("%v, want %v", got, want)
		}
		var wild points
		for i := range wild {
			wild[i] = complex(rapid.Float64Range(-1e6, 1e6).Draw(t, "x"), rapid.Float64Range(-1e6, 1e6).Draw(t, "y"))
		}
		if got := wild.openness(); !(got >= 0 && got <= 1) {
			t.Fatal(got)
		}
	})
}
