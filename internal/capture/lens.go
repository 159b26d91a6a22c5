package capture

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"

	"example.org/edged/internal/ring"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// lens takes frames that the lens put into the ring. The lens handles a stranger's stream with a large C library, so
// nothing it says is believed: words are checked by package wire, sizes here, and the ring's layout is fixed.
type lens struct {
	live[*wire.LensFrame]
	words  *wire.Conn[wire.LensSays, wire.LensHears]
	frames *ring.Reader
	seed   maphash.Seed
}

func openLens(cfg room.Camera, words, frames *os.File, log *slog.Logger) (Source, error) {
	r, err := ring.OpenReader(frames)
	if err != nil {
		return nil, err
	}
	l := &lens{frames: r, seed: maphash.MakeSeed()}
	l.live = live[*wire.LensFrame]{silent: cfg.Silent, maxAge: cfg.MaxAge, now: monotonic, log: log,
		decode: l.copy, drop: func(*wire.LensFrame) {}}
	if l.words, err = wire.Open[wire.LensSays, wire.LensHears](words, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("greeting the lens: %w", err), r.Close())
	}
	l.start(l.hear)
	return l, nil
}

// hear is the pump.
func (l *lens) hear(ctx context.Context, put func(*wire.LensFrame, int64), tell func(wire.Camera)) error {
	defer context.AfterFunc(ctx, func() { l.words.Close() })()
	for {
		w, err := l.words.Hear()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hearing the lens: %w", err)
		}
		switch w := w.(type) {
		case *wire.LensFrame:
			// A time in the future would make an old picture young.
			put(w, min(w.CapturedAt, l.now()))
		case *wire.LensState:
			tell(w.Camera)
		}
	}
}

// copy takes the pixels out of the ring.
func (l *lens) copy(f *Frame, v **wire.LensFrame) (uint64, error) {
	w := *v
	width, height := int(w.Width), int(w.Height)
	if width == 0 || height == 0 || width > ring.MaxWidth || height > ring.MaxHeight {
		return 0, fmt.Errorf("the lens announced a picture of %d×%d pixels", width, height)
	}
	f.W, f.H, f.Pix = width, height, sized(f.Pix, width*height*3)
	if !l.frames.Read(f.Pix, w.Slot, w.Seq) {
		return 0, errors.New("a picture was overwritten before it was taken: the eye is too slow")
	}
	return maphash.Bytes(l.seed, f.Pix), nil
}

// Close implements Source.
func (l *lens) Close() error {
	l.end()
	l.words.Close()
	l.decoding.Lock()
	defer l.decoding.Unlock()
	// Next after Close finds nothing to decode, so the mapping is not touched again.
	return l.frames.Close()
}
