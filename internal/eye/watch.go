package eye

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

const (
	keeperPatience = 50 * time.Millisecond // for one word; the next frame brings a fresher one
	restingLook    = time.Second           // a resting eye asks for a frame this often, to know that the camera lives
	stateEvery     = 200 * time.Millisecond
	stateAtLeast   = time.Second
	blindAfter     = 100 // frames in a row that could not be looked at
)

// A watch looks at frames for as long as it is told to.
type watch struct {
	source capture.Source
	sight  *vision.Vision
	keeper interface {
		SayWithin(wire.EyeSays, time.Duration) error
	}
	mirror *mirror // nil without a screen
	orders *orders
	log    *slog.Logger

	detected, features, passers atomic.Uint64
	still                       stillness
	sighting                    wire.Sighting // one for all frames: it is wiped after each
	somebody                    bool          // was in the zone in the frame before
	blind                       int
}

func (w *watch) run(ctx context.Context) error {
	for {
		look, changed := w.orders.now()
		var err error
		if look.Gaze == wire.Rest {
			err = w.rest(ctx, changed)
		} else {
			err = w.look(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// rest drops a frame unread once a second. The source throws the others away undecoded.
func (w *watch) rest(ctx context.Context, changed <-chan struct{}) error {
	w.somebody, w.still = false, stillness{}
	if err := w.sight.Forget(); err != nil {
		return err
	}
	pause := time.NewTicker(restingLook)
	defer pause.Stop()
	for {
		short, stop := context.WithTimeout(ctx, restingLook)
		frame, err := w.source.Next(short)
		stop()
		if frame != nil {
			frame.Wipe()
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			return nil
		case <-pause.C:
		}
	}
}

// look takes one frame from the source to the keeper.
func (w *watch) look(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, restingLook) // so that an order to rest is noticed while no frame comes
	defer stop()
	frame, err := w.source.Next(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if err != nil {
		return err
	}
	defer frame.Wipe()
	look, _ := w.orders.now()
	if look.Gaze == wire.Rest { // told so while the frame was on its way
		return nil
	}
	if look.Preview {
		defer w.mirror.show(frame)
	}
	if !w.still.worthLooking(frame, w.somebody) {
		return nil
	}
	return w.judge(frame)
}

func (w *watch) judge(frame *capture.Frame) error {
	s := &w.sighting
	defer func() { *s = wire.Sighting{} }()
	s.Frame, s.CapturedAt = frame.Seq, frame.At
	if err := w.sight.Look(frame.Pix, frame.W, frame.H, s); err != nil {
		return w.couldNotLook(err)
	}
	w.blind = 0
	w.detected.Add(1)
	w.passers.Add(uint64(s.Outside))
	if s.Verdict == wire.Good {
		w.features.Add(1)
	}
	before := w.somebody
	w.somebody = s.InZone > 0
	if !w.somebody && !before {
		return nil // nobody came and nobody left: nothing to tell
	}
	if err := w.say(s); err != nil || w.somebody {
		return err
	}
	return w.sight.Forget() // they have left: so does what is left of them
}

// couldNotLook tolerates a bad frame, but not a camera or a model that brings nothing else.
func (w *watch) couldNotLook(err error) error {
	if w.blind++; w.blind >= blindAfter {
		return err
	}
	if w.blind == 1 {
		w.log.Warn("a frame could not be looked at", slog.String("why", err.Error()))
	}
	return nil
}

// say gives up on a keeper that does not listen: an old sighting is worth nothing, and the keeper may be on its way up.
func (w *watch) say(word wire.EyeSays) error {
	err := w.keeper.SayWithin(word, keeperPatience)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// report tells the keeper how the eye is, at every change and once a second.
func (w *watch) report(ctx context.Context) error {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	var last wire.EyeState
	var said time.Time
	for {
		s := w.state()
		if s.Camera != last.Camera || time.Since(said) >= stateAtLeast {
			if err := w.say(&s); err != nil {
				return err
			}
			last, said = s, time.Now()
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
		Camera: w.source.State(), Frames: counts.Frames, Stale: counts.Stale,
		Detected: w.detected.Load(), Features: w.features.Load(), Passers: w.passers.Load(),
	}
	if look, _ := w.orders.now(); look.Gaze == wire.Rest && s.Camera == wire.CameraSeeing {
		s.Camera = wire.CameraResting
	}
	return s
}
