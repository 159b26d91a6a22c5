// Package lens fetches frames from an IP camera or a video file and lays them into shared memory for the eye. It never
// hands on a frame that may be stale, and never waits for the eye.
package lens

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/ring"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// sayWithin is how long a word may wait for a busy eye. Longer would hold up reading, and the frame would grow old.
const sayWithin = 20 * time.Millisecond

// Run fetches frames until ctx ends. A read that blocks inside the C library cannot be interrupted, so Run may return
// as late as brief.Silent after that.
func Run(ctx context.Context, r *room.Room) (err error) {
	var brief room.Lens
	if err := r.Brief(&brief); err != nil {
		return err
	}
	if brief.Silent <= 0 {
		brief.Silent = 2 * time.Second
	}
	toEye, err := r.File("eye")
	if err != nil {
		return err
	}
	memory, err := r.File("ring")
	if err != nil {
		return err
	}
	frames, err := ring.OpenWriter(memory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, frames.Close()) }()

	p := newPatience(brief.Silent)
	eye, err := wire.Open[wire.LensHears, wire.LensSays](toEye, p.again)
	if err != nil {
		return fmt.Errorf("greeting the eye: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	s := &stream{
		brief: brief,
		open:  openVideo,
		log:   r.Log,
		name:  redacted(brief.Source),
		state: p.is,
		show:  func(pix []byte, w, h int, took time.Duration) error { return show(frames, eye, pix, w, h, took) },
	}
	var all sync.WaitGroup
	all.Go(func() { stop(s.run(ctx)) })
	all.Go(func() { stop(p.run(ctx, eye.Say)) })
	all.Go(func() { stop(hear(eye)) })
	<-ctx.Done()
	eye.Close()
	all.Wait()
	return context.Cause(ctx)
}

// hear returns when the eye's end of the wire has gone; the eye says nothing but Hello.
func hear(eye *wire.Conn[wire.LensHears, wire.LensSays]) error {
	if w, err := eye.Hear(); err != nil {
		return fmt.Errorf("hearing the eye: %w", err)
	} else {
		return fmt.Errorf("the eye said %T", w)
	}
}

// show lays a frame into the ring and tells the eye. An eye that does not listen in time misses the frame.
func show(frames *ring.Writer, eye *wire.Conn[wire.LensHears, wire.LensSays], pix []byte, w, h int, took time.Duration) error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return err
	}
	slot, seq, err := frames.Write(pix, w, h)
	if err != nil {
		return err
	}
	err = eye.SayWithin(&wire.LensFrame{Slot: slot, Width: uint16(w), Height: uint16(h), Seq: seq,
		CapturedAt: now.Nano(), ReadUS: uint32(took.Microseconds())}, sayWithin)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// redacted is a source as it may stand in a log: an address may carry a password.
func redacted(source string) string {
	if !remote(source) {
		return source
	}
	u, err := url.Parse(source)
	if err != nil {
		return "the camera"
	}
	u.RawQuery = "" // some cameras take the password there
	return u.Redacted()
}

func remote(source string) bool { return strings.Contains(source, "://") }
