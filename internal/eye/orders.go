package eye

import (
	"context"
	"errors"
	"io"
	"sync"

	"example.org/edged/internal/wire"
)

// orders is what the keeper wants of the eye at this moment. The eye begins at rest, and goes back to rest when the
// keeper begins a new life, until it is told otherwise.
type orders struct {
	ctx  context.Context
	mu   sync.Mutex
	look wire.Look
	term context.Context // ends when the order in force does
	over context.CancelFunc
}

func newOrders(ctx context.Context) *orders {
	o := &orders{ctx: ctx}
	o.term, o.over = context.WithCancel(ctx)
	return o
}

func (o *orders) rest() { o.set(wire.Look{Gaze: wire.Rest}) }

func (o *orders) set(l wire.Look) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.look == l {
		return
	}
	o.look = l
	o.over()
	o.term, o.over = context.WithCancel(o.ctx)
}

// now returns the order in force, and a context that ends with it.
func (o *orders) now() (wire.Look, context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.look, o.term
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
