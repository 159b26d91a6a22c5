package eye

import (
	"errors"
	"io"
	"sync"

	"example.org/edged/internal/wire"
)

// orders is what the keeper wants of the eye at this moment. The eye begins at rest, and goes back to rest when the
// keeper begins a new life, until it is told otherwise.
type orders struct {
	mu      sync.Mutex
	look    wire.Look
	changed chan struct{} // closed and made anew at every change
}

func newOrders() *orders { return &orders{changed: make(chan struct{})} }

func (o *orders) rest() { o.set(wire.Look{Gaze: wire.Rest}) }

func (o *orders) set(l wire.Look) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.look == l {
		return
	}
	o.look = l
	close(o.changed)
	o.changed = make(chan struct{})
}

// now returns the order in force, and a channel that is closed when it is no longer.
func (o *orders) now() (wire.Look, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.look, o.changed
}

// hear takes orders until the wire ends.
func (o *orders) hear(keeper interface {
	Hear() (wire.EyeHears, error)
}) error {
	defer o.rest()
	for {
		w, err := keeper.Hear()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			return err
		}
		if l, ok := w.(*wire.Look); ok {
			o.set(*l)
		}
	}
}
