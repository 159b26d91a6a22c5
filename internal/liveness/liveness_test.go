package liveness_test

import (
	"math"
	"testing"

	"example.org/edged/internal/liveness"
)

func TestThreeWords(t *testing.T) {
	for _, c := range []struct {
		mean float32
		want liveness.Outcome
	}{
		{1, liveness.Live}, {.05, liveness.Live}, {.049, liveness.Unsure}, {.0101, liveness.Unsure}, {.0099, liveness.Attack}, {0, liveness.Attack},
		{float32(math.NaN()), liveness.Unsure},
	} {
		if got := liveness.Judge(c.mean, .05); got != c.want {
			t.Errorf("%v: %v, not %v", c.mean, got, c.want)
		}
	}
	if liveness.Outcome(0) != liveness.Unsure {
		t.Error("what was never judged must not be alive")
	}
}
