package keeper

import (
	"cmp"
	"sync"
	"time"
)

const (
	// padSilence is how long the screen may say nothing before its pad counts as dead. It speaks every five seconds.
	padSilence = 20 * time.Second
	// bookEvery is how often the PINs are tried to be read while nobody types one.
	bookEvery = 5 * time.Second
)

// pad is the health of the way in that everybody has.
type pad struct {
	mu     sync.Mutex
	last   time.Duration // when the screen said something last; 0 when never
	looked time.Duration
	fault  error
	most   time.Duration // the longest silence
}

func (p *pad) heard(at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = at
}

// silent tells whether the pad is dead. A screen that is being started has as long as one that has fallen silent.
func (p *pad) silent(at time.Duration, began time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == 0 {
		return time.Since(began) > cmp.Or(p.most, padSilence)
	}
	return at-p.last > cmp.Or(p.most, padSilence)
}

// book says whether the PINs can be read, as of the last look.
func (p *pad) book(at time.Duration, sound func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.looked == 0 || at-p.looked > bookEvery {
		p.looked, p.fault = at, sound()
	}
	return p.fault
}
