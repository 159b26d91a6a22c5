package bench

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The threshold keeps its promise on the very impostors that it was read from, and no lower one would.
func TestThresholdKeepsTheTarget(t *testing.T) {
	score := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-20, 20).Draw(t, "score")) / 20 })
	rapid.Check(t, func(t *rapid.T) {
		genuine := rapid.SliceOfN(score, 1, 50).Draw(t, "genuine")
		impostor := rapid.SliceOfN(score, 1, 200).Draw(t, "impostor")
		slices.Sort(genuine)
		slices.Sort(impostor)
		target := rapid.SampledFrom([]float64{1e-1, 1e-2, 1e-3}).Draw(t, "target")
		tar, threshold := tarAt(genuine, impostor, target)
		above := func(scores []float64, limit float64) (n int) {
			for _, s := range scores {
				if s > limit {
					n++
				}
			}
			return n
		}
		if n := above(impostor, threshold); float64(n) > target*float64(len(impostor)) {
			t.Fatalf("%d of %d impostors pass at %v", n, len(impostor), threshold)
		}
		if n := above(impostor, threshold-0.01); threshold > -1 && float64(n) <= target*float64(len(impostor)) {
			t.Fatalf("a lower threshold than %v would do", threshold)
		}
		if want := float64(above(genuine, threshold)) / float64(len(genuine)); tar != want {
			t.Fatalf("TAR %v, want %v", tar, want)
		}
	})
}

func TestEqualErrorRate(t *testing.T) {
	for _, c := range []struct {
		name              string
		genuine, impostor []float64
		want              float64
	}{
		{"well apart", []float64{.8, .9}, []float64{.1, .2}, 0},
		{"the wrong way round", []float64{.1, .2}, []float64{.8, .9}, 1},
		{"one of four on either side", []float64{.2, .7, .8, .9}, []float64{.1, .2, .3, .75}, .25},
		{"no impostors", []float64{.5}, nil, 0},
	} {
		if got := eer(c.genuine, c.impostor); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzReadPairs(f *testing.F) {
	for _, s := range []string{"a,b,same\nx,y,1\n", "a,b,same\n\"x", "\xef\xbb\xbfa,b,same\r\nx,../y,0\r\n", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := readPairs(strings.NewReader(s), "pairs.csv")
		if err != nil {
			return
		}
		for _, p := range l.pairs {
			if int(p.a) >= len(l.pictures) || int(p.b) >= len(l.pictures) {
				t.Fatal("a pair names no picture")
			}
		}
		for _, p := range l.pictures {
			if strings.HasPrefix(p, "/") || p == ".." || strings.HasPrefix(p, "../") {
				t.Fatalf("%q leads out", p)
			}
		}
	})
}
