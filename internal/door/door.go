// Package door opens the door: it energises a relay for a moment and lets go again. It never leaves the relay
// energised, whatever fails.
package door

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A relay is what a driver offers. Set returns after the coil has changed.
type relay interface {
	Set(on bool) error
}

// retry is how long a relay that would not let go is left before it is told again.
const retry = 100 * time.Millisecond

// A Door is one relay and the moment at which it must let go.
type Door struct {
	relay relay
	pulse time.Duration
	log   *slog.Logger
	poke  chan struct{} // the moment has moved

	mu      sync.Mutex
	running bool
	on      bool // energised, or perhaps so: cleared only by a release that worked
	until   time.Time
}

// New makes a door that opens for pulse at a time. It moves nothing before Run.
func New(relay relay, pulse time.Duration, log *slog.Logger) *Door {
	return &Door{relay: relay, pulse: pulse, log: log, poke: make(chan struct{}, 1)}
}

// Open energises the relay now and returns when that is done; the door closes by itself a pulse later. Opening an
// open door makes it stay for a whole pulse from now, never longer. Without Run nobody would let go, so Open refuses.
func (d *Door) Open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running {
		return errors.New("door: not running")
	}
	opened := false
	defer func() { // also when the driver panics
		if !opened {
			d.until = time.Now() // what cannot be let go now, Run lets go
			d.release()
			d.wake()
		}
	}()
	d.on = true // perhaps, even if Set fails
	if err := d.relay.Set(true); err != nil {
		return fmt.Errorf("door: opening: %w", err)
	}
	opened = true
	d.until = time.Now().Add(d.pulse)
	d.wake()
	return nil
}

// IsOpen tells whether the relay is energised at this moment.
func (d *Door) IsOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on
}

// Run lets go first (the program before this one may have died with the door open), then whenever a pulse is over,
// and last when ctx ends. A relay that does not let go is told again until it does; at the end, for two seconds.
func (d *Door) Run(ctx context.Context) (err error) {
	d.start()
	defer func() { err = d.stop() }() // also when something below panics
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.poke:
		case <-timer.C:
		}
		timer.Reset(d.due())
	}
}

func (d *Door) start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.release()
	d.running = true
}

// due releases a door whose pulse is over and tells how long to wait before asking again.
func (d *Door) due() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.on {
		return time.Hour // until poked
	}
	if left := time.Until(d.until); left > 0 {
		return left
	}
	if d.release() != nil {
		return retry
	}
	return time.Hour
}

// stop refuses further opens and lets go.
func (d *Door) stop() error {
	var err error
	for range 20 {
		if err = d.end(); err == nil {
			return nil
		}
		time.Sleep(retry)
	}
	return fmt.Errorf("door: the relay does not let go: switch it off by hand: %w", err)
}

func (d *Door) end() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running || d.on {
		d.running = false
		return d.release()
	}
	return nil
}

// release wants d.mu held.
func (d *Door) release() error {
	d.on = true // until known otherwise
	if err := d.relay.Set(false); err != nil {
		d.log.Error("the relay does not let go; telling it again", slog.Any("error", err))
		return err
	}
	d.on = false
	return nil
}

func (d *Door) wake() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}
