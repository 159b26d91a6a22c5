package bench

import (
	"math"
	"slices"
)

// missing is the score of a pair in one of whose pictures no face was found: such a pair is never accepted.
const missing = -2

// targets are the false match rates that are reported, by the names of the JSON fields.
var targets = []struct {
	name string
	fmr  float64
}{{"1e-2", 1e-2}, {"1e-3", 1e-3}, {"1e-4", 1e-4}, {"1e-5", 1e-5}}

// tarAt gives the threshold above which at most fmr of the impostor pairs lie, and the share of genuine pairs above
// it. Both slices are sorted upwards.
func tarAt(genuine, impostor []float64, fmr float64) (tar, threshold float64) {
	if len(impostor) == 0 || len(genuine) == 0 {
		return 0, 0
	}
	allowed := int(fmr * float64(len(impostor)))
	threshold = max(impostor[len(impostor)-1-min(allowed, len(impostor)-1)], -1)
	return shareAbove(genuine, threshold), threshold
}

// eer is where the share of genuine pairs refused equals that of impostor pairs accepted: the mean of both at the
// threshold where they are nearest. Both slices are sorted upwards.
func eer(genuine, impostor []float64) float64 {
	if len(impostor) == 0 || len(genuine) == 0 {
		return 0
	}
	best, at := math.Inf(1), 0.0
	for _, scores := range [][]float64{genuine, impostor} {
		for _, t := range scores {
			refused, accepted := 1-shareAbove(genuine, t), shareAbove(impostor, t)
			gap, mean := math.Abs(refused-accepted), (refused+accepted)/2
			if gap < best || gap == best && mean < at {
				best, at = gap, mean
			}
		}
	}
	return at
}

func shareAbove(sorted []float64, t float64) float64 {
	n, found := slices.BinarySearch(sorted, t)
	for found && n < len(sorted) && sorted[n] == t {
		n++
	}
	return float64(len(sorted)-n) / float64(len(sorted))
}
