// Package capture hands the eye one picture at a time: the newest one, with the time it was complete. It never hands
// out an old, frozen or torn picture, and never writes one anywhere.
//
// A Source is a V4L2 camera, a folder of pictures, or the lens (an IP camera or video file behind a room of its own).
// More than five names are exported: Decode and its two errors serve measuring mode, which has no Source.
package capture

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A Source is where frames come from. Next is for one goroutine; State, Counts and Close are for any.
type Source interface {
	// Next waits for a picture newer than the last one, and hands it out undeveloped where that saves work. While there is none it goes on waiting, and State says why.
	// An error other than the context's means that the source cannot mend itself: end the room, so that the hall
	// starts it anew with fresh descriptors.
	Next(ctx context.Context) (*Frame, error)
	State() wire.Camera
	Counts() Counts
	Close() error // waits until everything has stopped
}

// Counts count up over the life of a Source.
type Counts struct {
	Frames uint64 // frames that arrived
	Stale  uint64 // of those, thrown away: old, frozen, torn, unreadable or overtaken
}

// Open opens the source that cfg names. file gives the descriptors that the hall opened: "camera" for a V4L2 device,
// "lens" and "ring" for the lens.
func Open(cfg room.Camera, file func(name string) (*os.File, error), log *slog.Logger) (Source, error) {
	if cfg.Silent <= 0 {
		cfg.Silent = 2 * time.Second
	}
	if cfg.MaxAge <= 0 {
		cfg.MaxAge = time.Second
	}
	switch cfg.Kind {
	case "pictures":
		return openPictures(cfg, log, monotonic)
	case "v4l2":
		f, err := file("camera")
		if err != nil {
			return nil, fmt.Errorf("camera: %w", err)
		}
		return openDevice(cfg, f, log)
	case "lens":
		words, err := file("lens")
		if err != nil {
			return nil, fmt.Errorf("lens: %w", err)
		}
		frames, err := file("ring")
		if err != nil {
			return nil, fmt.Errorf("ring: %w", err)
		}
		return openLens(cfg, words, frames, log)
	}
	return nil, fmt.Errorf("camera kind %q is not known: use v4l2, pictures or lens", cfg.Kind)
}

// monotonic is the clock that all rooms share. The kernel stamps V4L2 frames with it too.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("capture: internal error: no CLOCK_MONOTONIC: " + err.Error())
	}
	return t.Nano()
}
