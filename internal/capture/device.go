package capture

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// device is a V4L2 camera, on a descriptor that the hall opened. It opens nothing itself: the eye cannot.
type device struct {
	live[raw]
	cfg  room.Camera
	file *os.File
	fd   int
	free chan []byte // three buffers: one being filled, one the newest, one being decoded
	seed maphash.Seed
}

// raw is a picture as the camera sent it.
type raw struct {
	bytes []byte
	form  pixFormat
}

// After this many failures in a row the descriptor itself is suspected.
const (
	maxFailures  = 5
	firstBackOff = 500 * time.Millisecond
)

var errSilent = errors.New("no picture came")

func openDevice(cfg room.Camera, f *os.File, log *slog.Logger) (Source, error) {
	d := &device{cfg: cfg, file: f, fd: int(f.Fd()), free: make(chan []byte, 3), seed: maphash.MakeSeed()}
	d.live = live[raw]{silent: cfg.Silent, maxAge: cfg.MaxAge, now: monotonic, log: log, decode: d.decode, drop: d.drop}
	for range cap(d.free) {
		d.free <- nil
	}
	// A blocking DQBUF could not be interrupted; poll waits instead.
	if err := unix.SetNonblock(d.fd, true); err != nil {
		return nil, fmt.Errorf("camera: %w", err)
	}
	if err := checkCamera(d.fd); err != nil {
		return nil, err
	}
	// An eye that was killed may have left its stream running on this descriptor, which the hall keeps open.
	stopStream(d.fd, nil)
	form, err := chooseFormat(d.fd, cfg)
	if err != nil {
		return nil, err
	}
	log.Info("camera", slog.String("format", fourCC(form.PixelFormat)), slog.Int("width", int(form.Width)),
		slog.Int("height", int(form.Height)))
	d.start(d.pump)
	return d, nil
}

// pump streams until it is told to stop. A stream that fails or falls silent is set up anew on the same descriptor.
// Where that does not help, only a new descriptor can, and only the hall can open one.
func (d *device) pump(ctx context.Context, put func(raw, int64), tell func(wire.Camera)) error {
	failures, wait := 0, firstBackOff
	for {
		came, err := d.stream(ctx, put)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.ENODEV):
			return errors.New("the camera was unplugged: plug it in again, then the eye is started anew")
		case came:
			failures, wait = 0, firstBackOff
		}
		if failures++; failures >= maxFailures {
			return fmt.Errorf("the camera failed %d times in a row, so it must be opened anew: %w", failures, err)
		}
		state := wire.CameraOpening
		if errors.Is(err, errSilent) {
			state = wire.CameraSilent
		}
		tell(state)
		d.log.Warn("camera lost, trying again", slog.String("why", err.Error()), slog.Duration("in", wait))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// stream sets the stream up, hands out pictures until something goes wrong, and takes the stream down again.
func (d *device) stream(ctx context.Context, put func(raw, int64)) (came bool, err error) {
	form, err := chooseFormat(d.fd, d.cfg)
	if err != nil {
		return false, err
	}
	bufs, err := startStream(d.fd)
	if err != nil {
		return false, err
	}
	defer stopStream(d.fd, bufs)
	last := d.now()
	for ctx.Err() == nil {
		if d.now()-last > int64(d.silent) {
			return came, fmt.Errorf("%w for %v", errSilent, d.silent)
		}
		// A short wait, because nothing but time would wake poll when ctx ends.
		if err := waitReadable(d.fd, 100*time.Millisecond); errors.Is(err, unix.EAGAIN) {
			continue
		} else if err != nil {
			return came, err
		}
		b, err := dequeue(d.fd)
		if errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil {
			return came, err
		}
		now := d.now()
		if good := b.filled(bufs); good != nil {
			came, last = true, now
			put(raw{append((<-d.free)[:0], good...), form}, b.capturedAt(now))
		}
		if err := enqueue(d.fd, b.Index); err != nil {
			return came, err
		}
	}
	return came, nil
}

// drop takes a buffer back. It never waits: there are no more buffers than places.
func (d *device) drop(r raw) { d.free <- r.bytes }

// decode fills a frame. Equal bytes are equal pixels, so the frozen test reads the fewer bytes. YUYV is left as it
// came, because its brightness can be read without developing it: frame and camera exchange their buffers.
func (d *device) decode(f *Frame, r *raw) (uint64, error) {
	sum := maphash.Bytes(d.seed, r.bytes)
	if r.form.PixelFormat == formatMJPEG {
		got, err := Decode(withHuffman(r.bytes))
		if err == nil {
			f.Pix, f.W, f.H = got.Pix, got.W, got.H
		}
		return sum, err
	}
	old := f.film
	if err := f.expose(r.bytes, int(r.form.Width), int(r.form.Height), int(r.form.BytesPerLine)); err != nil {
		return sum, err
	}
	r.bytes = old
	return sum, nil
}

// Close implements Source.
func (d *device) Close() error {
	d.end()
	for range cap(d.free) {
		b := <-d.free
		clear(b[:cap(b)])
	}
	return d.file.Close()
}
