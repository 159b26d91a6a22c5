package eye

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

const (
	mirrorWide     = 320
	mirrorQuality  = 60
	mirrorEvery    = 200 * time.Millisecond
	mirrorPatience = 2 * time.Millisecond
)

// A mirror shows the person in front of the screen themselves. It gives up at once when the kiosk is slow, and for
// good when the kiosk says anything: it has nothing to say to the eye.
type mirror struct {
	kiosk *wire.Conn[wire.RoomHears, wire.MirrorSays]
	log   *slog.Logger
	deaf  atomic.Bool
	last  int64
	small *image.RGBA
	jpeg  bytes.Buffer
}

// newMirror returns nil where there is no screen; a nil mirror shows nothing. A screen that cannot be greeted is no
// reason to keep people from coming in by face.
func newMirror(r *room.Room) *mirror {
	if !r.Has("kiosk") {
		return nil
	}
	kiosk, err := dial[wire.RoomHears, wire.MirrorSays](r, "kiosk", nil)
	if err != nil {
		r.Log.Warn("no preview", slog.String("why", err.Error()))
		return nil
	}
	return &mirror{kiosk: kiosk, log: r.Log}
}

// listen waits for the wire to end.
func (m *mirror) listen() error {
	_, err := m.kiosk.Hear()
	m.deaf.Store(true)
	if err == nil || !errors.Is(err, io.EOF) {
		m.log.Warn("the kiosk said something to the eye, so the preview is off", slog.Any("why", err))
	}
	return nil
}

// show sends a small picture of the frame, five times a second at most. The picture is wiped whether or not it went.
func (m *mirror) show(f *capture.Frame) {
	if m == nil || m.deaf.Load() || f.At-m.last < int64(mirrorEvery) {
		return
	}
	m.last = f.At
	defer m.wipe()
	m.shrink(f)
	m.jpeg.Reset()
	if err := jpeg.Encode(&m.jpeg, m.small, &jpeg.Options{Quality: mirrorQuality}); err != nil {
		return
	}
	if m.jpeg.Len() < wire.MaxLen {
		_ = m.kiosk.SayWithin(&wire.Preview{JPEG: m.jpeg.Bytes()}, mirrorPatience) // a preview that is late is no preview
	}
}

// shrink takes one pixel for each of the small picture: it is for the person's eyes, at five pictures a second.
func (m *mirror) shrink(f *capture.Frame) {
	width := min(mirrorWide, f.W)
	height := max(1, min(f.H*width/f.W, mirrorWide))
	if m.small == nil || m.small.Rect.Dx() != width || m.small.Rect.Dy() != height {
		m.small = image.NewRGBA(image.Rect(0, 0, width, height))
	}
	out := m.small.Pix
	for y := range height {
		row := f.Pix[y*f.H/height*f.W*3:]
		for x := range width {
			i := x * f.W / width * 3
			out[0], out[1], out[2], out[3] = row[i+2], row[i+1], row[i], 255
			out = out[4:]
		}
	}
}

func (m *mirror) wipe() {
	clear(m.small.Pix)
	b := m.jpeg.Bytes()
	clear(b[:cap(b)])
	m.jpeg.Reset()
}

func (m *mirror) close() {
	if m != nil {
		m.kiosk.Close()
	}
}
