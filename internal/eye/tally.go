package eye

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"example.org/edged/internal/wire"
)

const (
	stateEvery   = 200 * time.Millisecond
	stateAtLeast = time.Second
	logEvery     = time.Hour
)

// A tally counts what the eye did, and nothing of whom it saw.
type tally struct {
	moved, detected, tracked, features, passers atomic.Uint64
}

func (t *tally) count(s *wire.Sighting) {
	if s.StageUS.DetectNet > 0 {
		t.detected.Add(1)
	} else {
		t.tracked.Add(1)
	}
	t.passers.Add(uint64(s.Outside))
	if s.Verdict == wire.Good {
		t.features.Add(1)
	}
}

// report tells the keeper how the eye is, at every change and once a second, and the log once an hour and at the end.
func (w *watch) report(ctx context.Context) error {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	defer func() { w.write() }()
	var last wire.EyeState
	var said time.Time
	for written := time.Now(); ; {
		s := w.state()
		if s.Camera != last.Camera || time.Since(said) >= stateAtLeast {
			if err := w.say(&s); err != nil {
				return err
			}
			last, said = s, time.Now()
		}
		if time.Since(written) >= logEvery {
			w.write()
			written = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (w *watch) state() wire.EyeState {
	counts := w.source.Counts()
	s := wire.EyeState{
		Camera: w.source.State(), Frames: counts.Frames, Stale: counts.Stale, Moved: w.done.moved.Load(), Detected: w.done.detected.Load(),
		Tracked: w.done.tracked.Load(), Features: w.done.features.Load(), Passers: w.done.passers.Load(),
	}
	if look, _ := w.orders.now(); look.Gaze == wire.Rest && s.Camera == wire.CameraSeeing {
		s.Camera = wire.CameraResting
	}
	return s
}

func (w *watch) write() {
	s := w.state()
	w.log.Info("what the eye did since its start", slog.Uint64("frames", s.Frames), slog.Uint64("moved", s.Moved), slog.Uint64("detected", s.Detected),
		slog.Uint64("tracked", s.Tracked), slog.Uint64("outside", s.Passers), slog.Uint64("features", s.Features))
}
