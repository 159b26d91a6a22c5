package calendar_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"example.org/edged/internal/calendar"
)

var china = time.FixedZone("", 8*3600)

func at(t testing.TB, day string) time.Time {
	t.Helper()
	d, err := time.ParseInLocation(time.DateOnly, day, china)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(9 * time.Hour)
}

// The first is the authority's own: who had 100,000 before 2025-06-01 had until 2025-07-14 (CAC notice of 2025-05-28).
func TestM15a_ThirtyWorkingDaysAsTheStateCouncilHasThem(t *testing.T) {
	c := calendar.Known()
	for _, v := range []struct{ reached, due, weekdays string }{
		{"2025-06-01", "2025-07-14", "2025-07-11"},
		{"2025-05-31", "2025-07-14", "2025-07-11"},
		{"2025-09-18", "2025-11-05", "2025-10-30"},
		{"2025-12-31", "2026-02-12", "2026-02-11"},
		{"2026-01-05", "2026-02-14", "2026-02-16"}, // ends on a Saturday that is made up; weekdays alone are too late
		{"2026-02-13", "2026-04-02", "2026-03-27"},
		{"2026-09-25", "2026-11-12", "2026-11-06"},
	} {
		got := c.After(at(t, v.reached), 30)
		if got.Provisional || got.Day.Format(time.DateOnly) != v.due {
			t.Errorf("reached on %s: %v, not %s", v.reached, got, v.due)
		}
		if got.String() == v.weekdays {
			t.Errorf("reached on %s: counted weekdays", v.reached)
		}
	}
}

func TestM15a_TheDayIsChinasDay(t *testing.T) {
	late, err := time.Parse(time.RFC3339, "2025-05-31T16:00:00Z") // 2025-06-01 in China
	if err != nil {
		t.Fatal(err)
	}
	if a, b := calendar.Known().After(late, 1), calendar.Known().After(late.Add(-time.Second), 1); !a.Day.Equal(b.Day) {
		t.Errorf("%v and %v: 1 June is a Sunday and a holiday, 2 June a holiday", a, b)
	}
	if got := calendar.Known().After(at(t, "2026-01-05").Add(14*time.Hour+59*time.Minute), 1).String(); got != "2026-01-06" {
		t.Errorf("a minute before midnight: %s", got)
	}
}

func TestM15a_AMissingScheduleGivesAProvisionalDay(t *testing.T) {
	for reached, want := range map[string]string{
		"2026-11-22": "2026-12-22 (provisional: the schedule of a year is missing)",
		"2026-11-19": "2026-12-31", // the last that fits
		"2031-03-03": "2031-04-02 (provisional: the schedule of a year is missing)",
		"2024-12-20": "2025-01-19 (provisional: the schedule of a year is missing)",
	} {
		if got := calendar.Known().After(at(t, reached), 30).String(); got != want {
			t.Errorf("reached on %s: %s, not %s", reached, got, want)
		}
	}
}

// signed makes a schedule of 2027 that is not the real one, which was not out when this was written.
func signed(t *testing.T, name, text string) (msg []byte, key string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if msg, err = note.Sign(&note.Note{Text: text}, s); err != nil {
		t.Fatal(err)
	}
	return msg, public
}

const made = "edged working days, version 1\nyear 2027\noff 2027-01-01 2027-02-05 2027-02-06 2027-02-07 2027-02-08 2027-02-09 2027-02-10 2027-02-11 2027-05-03 2027-05-04 2027-10-01\nwork 2027-01-31 2027-02-20\n"

func TestM15a_ASignedScheduleCountsAndNoOtherDoes(t *testing.T) {
	reached := at(t, "2027-01-04")
	msg, key := signed(t, "ministry", made)
	c, err := calendar.Known().With(msg, key)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.After(reached, 30); got.Provisional || got.Day.Format(time.DateOnly) != "2027-02-19" {
		t.Errorf("with the schedule: %v", got)
	}
	other, _ := signed(t, "ministry", made)
	for name, bad := range map[string][]byte{
		"another key":  other,
		"no signature": []byte(made),
		"nothing":      nil,
		"noise":        []byte("\x00\xff\n— x y\n"),
		"changed":      []byte(strings.Replace(string(msg), "2027-10-01", "2027-10-02", 1)),
	} {
		c, err := calendar.Known().With(bad, key)
		if err == nil {
			t.Errorf("%s is taken", name)
		}
		if got := c.After(reached, 30); !got.Provisional || got.Day.Format(time.DateOnly) != "2027-02-03" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, text := range map[string]string{
		"another title":       strings.Replace(made, "version 1", "version 2", 1),
		"a day of next year":  strings.Replace(made, "2027-10-01", "2028-10-01", 1),
		"a weekday made up":   strings.Replace(made, "2027-01-31", "2027-01-29", 1),
		"a day that is none":  strings.Replace(made, "2027-10-01", "2027-13-01", 1),
		"twice the same day":  strings.Replace(made, "2027-10-01", "2027-05-04", 1),
		"no holidays":         "edged working days, version 1\nyear 2027\noff\nwork\n",
		"a whole year off":    "edged working days, version 1\nyear 2027\noff" + strings.Repeat(" 2027-01-01", 300) + "\nwork\n",
		"a line more":         made + "work 2027-02-27\n",
		"a year long gone":    strings.ReplaceAll(made, "2027", "1927"),
		"days out of order":   strings.Replace(made, "2027-05-03 2027-05-04", "2027-05-04 2027-05-03", 1),
		"a year without four": strings.Replace(made, "year 2027", "year 027", 1),
	} {
		msg, key := signed(t, "ministry", text)
		if c, err := calendar.Known().With(msg, key); err == nil || !c.After(reached, 30).Provisional {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := calendar.Known().With(msg, "no key"); err == nil {
		t.Error("a key that is none is taken")
	}
}

// A provisional day is never later than the real one, whatever the schedule will be.
func TestM15a_ProvisionalIsNeverTooLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2025, 1, 1, 12, 0, 0, 0, china).AddDate(0, 0, rapid.IntRange(0, 680).Draw(t, "day"))
		n := rapid.IntRange(1, 40).Draw(t, "n")
		got := calendar.Known().After(from, n)
		y, m, d := from.Date()
		plain := time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC)
		if got.Provisional && !got.Day.Equal(plain) || got.Day.Before(plain) {
			t.Errorf("%d working days after %s: %v", n, from.Format(time.DateOnly), got)
		}
	})
}

func FuzzWith(f *testing.F) {
	f.Add([]byte(made))
	f.Fuzz(func(t *testing.T, msg []byte) {
		_, key, _ := note.GenerateKey(rand.Reader, "x")
		if _, err := calendar.Known().With(msg, key); err == nil {
			t.Error("an unsigned schedule is taken")
		}
	})
}

func ExampleCalendar_After() {
	fmt.Println(calendar.Known().After(time.Date(2026, 1, 5, 10, 0, 0, 0, china), 30))
	// Output: 2026-02-14
}
