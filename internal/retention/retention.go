// Package retention makes faces die when they must: at their end, and at once when somebody withdraws. It never drops
// an erasure that did not work, and never counts one as done before it is recorded.
//
// One erasure goes in this order: unusable (out of the gallery, at once), erased (key and record, by the vault), told
// (to the register and the audit log). A power cut may fall between any two: the start asks the calendars, which know
// from their own files what is due, so the first pass finishes what the last life began. Each step may therefore run
// twice and must not mind.
//
// Many whose day is the same are erased together, because an erasure costs a key generation however many it is of; each
// is told on its own. Who asks to be forgotten goes before those whose date has come, also while those are under way.
//
// Time is the clock's: while it is not trusted, its Now is the floor, so nothing is erased early because somebody set
// the year wrong, and nothing whose date even the floor has passed lives on.
package retention

import (
	"context"
	"iter"
	"sync"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

const (
	longest   = time.Minute // between two looks at the calendars: a date may come earlier when the clock is put right
	shortest  = time.Second // so that no calendar can make a storm of it
	firstWait = time.Second // after an erasure that did not work; then doubled, up to longest
	together  = 64          // people at a time: somebody who asks meanwhile waits for no more than these
)

// A calendar knows from its own file whose face must be gone by a time, incl. what was asked and not finished, and when
// the next one is due.
type calendar interface {
	Due(at time.Time) iter.Seq2[person.ID, wire.Reason]
	Next(after time.Time) (time.Time, bool)
}

// An Erasure is one try, as told to the callback.
type Erasure struct {
	Person  person.ID
	Reason  wire.Reason
	Asked   time.Time // when it became unusable
	At      time.Time
	Trusted bool // whether the clock trusts At
	Tries   int
	Err     error // nil: the face is gone
}

// A Sweep erases.
type Sweep struct {
	now       func() (time.Time, bool)
	rest      func(person.ID)
	erase     func(...person.ID) error
	tell      func(Erasure) error
	calendars []calendar
	wake      chan struct{}

	mu   sync.Mutex
	open map[person.ID]*task
}

// A task is an erasure that is not finished.
type task struct {
	Erasure
	asks  int           // how often EraseNow was called for it
	tried bool          // since the latest of them; how it went is not yet recorded
	again time.Duration // wait after the next failure
	next  time.Time     // on the process's own clock: waiting must not depend on the time of day
}

// New makes a Sweep. now is the clock's; rest takes a person out of the gallery, and a match in flight does not find
// them after it returns; erase is the vault's; tell records each try, and an error from it means: not recorded, ask
// again.
func New(now func() (time.Time, bool), rest func(person.ID), erase func(...person.ID) error, tell func(Erasure) error, calendars ...calendar) *Sweep {
	return &Sweep{now: now, rest: rest, erase: erase, tell: tell, calendars: calendars,
		wake: make(chan struct{}, 1), open: map[person.ID]*task{}}
}

// EraseNow makes a person's face unusable before it returns, and has it erased as soon as Run gets to it.
//
// When an erasure of theirs is open already, it is begun anew: they may have been enrolled again since, and what was
// erased then is not what must be erased now.
func (s *Sweep) EraseNow(p person.ID, reason wire.Reason) {
	s.begin(p, reason, true)
	select {
	case s.wake <- struct{}{}:
	default: // a wake-up is waiting already, and it will see this one too
	}
}

// Open is how many erasures are not finished: the figure that must be zero.
func (s *Sweep) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Has tells whether an erasure of p is not finished, begun or not: whoever is enrolled before it is would be erased by
// it.
func (s *Sweep) Has(p person.ID) bool {
	s.mu.Lock()
	_, open := s.open[p]
	s.mu.Unlock()
	at, _ := s.now()
	for _, c := range s.calendars {
		for due := range c.Due(at) {
			open = open || due == p
		}
	}
	return open
}

// Late is how many erasures were tried and did not work, or could not be recorded: they are tried again.
func (s *Sweep) Late() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.open {
		if !t.next.IsZero() {
			n++
		}
	}
	return n
}

// Run sweeps at once, and then at the next date, when woken, or after a minute, until ctx ends. It does not begin
// another erasure after that; what is left is due again at the next start.
func (s *Sweep) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-s.wake:
		}
		s.sweep(ctx)
		timer.Reset(s.pause())
	}
}

// begin puts a person on the list, unless they are there.
func (s *Sweep) begin(p person.ID, reason wire.Reason, anew bool) {
	s.rest(p)
	at, trusted := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[p] == nil {
		s.open[p] = &task{Erasure: Erasure{Person: p, Reason: reason, Asked: at, At: at, Trusted: trusted}, again: firstWait}
	}
	if t := s.open[p]; anew {
		t.asks++
		t.tried, t.next = false, time.Time{}
	}
}

func (s *Sweep) sweep(ctx context.Context) {
	at, _ := s.now()
	for _, c := range s.calendars {
		for p, reason := range c.Due(at) {
			s.begin(p, reason, false)
		}
	}
	for ctx.Err() == nil {
		switch some, tell := s.ready(); {
		case len(some) == 0:
			return
		case tell:
			s.record(some[0])
		default:
			s.try(some)
		}
	}
}

// ready is what to do next: tell of one, or erase some. Whoever asked comes first, so this is asked anew each time.
func (s *Sweep) ready() (some []*task, tell bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, best := time.Now(), -1
	for _, t := range s.open {
		if t.next.After(now) {
			continue
		}
		rank := t.rank()
		if rank > best {
			best, some, tell = rank, some[:0], t.tried
		}
		if rank == best && t.fits(some) {
			some = append(some, t)
		}
	}
	return some, tell
}

// rank: the erasure of who asked, telling of it, telling of others, erasing others.
func (t *task) rank() int {
	switch {
	case t.asks > 0 && !t.tried:
		return 3
	case t.asks > 0:
		return 2
	case t.tried:
		return 1
	}
	return 0
}

// fits tells whether t is erased together with these. After each failure fewer are tried together, at last one by one:
// if it is one who cannot be erased, the others do not wait for them for ever.
func (t *task) fits(some []*task) bool {
	return len(some) == 0 || t.Tries == some[0].Tries && len(some) < together>>min(2*t.Tries, 62)
}

// try erases some people at once. Only Run's goroutine gets here, so a task is not tried twice at a time.
func (s *Sweep) try(some []*task) {
	people, asks := make([]person.ID, len(some)), make([]int, len(some))
	s.mu.Lock()
	for i, t := range some {
		people[i], asks[i] = t.Person, t.asks
	}
	s.mu.Unlock()
	err := s.erase(people...)
	at, trusted := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range some {
		t.Tries++
		t.Err, t.At, t.Trusted = err, at, trusted
		t.tried = t.asks == asks[i] // asked again meanwhile: all of it once more
	}
}

// record tells how a try went.
func (s *Sweep) record(t *task) {
	s.mu.Lock()
	asks, e := t.asks, t.Erasure
	s.mu.Unlock()
	err := s.tell(e)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t.asks != asks: // asked again meanwhile
	case e.Err == nil && err == nil:
		delete(s.open, t.Person)
	default:
		t.tried = e.Err == nil // erased and not recorded: only that once more
		t.next = time.Now().Add(t.again)
		t.again = min(2*t.again, longest)
	}
}

// pause is how long there is nothing to do.
func (s *Sweep) pause() time.Duration {
	wait := longest
	at, _ := s.now()
	for _, c := range s.calendars {
		if next, ok := c.Next(at); ok {
			wait = min(wait, next.Sub(at))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.open {
		wait = min(wait, time.Until(t.next))
	}
	return max(wait, shortest)
}
