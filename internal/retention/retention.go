// Package retention makes faces die when they must: at their end, and at once when somebody withdraws. It never drops
// an erasure that did not work, and never counts one as done before it is recorded.
//
// One erasure goes in this order: unusable (out of the gallery, at once), erased (key and record, by the vault), told
// (to the register and the audit log). A power cut may fall between any two: the start asks the calendars, which know
// from their own files what is due, so the first pass finishes what the last life began. Each step may therefore run
// twice and must not mind.
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
	erase     func(person.ID) error
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
	gone  bool          // erased since the latest of them, not yet recorded
	again time.Duration // wait after the next failure
	next  time.Time     // on the process's own clock: waiting must not depend on the time of day
}

// New makes a Sweep. now is the clock's; rest takes a person out of the gallery, and a match in flight does not find
// them after it returns; erase is the vault's; tell records each try, and an error from it means: not recorded, ask
// again.
func New(now func() (time.Time, bool), rest func(person.ID), erase func(person.ID) error, tell func(Erasure) error, calendars ...calendar) *Sweep {
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
		t.gone, t.next = false, time.Time{}
	}
}

func (s *Sweep) sweep(ctx context.Context) {
	at, _ := s.now()
	for _, c := range s.calendars {
		for p, reason := range c.Due(at) {
			s.begin(p, reason, false)
		}
	}
	for _, t := range s.ready() {
		if ctx.Err() != nil {
			return
		}
		s.try(t)
	}
}

// ready lists the tasks whose wait is over.
func (s *Sweep) ready() []*task {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*task
	for _, t := range s.open {
		if !t.next.After(time.Now()) {
			all = append(all, t)
		}
	}
	return all
}

// try does what is left of one erasure. Only Run's goroutine gets here, so a task is not tried twice at a time.
func (s *Sweep) try(t *task) {
	s.mu.Lock()
	asks, gone := t.asks, t.gone
	s.mu.Unlock()
	if !gone {
		t.Tries++
		t.Err = s.erase(t.Person)
		t.At, t.Trusted = s.now()
	}
	err := s.tell(t.Erasure)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.asks != asks {
		return // asked again meanwhile: all of it once more
	}
	t.gone = t.Err == nil
	if t.gone && err == nil {
		delete(s.open, t.Person)
		return
	}
	t.next = time.Now().Add(t.again)
	t.again = min(2*t.again, longest)
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
