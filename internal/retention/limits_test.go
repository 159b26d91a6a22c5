package retention_test

import (
	"maps"
	"testing"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/retention"
	"example.org/edged/internal/wire"
)

func TestTheLimitsOfThePolicy(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return begin.Add(time.Duration(days) * day) }
	for _, c := range []struct {
		name          string
		inactive, age int // days
		used          int // day of anna's last passage; -1 never
		ignorant      bool
		asked         int
		due           wire.Reason
		next          int // -1 none
	}{
		{"nothing is due before its day", 30, 90, -1, false, 29, 0, 30},
		{"whoever never came is inactive after the days since enrolment", 30, 90, -1, false, 30, wire.ReasonInactive, -1},
		{"a passage moves the day", 30, 90, 20, false, 30, 0, 50},
		{"and that day comes", 30, 90, 20, false, 50, wire.ReasonInactive, -1},
		{"age does not ask whether somebody came", 30, 90, 80, false, 90, wire.ReasonAge, -1},
		{"while the past is not known nobody is inactive", 30, 90, -1, true, 60, 0, 90},
		{"age needs no past", 30, 90, -1, true, 90, wire.ReasonAge, -1},
		{"without limits nothing is due", 0, 0, -1, false, 9999, 0, -1},
		{"without an age limit inactivity still counts", 30, 0, 10, false, 40, wire.ReasonInactive, -1},
		{"without a limit of inactivity age still counts", 0, 90, -1, false, 90, wire.ReasonAge, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := retention.NewLimits(time.Duration(c.inactive)*day, time.Duration(c.age)*day,
				func() map[person.ID]time.Time { return map[person.ID]time.Time{anna: begin} })
			if c.used >= 0 {
				l.Used(anna, at(c.used))
				l.Used(anna, at(c.used-1)) // told late: it moves nothing back
			}
			if !c.ignorant {
				l.Known()
			}
			due := maps.Collect(l.Due(at(c.asked)))
			if due[anna] != c.due || len(due) != min(1, int(c.due)) {
				t.Errorf("due %v, want %v", due, c.due)
			}
			next, ok := l.Next(at(c.asked))
			if ok != (c.next >= 0) || ok && !next.Equal(at(c.next)) {
				t.Errorf("next %v %v, want day %d", next, ok, c.next)
			}
		})
	}
}

func TestOfWhoHasNoFaceNothingIsRemembered(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	stored := map[person.ID]time.Time{anna: begin}
	l := retention.NewLimits(30*day, 0, func() map[person.ID]time.Time { return maps.Clone(stored) })
	l.Known()
	l.Used(anna, begin.Add(20*day))
	delete(stored, anna)
	_ = maps.Collect(l.Due(begin))
	stored[anna] = begin
	if due := maps.Collect(l.Due(begin.Add(31 * day))); due[anna] != wire.ReasonInactive {
		t.Error("the passage of a former face was remembered")
	}
}
