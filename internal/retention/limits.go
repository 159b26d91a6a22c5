package retention

import (
	"iter"
	"sync"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// Limits is the calendar of what the policy adds to consent: a face that nobody has used for long, and a face that was
// taken long ago, must go, whatever was agreed. A passage by PIN counts as use: the person is still of this house.
type Limits struct {
	inactive, age time.Duration // 0: no such limit
	stored        func() map[person.ID]time.Time

	mu    sync.Mutex
	used  map[person.ID]time.Time
	known bool
}

// NewLimits makes the calendar. Stored tells whose face is stored, and since when.
func NewLimits(inactive, age time.Duration, stored func() map[person.ID]time.Time) *Limits {
	return &Limits{inactive: inactive, age: age, stored: stored, used: map[person.ID]time.Time{}}
}

// Used notes a passage.
func (l *Limits) Used(p person.ID, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.used[p]) {
		l.used[p] = at
	}
}

// Known says that the passages before this start have been told, too. Before that nobody counts as inactive.
func (l *Limits) Known() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = true
}

// Due yields whose limit has come.
func (l *Limits) Due(at time.Time) iter.Seq2[person.ID, wire.Reason] {
	due := map[person.ID]wire.Reason{}
	for p, e := range l.ends() {
		if !at.Before(e.at) {
			due[p] = e.why
		}
	}
	return func(yield func(person.ID, wire.Reason) bool) {
		for p, why := range due {
			if !yield(p, why) {
				return
			}
		}
	}
}

// Next is the first limit after at.
func (l *Limits) Next(at time.Time) (next time.Time, ok bool) {
	for _, e := range l.ends() {
		if e.at.After(at) && (!ok || e.at.Before(next)) {
			next, ok = e.at, true
		}
	}
	return next, ok
}

type end struct {
	at  time.Time
	why wire.Reason
}

// ends is the earliest limit of each stored face.
func (l *Limits) ends() map[person.ID]end {
	stored := l.stored()
	all := make(map[person.ID]end, len(stored))
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.used {
		if _, still := stored[p]; !still {
			delete(l.used, p) // of somebody without a face nothing is remembered
		}
	}
	for p, since := range stored {
		if l.age > 0 {
			all[p] = end{since.Add(l.age), wire.ReasonAge}
		}
		last := since
		if u := l.used[p]; u.After(last) {
			last = u
		}
		if at := last.Add(l.inactive); l.inactive > 0 && l.known && (l.age == 0 || at.Before(all[p].at)) {
			all[p] = end{at, wire.ReasonInactive}
		}
	}
	return all
}
