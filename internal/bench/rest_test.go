package bench_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// The figures are differences between two of the eye's words; this eye has counted before it was asked.
func TestRestReportsWhatAnEyeDidInBetween(t *testing.T) {
	folder := t.TempDir()
	var film int64
	watch := func(ctx context.Context, e room.Eye) (*wire.Conn[wire.EyeSays, wire.EyeHears], int, func() error, error) {
		info, err := os.Stat(filepath.Join(e.Camera.Folder, "scene-1280x720.yuyv"))
		if err != nil {
			return nil, 0, nil, err
		}
		film = info.Size()
		ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return nil, 0, nil, err
		}
		eye, err := wire.Open[wire.EyeHears, wire.EyeSays](os.NewFile(uintptr(ends[1]), "eye"), nil)
		if err != nil {
			return nil, 0, nil, err
		}
		keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](os.NewFile(uintptr(ends[0]), "keeper"), nil)
		ended := make(chan error)
		over, stop := context.WithCancel(ctx)
		go func() {
			defer close(ended)
			if w, err := eye.Hear(); err != nil || w.(*wire.Look).Gaze != wire.Watch {
				t.Errorf("the eye was told %v, %v", w, err)
			}
			for n := uint64(1000); over.Err() == nil; n += 2 {
				_ = eye.SayWithin(&wire.EyeState{Camera: wire.CameraSeeing, Frames: n, Detected: n / 2, Features: 7}, time.Millisecond)
				time.Sleep(time.Millisecond)
			}
		}()
		return keeper, os.Getpid(), func() error { stop(); <-ended; return eye.Close() }, err
	}
	r, err := bench.Rest(t.Context(), bench.RestJob{Folder: folder, Seconds: 50 * time.Millisecond, Watch: watch})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Nobody; n.Frames == 0 || n.Frames > 1000 || n.Detected*2 > n.Frames+1 || n.Features != 0 || n.Seconds < 0.05 || n.CPU < 0 || r.Somebody != nil {
		t.Errorf("%+v", r)
	}
	if film != 16*1280*720*2 {
		t.Errorf("the film has %d bytes", film)
	}
}
