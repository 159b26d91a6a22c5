package birthday_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/wire"
)

const beijing = 8 * time.Hour

func born(t rapid.TB, n uint32) birthday.Date {
	t.Helper()
	d, err := birthday.Parse(n, birthday.On(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), 0))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// noon of a day in local time.
func noon(y, m, d int) time.Time {
	return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC).Add(-beijing)
}

// The vectors of LAW.md T-7, and of each the day before and after at the other limit.
func TestT7_AgeVectors(t *testing.T) {
	for _, tt := range []struct {
		born    uint32
		until   int
		y, m, d int
		alone   bool
	}{
		{20110601, 14, 2025, 5, 31, false},
		{20110601, 14, 2025, 6, 1, false}, // through the whole birthday: careful
		{20110601, 14, 2025, 6, 2, true},
		{20120229, 14, 2026, 2, 27, false},
		{20120229, 14, 2026, 2, 28, false}, // the birthday, by Civil Code 202
		{20120229, 14, 2026, 3, 1, true},
		{20110601, 18, 2025, 6, 2, false},
		{20110601, 18, 2029, 6, 1, false},
		{20110601, 18, 2029, 6, 2, true},
		{20120229, 18, 2030, 2, 28, false},
		{20120229, 18, 2030, 3, 1, true},
		{20120229, 16, 2028, 2, 28, false}, // a leap year has the day itself
		{20120229, 16, 2028, 2, 29, false},
		{20120229, 16, 2028, 3, 1, true},
		{20111231, 14, 2025, 12, 31, false},
		{20111231, 14, 2026, 1, 1, true},
		{20110601, 0, 2025, 6, 1, false}, // a limit below the floor is the floor
		{20110601, 13, 2025, 6, 1, false},
		{20110601, -5, 2024, 12, 1, false},
	} {
		s := born(t, tt.born).Stands(noon(tt.y, tt.m, tt.d), beijing, tt.until)
		if s.Alone != tt.alone {
			t.Errorf("born %d, on %d-%02d-%02d, guardian until %d: alone %v", tt.born, tt.y, tt.m, tt.d, tt.until, s.Alone)
		}
		if s.Alone == !s.Comes.IsZero() {
			t.Errorf("born %d: alone %v, and that comes on %v", tt.born, s.Alone, s.Comes)
		}
	}
}

// The day turns at midnight of the place, not of Greenwich.
func TestT7_TheDayIsThePlacesOwn(t *testing.T) {
	d := born(t, 20110601)
	midnight := time.Date(2025, 6, 1, 16, 0, 0, 0, time.UTC) // 2 June, 00:00 at +08:00
	before, after := d.Stands(midnight.Add(-time.Second), beijing, 14), d.Stands(midnight, beijing, 14)
	if before.Alone || !after.Alone || !before.Comes.Equal(midnight) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if before.Band != wire.AgeChild || after.Band != wire.AgeMinor {
		t.Errorf("bands %s and %s", before.Band, after.Band)
	}
}

func TestM7a_WhatIsNoBirthDate(t *testing.T) {
	today := birthday.On(noon(2026, 11, 22), beijing)
	for _, n := range []uint32{0, 1, 20110631, 20110229, 20111301, 20110010, 18991231, 99991231, 20261123, 4294967295} {
		if d, err := birthday.Parse(n, today); err == nil {
			t.Errorf("%d was read as %v", n, d)
		}
	}
	for _, n := range []uint32{19000101, 20120229, 20261122} {
		if _, err := birthday.Parse(n, today); err != nil {
			t.Error(err)
		}
	}
}

// Nobody grows younger, comes of age twice, or is alone before the law's floor.
func TestT7_ComingOfAgeHappensOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := noon(rapid.IntRange(1950, 2020).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
		d := birthday.On(first, beijing)
		until := rapid.IntRange(-3, 18).Draw(t, "until")
		at := first.Add(time.Duration(rapid.Int64Range(0, 20*366*24).Draw(t, "hours")) * time.Hour)
		s := d.Stands(at, beijing, until)
		later := d.Stands(at.Add(time.Duration(rapid.Int64Range(0, 10000).Draw(t, "more"))*time.Hour), beijing, until)
		if s.Alone && !later.Alone || later.Band < s.Band {
			t.Fatalf("%+v, then %+v", s, later)
		}
		if !s.Alone {
			if d.Stands(s.Comes.Add(-time.Nanosecond), beijing, until).Alone || !d.Stands(s.Comes, beijing, until).Alone {
				t.Fatalf("comes of age at another moment than %v", s.Comes)
			}
		} else if at.Before(first.AddDate(birthday.Floor, 0, 0)) {
			t.Fatalf("alone before %d: born %v, on %v", birthday.Floor, first, at)
		}
	})
}
