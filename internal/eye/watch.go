package eye

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

const (
	keeperPatience = 50 * time.Millisecond // for one word; the next frame brings a fresher one
	restingLook    = time.Second           // a resting eye asks for a frame this often, to know that the camera lives
	blindAfter     = 100                   // frames in a row that could not be looked at
)

// A watch looks at frames for as long as it is told to.
type watch struct {
	source capture.Source
	warm   *infrared // nil without an infrared camera
	sight  *vision.Vision
	keeper interface {
		SayWithin(wire.EyeSays, time.Duration) error
	}
	mirror *mirror // nil without a screen
	orders *orders
	log    *slog.Logger

	done     tally
	still    stillness
	sighting wire.Sighting // one for all frames: it is wiped after each
	somebody bool          // was in the zone in the frame before
	told     bool          // the keeper knows of them
	blind    int
}

func (w *watch) run(ctx context.Context) error {
	for ctx.Err() == nil {
		look, term := w.orders.now()
		var err error
		if look.Gaze == wire.Rest {
			err = w.rest(term)
		} else {
			err = w.look(term, look)
		}
		if err != nil && (term.Err() == nil || !errors.Is(err, context.Canceled)) {
			return err
		}
	}
	return ctx.Err()
}

// rest drops a frame unread once a second, until there is another order. The source throws the others away undecoded.
func (w *watch) rest(term context.Context) error {
	w.somebody, w.told, w.still = false, false, stillness{}
	if err := w.sight.Forget(); err != nil {
		return err
	}
	pause := time.NewTicker(restingLook)
	defer pause.Stop()
	for {
		if err := drop(term, w.source); err != nil {
			return err
		}
		if w.warm != nil {
			if err := drop(term, w.warm.source); err != nil {
				return err
			}
		}
		select {
		case <-term.Done():
			return nil
		case <-pause.C:
		}
	}
}

func drop(term context.Context, source capture.Source) error {
	short, stop := context.WithTimeout(term, restingLook)
	defer stop()
	frame, err := source.Next(short)
	if frame != nil {
		frame.Wipe()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// look takes one frame from the source to the keeper.
func (w *watch) look(term context.Context, order wire.Look) error {
	frame, err := w.source.Next(term)
	if err != nil {
		return err
	}
	defer frame.Wipe()
	if term.Err() != nil { // told something else while the frame was on its way
		return nil
	}
	if order.Preview {
		defer w.mirror.show(frame)
	}
	look, moved := w.still.worthLooking(frame, w.somebody)
	if moved {
		w.done.moved.Add(1)
	}
	if !look {
		return nil
	}
	frame.Develop()
	return w.judge(term, frame)
}

func (w *watch) judge(term context.Context, frame *capture.Frame) (err error) {
	s := &w.sighting
	defer func() { *s = wire.Sighting{} }()
	s.Frame, s.CapturedAt = frame.Seq, frame.At
	if err := w.sight.Look(frame.Pix, frame.W, frame.H, s); err != nil {
		return w.couldNotLook(err)
	}
	w.blind = 0
	w.done.count(s)
	if w.warm != nil && s.Verdict == wire.Good {
		if s.Infrared, err = w.warm.judge(term, w.sight, s.CapturedAt); err != nil {
			return err
		}
	}
	w.somebody = s.InZone > 0
	if w.somebody && s.Verdict == wire.NoFace { // they have not stood there for long enough to want anything
		return nil
	}
	if !w.somebody && !w.told {
		return nil // nobody came and nobody left: nothing to tell
	}
	w.told = w.somebody
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
