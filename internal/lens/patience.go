package lens

import (
	"context"
	"sync"
	"time"

	"example.org/edged/internal/wire"
)

// patience knows how the source is and tells the eye on every change. It has a goroutine of its own, because the
// stream may sit blocked in a read while its patience ends.
type patience struct {
	silent time.Duration
	change chan struct{}

	mu     sync.Mutex
	state  wire.Camera
	told   bool
	lastAt time.Time // of the last frame, or of the beginning
}

func newPatience(silent time.Duration) *patience {
	return &patience{silent: silent, change: make(chan struct{}, 1), state: wire.CameraOpening, lastAt: time.Now()}
}

// is takes in a state. A source that has fallen silent stays so, through all reopening, until a frame comes.
func (p *patience) is(c wire.Camera) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c == wire.CameraSeeing {
		p.lastAt = time.Now()
	}
	if c == p.state || c == wire.CameraOpening && p.state == wire.CameraSilent {
		return
	}
	p.set(c)
}

// again tells the state once more: to an eye that began a new life.
func (p *patience) again() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.state)
}

func (p *patience) set(c wire.Camera) {
	p.state, p.told = c, false
	select {
	case p.change <- struct{}{}:
	default:
	}
}

// run tells until ctx ends.
func (p *patience) run(ctx context.Context, say func(wire.LensSays) error) error {
	tick := time.NewTicker(p.silent / 8)
	defer tick.Stop()
	for {
		p.mu.Lock()
		if p.state != wire.CameraSilent && time.Since(p.lastAt) > p.silent {
			p.set(wire.CameraSilent)
		}
		state, told := p.state, p.told
		p.told = true
		p.mu.Unlock()
		if !told {
			if err := say(&wire.LensState{Camera: state}); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.change:
		case <-tick.C:
		}
	}
}
