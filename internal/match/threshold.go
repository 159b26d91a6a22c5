package match

import "fmt"

// A row is one point of the measured impostor curve.
type row struct {
	threshold float32
	// fmr is the share of pairs of different people that are taken for one person at this threshold.
	fmr float64
}

// cohort was measured with the default model pack on people of one cohort (young, of one region, photographed in one
// room), who are 70 to 300 times as easily mistaken for each other as people picked at random from the press pictures
// of LFW. A door has a cohort in front of it, a household or an office, so it is this curve that counts. The last 0
// means that no pair was mistaken, not that none can be: twins and siblings reach .61 to .82 and cannot be told apart.
// It holds for this pack only. Source: docs/measurements.md.
var cohort = []row{{.45, 7.8e-3}, {.50, 7.6e-4}, {.55, 1.3e-5}, {.60, 0}}

// levels are the lowest threshold that each level may use.
var levels = map[string]float32{"default": .55, "strict": .60}

// strangers is how often a stranger of the cohort may be taken for anybody at all in one sighting: of a hundred, one.
// Several sightings must agree on top (Votes), which is not counted here because they are not independent.
const strangers = 1e-2

// Threshold says how alike is alike enough when there are so many people to be mistaken for. A search among n people
// has n chances to be wrong, so a longer list raises the threshold along the curve; no list lowers it below its level.
func Threshold(level string, people int) (float32, error) {
	least, ok := levels[level]
	if !ok {
		return 0, fmt.Errorf("match: level %q is neither default nor strict", level)
	}
	if people < 0 {
		return 0, fmt.Errorf("match: %d people", people)
	}
	for _, r := range cohort {
		if r.threshold >= least && float64(people)*r.fmr <= strangers {
			return r.threshold, nil
		}
	}
	return 0, fmt.Errorf("match: no threshold is measured for %d people", people)
}
