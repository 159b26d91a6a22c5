// Package calendar counts working days in mainland China: weekdays without the holidays of the State Council's yearly
// schedule, and with the weekend days that it makes up for them. It never guesses a schedule that it does not have:
// where a count runs into such a year, it gives a provisional day that cannot be too late.
//
// The day of the event is not counted; the last day is a working day by construction (Civil Code, articles 201 and 203).
package calendar

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// The schedules that came with this release: the State Council's notices on the holidays of 2025 (Guobanfa mingdian
// [2024] No. 12) and 2026 ([2025] No. 7).
//
//go:embed days.txt
var builtin string

// A Calendar knows some years.
type Calendar struct{ years map[int]*year }

// A year is one schedule: days that are not as their weekday says.
type year struct{ off, work map[time.Time]bool }

// Known is the calendar of this release.
func Known() Calendar {
	c := Calendar{map[int]*year{}}
	for part := range strings.SplitSeq(strings.TrimSpace(builtin), "\n\n") {
		n, y, err := parse(part)
		if err != nil {
			panic("calendar: internal error: " + err.Error())
		}
		c.years[n] = y
	}
	return c
}

// title is the first line of a schedule, and so of what a signature stands under.
const title = "edged working days, version 1"

// With adds a year that came later, as a note signed by somebody whom the installer has named. One that is not signed,
// or by somebody else, or makes no sense, changes nothing.
func (c Calendar) With(signed []byte, key string) (Calendar, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return c, fmt.Errorf("the calendar's key is not a note verifier key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	var stranger *note.UnverifiedNoteError
	if errors.As(err, &stranger) {
		return c, errors.New("the calendar is signed by nobody whom the config names")
	}
	if err != nil {
		return c, fmt.Errorf("the calendar is not a signed note: %w", err)
	}
	number, y, err := parse(n.Text)
	if err != nil {
		return c, err
	}
	more := Calendar{map[int]*year{}}
	for n, y := range c.years {
		more.years[n] = y
	}
	more.years[number] = y
	return more, nil
}

// A Due is the last day of a term.
type Due struct {
	Day         time.Time // midnight, in UTC, of the day as a calendar on the wall shows it
	Provisional bool      // a schedule is missing: the real day is this one or later
}

func (d Due) String() string {
	if d.Provisional {
		return d.Day.Format(time.DateOnly) + " (provisional: the schedule of a year is missing)"
	}
	return d.Day.Format(time.DateOnly)
}

// After is the n-th working day after the day of at, as it is in China. Where a schedule is missing it is n days later,
// which can never be after the n-th working day.
func (c Calendar) After(at time.Time, n int) Due {
	y, m, d := at.In(time.FixedZone("", 8*60*60)).Date()
	begin := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	day := begin
	for left := n; left > 0; {
		day = day.AddDate(0, 0, 1)
		year, known := c.years[day.Year()]
		if !known {
			return Due{begin.AddDate(0, 0, n), true}
		}
		if year.works(day) {
			left--
		}
	}
	return Due{Day: day}
}

func (y *year) works(day time.Time) bool {
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	return y.work[day] || !weekend && !y.off[day]
}

// Sane bounds of a schedule: the longest so far had 33 days off that were announced, and 7 made up.
const mostOff, mostWork = 45, 14

// parse reads one schedule: the title, the year, days off, and weekend days that are worked.
func parse(text string) (int, *year, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 4 || lines[0] != title {
		return 0, nil, fmt.Errorf("not a schedule: it must begin with %q and have four lines", title)
	}
	var number int
	if _, err := fmt.Sscanf(lines[1], "year %d", &number); err != nil || lines[1] != fmt.Sprintf("year %d", number) || number < 2025 || number > 2099 {
		return 0, nil, errors.New("not a schedule: the second line must be a year from 2025 on")
	}
	y := &year{}
	var err error
	if y.off, err = days(lines[2], "off", number, mostOff); err != nil {
		return 0, nil, err
	}
	if y.work, err = days(lines[3], "work", number, mostWork); err != nil {
		return 0, nil, err
	}
	if len(y.off) < 10 {
		return 0, nil, errors.New("not a schedule: there are more days off in a year")
	}
	for d := range y.work {
		if y.off[d] || d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			return 0, nil, fmt.Errorf("not a schedule: %s cannot be made up", d.Format(time.DateOnly))
		}
	}
	return number, y, nil
}

func days(line, word string, year, most int) (map[time.Time]bool, error) {
	words := strings.Split(line, " ")
	if words[0] != word || len(words)-1 > most {
		return nil, fmt.Errorf("not a schedule: the line %q is missing or too long", word)
	}
	if !slices.IsSorted(words[1:]) {
		return nil, fmt.Errorf("not a schedule: the days of %q are not in order", word)
	}
	all := map[time.Time]bool{}
	for _, w := range words[1:] {
		d, err := time.Parse(time.DateOnly, w)
		if err != nil || d.Year() != year || all[d] {
			return nil, fmt.Errorf("not a schedule: %q is not a day of %d, or comes twice", w, year)
		}
		all[d] = true
	}
	return all, nil
}
