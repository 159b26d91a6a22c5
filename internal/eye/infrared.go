package eye

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

// infraredPatience is how long a frame that was looked at waits for a newer one in infrared: while that camera works, its
// newest has long been waiting, and while it does not, nobody should stand before a frozen door for it.
const infraredPatience = 20 * time.Millisecond

// infrared is the second camera. It is asked only when there is a face to be judged: until then its pictures are thrown
// away as they come, undeveloped.
type infrared struct {
	source capture.Source
	log    *slog.Logger
	dark   bool // nothing fresh came for the last face, and that was said
}

// openInfrared returns nil where there is none. One that is asked for and cannot be opened is a fault like that of the
// camera: the hall tries again, and until then faces rest.
func openInfrared(cfg room.Camera, r *room.Room) (*infrared, error) {
	if cfg.Kind == "" {
		return nil, nil
	}
	cfg.MaxAge = vision.WarmFor
	log := r.Log.With(slog.String("camera", "infrared"))
	source, err := capture.Open(cfg, func(string) (*os.File, error) { return r.File("infrared") }, log)
	if err != nil {
		return nil, fmt.Errorf("infrared camera: %w", err)
	}
	return &infrared{source: source, log: log}, nil
}

// judge says whether the face that sight has just looked at is there in infrared.
func (i *infrared) judge(term context.Context, sight *vision.Vision, at int64) (wire.Infrared, error) {
	short, stop := context.WithTimeout(term, infraredPatience)
	frame, err := i.source.Next(short)
	stop()
	switch {
	case err == nil:
		frame.Develop()
		err = sight.Infrared(frame.Pix, frame.W, frame.H, frame.At)
		frame.Wipe()
		if err != nil { // then it has said nothing: see Agree
			i.log.Warn("an infrared frame could not be looked at", slog.String("why", err.Error()))
		}
	case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled):
		return wire.InfraredUnknown, fmt.Errorf("infrared camera: %w", err)
	}
	seen := sight.Agree(at)
	if dark := seen == wire.InfraredUnknown; dark != i.dark {
		if i.dark = dark; dark {
			i.log.Warn("the infrared camera brings nothing fresh, so no face can be judged", slog.String("state", i.source.State().String()))
		} else {
			i.log.Info("the infrared camera brings pictures")
		}
	}
	return seen, nil
}
