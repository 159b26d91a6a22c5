package ruleset_test

import (
	"testing"
	"time"

	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

func TestM20_EachDayHasItsRules(t *testing.T) {
	for at, want := range map[string]wire.RuleSet{
		"2021-07-31T23:59:59+08:00": wire.RulesNone, "2021-08-01T00:00:00+08:00": wire.Rules20210801,
		"2021-10-31T23:59:59+08:00": wire.Rules20210801, "2021-11-01T00:00:00+08:00": wire.Rules20211101,
		"2025-05-31T23:59:59+08:00": wire.Rules20211101, "2025-06-01T00:00:00+08:00": wire.Rules20250601,
		"2025-05-31T16:00:00Z": wire.Rules20250601, "2025-05-31T15:59:59Z": wire.Rules20211101, // midnight is China's
		"2026-11-22T09:00:00+08:00": wire.Rules20250601, "1970-01-01T00:00:00Z": wire.RulesNone,
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := ruleset.At(when).ID; got != want {
			t.Errorf("%s: %v, not %v", at, got, want)
		}
	}
}

func TestJ16_TheRulesBeginInOrderAndNoneIsLost(t *testing.T) {
	all := ruleset.Sets()
	if len(all) != 4 {
		t.Fatalf("%d sets", len(all))
	}
	for i, s := range all {
		if s.Adds == "" || int(s.ID) != i || i > 0 && !all[i-1].From.Before(s.From) || i > 0 && s.From.Format(time.DateOnly) != s.ID.String() {
			t.Errorf("%d: %+v", i, s)
		}
	}
}
