// Package doortest says what a relay driver must do, as tests that any driver can be put through. It never stands in
// for a relay: the bench it is given looks at the real thing.
package doortest

import (
	"sync"
	"testing"
)

// A Bench is a driver and eyes on what it drives.
type Bench struct {
	Relay interface{ Set(on bool) error }
	// On looks at the coil itself, not at what the driver remembers.
	On func() bool
	// Changes counts how often the coil has moved since it was made; nil where that cannot be seen.
	Changes func() int
	// Break takes the device away, so that the next Set cannot work; nil where that cannot be done.
	Break func()
}

// Conform puts a driver through everything that package door relies on. Each part gets a new bench.
func Conform(t *testing.T, bench func(t *testing.T) Bench) {
	set := func(t *testing.T, b Bench, on bool) {
		t.Helper()
		if err := b.Relay.Set(on); err != nil {
			t.Fatal(err)
		}
		if b.On() != on {
			t.Fatalf("Set(%v) has returned, but the coil is the other way", on)
		}
	}
	t.Run("a new relay is not energised", func(t *testing.T) {
		if bench(t).On() {
			t.Error("it is")
		}
	})
	t.Run("the coil has moved when Set returns", func(t *testing.T) {
		b := bench(t)
		for _, on := range []bool{false, true, false, true, true, false, false} {
			set(t, b, on)
		}
	})
	t.Run("saying the same again moves nothing", func(t *testing.T) {
		b := bench(t)
		if b.Changes == nil {
			t.Skip("this device does not show its changes")
		}
		set(t, b, false)
		before := b.Changes()
		for _, on := range []bool{true, true, true, false, false} {
			set(t, b, on)
		}
		if got := b.Changes() - before; got != 2 {
			t.Errorf("the coil moved %d times, want 2", got)
		}
	})
	t.Run("many at once leave it as the last one said", func(t *testing.T) {
		b := bench(t)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := b.Relay.Set(i%2 == 0); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		set(t, b, false)
	})
	t.Run("a device that is gone is an error, and stays one", func(t *testing.T) {
		b := bench(t)
		if b.Break == nil {
			t.Skip("this device cannot be taken away")
		}
		set(t, b, true)
		b.Break()
		for range 2 {
			if b.Relay.Set(false) == nil {
				t.Error("no error: the door would be believed shut")
			}
		}
	})
}
