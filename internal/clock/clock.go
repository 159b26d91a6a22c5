// Package clock tells the time that retention and consent may rely on: it never goes back, and it comes with the word
// whether to trust it. It never guesses: when the time cannot be known it says so, and nothing lives longer for it.
//
// A door terminal boots in 1970, is set back by hand, or gets a wrong year from the network. So the clock keeps a
// floor, the latest time it has believed, in a file. The rules:
//
//   - The time told is the floor, or the system time where that is later and believed. It never goes back, not over a
//     restart either.
//   - Not trusted: a system time more than two minutes before the floor. Within two minutes (a network time daemon
//     putting a fast clock right) the floor is told until the system time has caught up.
//   - Not trusted: a system time before this program was built, or from 2106 on, where 32-bit times end.
//   - Not trusted: a system time that ran ahead of the machine's own uptime by more than 31 days in one run. Leaps add up,
//     so that thirty days every minute do not pass either.
//   - Not trusted for the first day of a run: a system time more than 31 days after the floor. The device may have lain in
//     a box for months, or its clock chip was set forward, and nothing here tells the two apart. A day is enough for a
//     network or a person to put the chip right, and nobody is erased before; whoever came out of a box uses their PIN for
//     a day. Where no floor was ever stored, as at the first start, the first reading is taken.
//   - While not trusted, the floor goes on by the uptime that has passed. A clock set back buys a face not one second.
//   - A damaged file: not trusted until the next start. The file is set aside, its loss is not hidden.
//   - No file: the first start; the floor is the time of the build.
//
// A system time that was wrongly ahead and has been put right leaves the floor ahead: face rests until the time has
// come, the other ways in work. Whoever can decide that may stop the program and remove the file.
package clock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	tolerance = 2 * time.Minute
	leap      = 31 * 24 * time.Hour
	every     = time.Minute
	settle    = 24 * time.Hour
)

// latest is the first moment that is not believed: unsigned 32-bit Unix time ends in February 2106.
var latest = time.Date(2106, 1, 1, 0, 0, 0, 0, time.UTC)

// A Clock is the time with a floor under it.
type Clock struct {
	file    string
	built   time.Time
	now     func() time.Time
	started time.Time // for its monotonic part only

	mu      sync.Mutex
	floor   time.Time
	up      time.Duration // uptime at the latest reading
	anchor  time.Time     // what the time was at started, by the first believed reading
	known   bool          // the floor is what this device believed before, and not the time of the build
	damaged bool
	trouble error
}

// Open reads the floor. When the file is damaged it returns an error and a Clock: one that goes, and is not trusted.
// Where there is no Clock, the error is about the folder or the disk.
func Open(file string, built time.Time, now func() time.Time) (*Clock, error) {
	c := &Clock{file: file, built: built, now: now, started: time.Now(), floor: built.Round(0)}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the stored time: %w", err)
	}
	floor, err := decode(b)
	if err != nil {
		c.damaged = true
		return c, errors.Join(
			fmt.Errorf("%s: %w; the time is not trusted and face rests until the next start: set the system time right, then restart", file, err),
			os.Rename(file, file+".damaged"))
	}
	c.raise(floor)
	c.known = true
	return c, nil
}

// Now tells the time. When trusted is false t is only what the time is at least: compare due dates with it, grant
// nothing on it.
func (c *Clock) Now() (t time.Time, trusted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Uptime comes from the monotonic clock, which nobody can set; the system time is what is in doubt.
	up := time.Since(c.started)
	passed := up - c.up
	c.up = up
	n := c.now().Round(0)
	if !c.believes(n, up) {
		c.floor = c.floor.Add(passed)
		return c.floor, false
	}
	if c.anchor.IsZero() {
		c.anchor = n.Add(-up)
	}
	c.raise(n)
	return c.floor, true
}

// NotBefore raises the floor from evidence that it is at least t, such as the last trusted line of the audit log. It
// closes the gap that a deleted file, or the minute before a power cut, leaves.
func (c *Clock) NotBefore(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Before(latest) {
		c.raise(t.Round(0))
		c.known = true
	}
}

// Run stores the floor every minute and when ctx ends. A store that fails is tried again a minute later; Trouble
// tells of it meanwhile.
func (c *Clock) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = c.store() // kept for Trouble, tried again at the next tick
		case <-ctx.Done():
			return c.store()
		}
	}
}

// Trouble is why the floor could not be stored the last time, or nil.
func (c *Clock) Trouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

func (c *Clock) believes(n time.Time, up time.Duration) bool {
	switch {
	case c.damaged, n.Before(c.built), !n.Before(latest), n.Before(c.floor.Add(-tolerance)):
		return false
	case c.anchor.IsZero():
		return !c.known || n.Sub(c.floor) <= leap || up >= settle
	}
	return n.Sub(c.anchor.Add(up)) <= leap
}

func (c *Clock) raise(t time.Time) {
	if t.After(c.floor) {
		c.floor = t.UTC()
	}
}

func (c *Clock) store() error {
	floor, _ := c.Now()
	err := write(c.file, encode(floor))
	if err != nil {
		err = fmt.Errorf("store the time: %w", err)
	}
	c.mu.Lock()
	c.trouble = err
	c.mu.Unlock()
	return err
}
