// Package birthday says on which day somebody is old enough to agree alone, and keeps what the staff have seen of it.
// It never gives a date to anybody but its person, never takes one on their word alone, and never decides anything at
// the door.
//
// The law's floor is 14: below it a parent or other guardian must agree (Measures for facial recognition 2025, article
// 7; PIPL, article 31). Minors are all below 18 (Civil Code, article 17), and the courts ask for the guardian's consent
// for them, too; so 18 is what is used unless the installer chooses less, and 14 is what nobody can go below.
//
// The day is counted carefully: somebody is under age through the whole of the birthday, and agrees alone from the day
// after. Whoever was born on 29 February has a birthday on the last day of that month (Civil Code, article 202).
//
// More than five names are exported: dates, what follows from one, and the book that keeps them.
package birthday

import (
	"fmt"
	"time"

	"example.org/edged/internal/wire"
)

// Floor and Careful are the least and the usual age, in years, until which a guardian agrees.
const (
	Floor   = 14
	Careful = 18
)

// A Date is a day of the calendar. The zero Date is none.
type Date struct {
	year, month, day int
}

// Parse reads a date as it crosses the wire, yyyymmdd: a real day, not before 1900 and not after today.
func Parse(n uint32, today Date) (Date, error) {
	d := Date{int(n / 10000), int(n / 100 % 100), int(n % 100)}
	if d.year < 1900 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > lastDay(d.year, d.month) {
		return Date{}, fmt.Errorf("%08d is no birth date; write year, month and day, such as 20110601", n)
	}
	if today.before(d) {
		return Date{}, fmt.Errorf("%08d has not come yet", n)
	}
	return d, nil
}

// On is the day that it is at a moment, where local time is so far from UTC.
func On(at time.Time, offset time.Duration) Date {
	y, m, d := at.UTC().Add(offset).Date()
	return Date{y, int(m), d}
}

// Alone is the first day on which somebody born on d agrees alone, where a guardian agrees until they are so old.
func (d Date) Alone(years int) Date {
	birthday := Date{d.year + years, d.month, min(d.day, lastDay(d.year+years, d.month))}
	return birthday.next()
}

// A Standing is what follows from an age at one moment. The zero Standing is that of somebody whose age nobody has
// noted: they can neither agree nor be agreed for.
type Standing struct {
	Band  wire.AgeBand
	Alone bool      // they agree themselves, and nobody for them
	Comes time.Time // otherwise: when that day begins
}

// Grown is the standing of somebody whom the staff have seen to be 18 or older.
func Grown() Standing { return Standing{Band: wire.AgeAdult, Alone: true} }

// Stands says how somebody born on d stands at a moment. A limit below the floor is the floor.
func (d Date) Stands(at time.Time, offset time.Duration, until int) Standing {
	until = max(until, Floor)
	today := On(at, offset)
	s := Standing{Band: wire.AgeAdult, Alone: !today.before(d.Alone(until))}
	switch {
	case today.before(d.Alone(Floor)):
		s.Band = wire.AgeChild
	case today.before(d.Alone(Careful)):
		s.Band = wire.AgeMinor
	}
	if !s.Alone {
		s.Comes = d.Alone(until).begins(offset)
	}
	return s
}

// begins is the moment at which the day begins.
func (d Date) begins(offset time.Duration) time.Time {
	return time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC).Add(-offset)
}

func (d Date) number() uint32 { return uint32(d.year*10000 + d.month*100 + d.day) }

func (d Date) before(o Date) bool { return d.number() < o.number() }

func (d Date) next() Date {
	switch {
	case d.day < lastDay(d.year, d.month):
		return Date{d.year, d.month, d.day + 1}
	case d.month < 12:
		return Date{d.year, d.month + 1, 1}
	}
	return Date{d.year + 1, 1, 1}
}

func lastDay(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
