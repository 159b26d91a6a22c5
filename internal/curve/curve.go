// Package curve says how alike is alike enough: from how often different people were mistaken for each other when that
// was measured, and how many people there are at a door to be mistaken for. It never trusts a rate beyond what the
// number of pairs it was measured on can bear: where that runs out, it says so and asks for a second sign.
package curve

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
)

//go:embed impostors.csv
var impostors string

// levels are the lowest threshold that each level may use.
var levels = map[string]float64{"default": .55, "strict": .60}

// confidence that the true rate is not above the bound: one-sided 95 %, so 90 % between both of Bounds.
const confidence = .90

// A Need is what is asked of a door.
type Need struct {
	Level  string  // "default" or "strict"
	People string  // whose curve: "cohort" (who look alike) or "mixed" (from anywhere); "" is cohort
	List   int     // how many people are in the gallery
	Tries  float64 // how many times a day somebody who is not in it stands there; 0 means 1
	Years  float64 // one false opening at this door in so many years; 0 means 10
}

// A Setting is what a door does about it.
type Setting struct {
	Threshold  float32
	Verify     bool    // face alone is not enough: who somebody is must be known from another sign
	FalseMatch float64 // the upper bound of the false match rate there, 95 %
	Most       int     // how many people the curve can bear by face alone
	Why        string  // in a sentence; empty unless Verify
}

type row struct{ threshold, most float64 } // most is the upper bound of the false match rate

// Set finds the lowest threshold of the level or above at which the list may be searched by face alone. A search among
// n people has n chances to be wrong. That several sightings must agree, and the margin to the second best, come on
// top and are not counted: sightings of one person are not independent.
func (n Need) Set() (Setting, error) {
	least, ok := levels[n.Level]
	if !ok {
		return Setting{}, fmt.Errorf("curve: level %q is neither default nor strict", n.Level)
	}
	if n.People == "" {
		n.People = "cohort"
	}
	if n.Tries == 0 {
		n.Tries = 1
	}
	if n.Years == 0 {
		n.Years = 10
	}
	if n.List < 0 || !(n.Tries > 0) || !(n.Years > 0) || math.IsInf(n.Tries*n.Years, 0) {
		return Setting{}, fmt.Errorf("curve: %d people, %v tries a day and %v years are not a door", n.List, n.Tries, n.Years)
	}
	rows, err := measured(n.People, least)
	if err != nil {
		return Setting{}, err
	}
	tries := n.Tries * 365.25 * n.Years
	last := rows[len(rows)-1]
	s := Setting{Threshold: float32(last.threshold), FalseMatch: last.most, Most: int(min(1/(tries*last.most), math.MaxInt32))}
	for _, r := range rows {
		if float64(max(n.List, 1))*r.most*tries <= 1 {
			s.Threshold, s.FalseMatch = float32(r.threshold), r.most
			return s, nil
		}
	}
	s.Verify = true
	s.Why = fmt.Sprintf("with %s a day at this door by somebody who is not in the list, and one false opening in %g years, "+
		"what was measured bears a list of %d people by face alone, and there are %d: PIN and face together are asked for",
		count(n.Tries), n.Years, s.Most, n.List)
	return s, nil
}

func count(tries float64) string {
	if tries == 1 {
		return "one try"
	}
	return fmt.Sprintf("%g tries", tries)
}

// measured reads the curve of some people from the lowest threshold of a level upwards. One whose highest point lies
// below the level is used at the level: a higher threshold mistakes nobody whom a lower one does not.
func measured(people string, least float64) (rows []row, err error) {
	in := csv.NewReader(strings.NewReader(impostors))
	in.Comment, in.FieldsPerRecord = '#', 4
	all, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("curve: reading impostors.csv: %w", err)
	}
	best := 1.0
	for _, f := range all[1:] {
		if f[0] != people {
			continue
		}
		threshold, err1 := strconv.ParseFloat(f[1], 64)
		mistaken, err2 := strconv.Atoi(f[2])
		pairs, err3 := strconv.Atoi(f[3])
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, fmt.Errorf("curve: impostors.csv: %v is not numbers", f)
		}
		_, best = Bounds(mistaken, pairs, confidence)
		if threshold >= least {
			rows = append(rows, row{threshold, best})
		}
	}
	if best == 1 {
		return nil, fmt.Errorf("curve: nothing was measured for people %q: write cohort or mixed", people)
	}
	if len(rows) == 0 {
		rows = []row{{least, best}}
	}
	return rows, nil
}
