package curve_test

import (
	"math"
	"strings"
	"testing"

	"example.org/edged/internal/curve"
	"pgregory.net/rapid"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name   string
		need   curve.Need
		want   float32
		verify bool
	}{
		{"nobody yet", curve.Need{Level: "default"}, .55, false},
		{"a family", curve.Need{Level: "default", List: 4}, .55, false},
		{"a longer list raises the threshold", curve.Need{Level: "default", List: 6}, .60, false},
		{"a list that the curve cannot bear asks for a second sign", curve.Need{Level: "default", List: 7}, .60, true},
		{"more strangers ask for it sooner", curve.Need{Level: "default", List: 2, Tries: 10}, .60, true},
		{"a weaker promise bears more people", curve.Need{Level: "default", List: 60, Years: 1}, .60, false},
		{"strict begins higher", curve.Need{Level: "strict", List: 1}, .60, false},
		{"people from anywhere are told apart more easily", curve.Need{Level: "default", People: "mixed", List: 1500}, .558, false},
		{"but not without end", curve.Need{Level: "default", People: "mixed", List: 100_000}, .558, true},
		{"strict people from anywhere stand beyond the last point", curve.Need{Level: "strict", People: "mixed", List: 100}, .60, false},
	} {
		s, err := c.need.Set()
		if err != nil || s.Threshold != c.want || s.Verify != c.verify {
			t.Errorf("%s: %+v, %v", c.name, s, err)
		}
		if s.Verify != (s.Why != "") || s.Verify != (c.need.List > s.Most) {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
	for _, bad := range []curve.Need{{}, {Level: "loose"}, {Level: "default", List: -1}, {Level: "default", People: "martians"},
		{Level: "default", Tries: -1}, {Level: "default", Years: math.NaN()}, {Level: "default", Tries: math.Inf(1)}} {
		if s, err := bad.Set(); err == nil || s.Threshold != 0 {
			t.Errorf("%+v: %+v, %v", bad, s, err)
		}
	}
	s, _ := curve.Need{Level: "default", List: 7}.Set()
	if !strings.Contains(s.Why, "bears a list of 6 people by face alone, and there are 7") {
		t.Error(s.Why)
	}
}

// More people, more tries or a stronger promise never make it easier to be let in.
func TestMoreIsNeverLooser(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() curve.Need {
			return curve.Need{Level: "default", People: rapid.SampledFrom([]string{"cohort", "mixed"}).Draw(t, "people"),
				List: rapid.IntRange(0, 5000).Draw(t, "list"), Tries: rapid.Float64Range(.01, 100).Draw(t, "tries"),
				Years: rapid.Float64Range(.1, 50).Draw(t, "years")}
		}
		n := draw()
		more := n
		more.List += rapid.IntRange(0, 1000).Draw(t, "more")
		more.Tries *= rapid.Float64Range(1, 10).Draw(t, "times")
		a, err1 := n.Set()
		b, err2 := more.Set()
		if err1 != nil || err2 != nil || b.Threshold < a.Threshold || a.Verify && !b.Verify {
			t.Fatalf("%+v gives %+v, %+v gives %+v", n, a, more, b)
		}
	})
}

// Against the defining sums of the binomial distribution, and published values.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{0, 10, 0, .3085}, {1, 10, .0025, .4450}, {5, 10, .1871, .8129}, {10, 10, .6915, 1}, {0, 0, 0, 1}, {3, 2, 0, 1}} {
		low, high := curve.Bounds(c.k, c.n, .95)
		if math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%d of %d: %v to %v", c.k, c.n, low, high)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		low, high := curve.Bounds(k, n, .95)
		if k < n {
			if p := atMost(k, n, high); math.Abs(p-.025) > 1e-6 {
				t.Fatalf("at the upper bound %v, %d or fewer of %d have probability %v", high, k, n, p)
			}
		}
		if k > 0 {
			if p := 1 - atMost(k-1, n, low); math.Abs(p-.025) > 1e-6 {
				t.Fatalf("at the lower bound %v, %d or more of %d have probability %v", low, k, n, p)
			}
		}
	})
}

func atMost(k, n int, p float64) (sum float64) {
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
