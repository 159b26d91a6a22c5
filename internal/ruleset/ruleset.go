// Package ruleset says which law was in force on a day, so that every decision and every line of the log can name it.
// It never looks at when a face was taken: to keep one is to process it (judicial provisions 2021, article 1), so what
// is stored today is held to today's rules, and nothing is grandfathered.
package ruleset

import (
	"time"

	"example.org/edged/internal/wire"
)

// A Set is everything that was in force from a day on. Each later one contains the earlier.
type Set struct {
	ID   wire.RuleSet
	From time.Time // midnight in China
	Adds string    // what came with it
}

// Sets are all of them, the oldest first.
func Sets() []Set {
	china := time.FixedZone("", 8*60*60) // fixed: China has had no summer time since 1991
	return []Set{
		{wire.RulesNone, time.Time{}, "none of the rules on face recognition"},
		{wire.Rules20210801, time.Date(2021, 8, 1, 0, 0, 0, 0, china), "judicial provisions on civil cases about face recognition, Fashi [2021] No. 15"},
		{wire.Rules20211101, time.Date(2021, 11, 1, 0, 0, 0, 0, china), "Personal Information Protection Law"},
		{wire.Rules20250601, time.Date(2025, 6, 1, 0, 0, 0, 0, china), "Measures for the security management of face recognition technology, Order No. 19"},
	}
}

// At is the set that was in force at t.
func At(t time.Time) Set {
	all := Sets()
	for i := len(all) - 1; i > 0; i-- {
		if !t.Before(all[i].From) {
			return all[i]
		}
	}
	return all[0]
}
