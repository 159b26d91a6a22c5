package lens

import (
	"context"
	"log/slog"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A stream reads one source for ever, opening it anew with growing waits when it ends.
//
// The C library tells lies about frozen cameras: when nothing comes, a read blocks until the time-out and then returns
// true with the last picture again, and the next read may do so at once (measured: docs/measurements.md). So a frame
// is judged by how long its read took, and after one late read nothing of that connection is believed.
//
// Reading never waits for the eye: a consumer slower than the camera would let a backlog grow inside the library, and
// see ever older frames from reads that look healthy.
type stream struct {
	brief room.Lens
	name  string // of the source, for the log
	log   *slog.Logger
	open  func(source string, timeout time.Duration) (video, error)
	show  func(pix []byte, w, h int, took time.Duration) error
	state func(wire.Camera)

	said string // what was last logged, so that a looping film or a dead camera does not fill the log
}

// A video is an open source.
type video interface {
	// read waits for the next frame. The pixels are good until the next call.
	read() (pix []byte, width, height int, ok bool)
	rate() float64 // frames per second, as the source claims
	close()
}

const (
	firstBackOff = 250 * time.Millisecond
	lastBackOff  = 4 * time.Second
)

// late is the longest a good read takes. Below the time-out that is given to the library, above the 0.7 s that the
// first read of a healthy camera takes.
func (s *stream) late() time.Duration { return s.brief.Silent * 3 / 4 }

func (s *stream) run(ctx context.Context) error {
	wait := firstBackOff
	for ctx.Err() == nil {
		s.state(wire.CameraOpening)
		shown, why, err := s.connection(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
		if shown > 0 {
			wait = firstBackOff
			if why == ended && !remote(s.brief.Source) {
				if s.brief.Loop {
					continue
				}
				s.log.Info("the video is over", slog.String("source", s.name))
				s.state(wire.CameraSilent)
				<-ctx.Done()
				return nil
			}
		}
		if why != s.said {
			s.said = why
			s.log.Warn("no frames, trying again and again", slog.String("source", s.name), slog.String("why", why))
		}
		rest(ctx, wait)
		wait = min(wait*2, lastBackOff)
	}
	return nil
}

// What is logged of a connection: that it is good, or why it was given up.
const (
	coming  = "frames come"
	refused = "it cannot be opened: check that it is there and that the address or path is right"
	ended   = "it ended"
	tooLate = "a read took too long, so the picture may be old"
)

// connection opens the source and shows its frames until it ends or can no longer be believed.
func (s *stream) connection(ctx context.Context) (shown int, why string, err error) {
	v, err := s.open(s.brief.Source, s.brief.Silent)
	if err != nil {
		return 0, refused, nil
	}
	defer v.close()
	begin, every := time.Now(), s.pace(v)
	for ; ctx.Err() == nil; shown++ {
		asked := time.Now()
		pix, w, h, ok := v.read()
		took := time.Since(asked)
		switch {
		case !ok:
			return shown, ended, nil
		case took > s.late():
			return shown, tooLate, nil
		}
		rest(ctx, time.Until(begin.Add(time.Duration(shown)*every)))
		if err := s.show(pix, w, h, took); err != nil {
			return shown, "", err
		}
		if s.said != coming {
			s.said = coming
			s.log.Info(coming, slog.String("source", s.name), slog.Int("width", w), slog.Int("height", h))
		}
		s.state(wire.CameraSeeing)
	}
	return shown, "", nil
}

// pace is the time between two frames of a file, which could be read a hundred times faster; a camera has its own.
func (s *stream) pace(v video) time.Duration {
	if remote(s.brief.Source) {
		return 0
	}
	fps := v.rate()
	if !(fps >= 1 && fps <= 120) { // NaN too
		fps = 25
	}
	return time.Duration(float64(time.Second) / fps)
}

// rest waits, less when ctx ends.
func rest(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
