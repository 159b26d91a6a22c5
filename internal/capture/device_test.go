//go:build vivid

package capture

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// These tests need the kernel's virtual camera driver vivid. test/devices/run.sh boots a kernel that has it and runs
// them there. They run in this order; the last one unplugs the camera.

// Controls of vivid: drivers/media/test-drivers/vivid/vivid-ctrls.c.
const (
	text       = 0x00f0f001 // 2: none; the text holds a clock
	dropped    = 0x00f0f040 // percent of frames that are never delivered
	disconnect = 0x00f0f041
)

func set(t *testing.T, id, value uint32) {
	t.Helper()
	f := openRaw(t, "/dev/video0")
	defer f.Close()
	c := struct{ ID, Value uint32 }{id, value}
	if err := control(int(f.Fd()), dirReadWrite, 28, &c); err != nil {
		t.Fatalf("control %x: %v", id, err)
	}
}

// openRaw opens a device as the hall must: os.OpenFile would register it with Go's poller, and a first poll makes many
// drivers start their read(2) emulation, which then owns the camera until the descriptor is closed.
func openRaw(t *testing.T, path string) *os.File {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("%s: %v: run test/devices/run.sh", path, err)
	}
	return os.NewFile(uintptr(fd), path)
}

func testLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func openCamera(t *testing.T, silent time.Duration) (*device, *os.File) {
	t.Helper()
	f := openRaw(t, "/dev/video0")
	s, err := Open(room.Camera{Kind: "v4l2", Width: 640, Height: 480, FPS: 25, Silent: silent},
		func(string) (*os.File, error) { return f, nil }, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.(*device), f
}

func next(t *testing.T, s Source) *Frame {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	f, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("%v; the camera is %v", err, s.State())
	}
	return f
}

func until(t *testing.T, s Source, want wire.Camera) {
	t.Helper()
	begin := time.Now()
	for s.State() != want {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("the camera is %v, not %v", s.State(), want)
		}
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		f, err := s.Next(ctx)
		stop()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		} else if f != nil {
			f.Wipe()
		}
	}
	t.Logf("%v after %v", want, time.Since(begin).Round(time.Millisecond))
}

func TestVividFramesComeInOrderAndColour(t *testing.T) {
	s, _ := openCamera(t, 0)
	last := &Frame{}
	for range 20 {
		f := next(t, s)
		if f.W != 640 || f.H != 480 || f.Seq != last.Seq+1 || f.At <= last.At {
			t.Fatalf("%d×%d, number %d at %d after %d at %d", f.W, f.H, f.Seq, f.At, last.Seq, last.At)
		}
		last = f
		last.Develop()
	}
	// The test picture is eight bars of 75 % brightness. Of each, one pixel below the text, B G R.
	for i, want := range [][3]int{{191, 191, 191}, {0, 191, 191}, {191, 191, 0}, {0, 191, 0}, {191, 0, 191}, {0, 0, 191}, {191, 0, 0}} {
		got := last.Pix[(400*640+i*80+40)*3:][:3]
		for c := range want {
			if d := int(got[c]) - want[c]; d > 6 || d < -6 {
				t.Errorf("bar %d is %v, want %v", i, got, want)
				break
			}
		}
	}
	if s.State() != wire.CameraSeeing {
		t.Error(s.State())
	}
}

func TestVividSlowEyeSeesOnlyTheNewest(t *testing.T) {
	s, _ := openCamera(t, 0)
	next(t, s)
	for range 4 {
		time.Sleep(500 * time.Millisecond)
		if age := time.Duration(monotonic() - next(t, s).At); age > 200*time.Millisecond {
			t.Errorf("a frame is %v old", age)
		}
	}
	if c := s.Counts(); c.Stale < 20 {
		t.Errorf("%+v: nothing was overtaken", c)
	}
}

func TestVividStreamThatWasSwitchedOffIsStartedAnew(t *testing.T) {
	s, f := openCamera(t, 0)
	next(t, s)
	kind := int32(bufCapture)
	if err := control(int(f.Fd()), dirWrite, 19, &kind); err != nil { // STREAMOFF behind the eye's back
		t.Fatal(err)
	}
	until(t, s, wire.CameraOpening)
	until(t, s, wire.CameraSeeing)
	next(t, s)
}

func TestVividSilentCameraIsToldAndReturns(t *testing.T) {
	s, _ := openCamera(t, 500*time.Millisecond)
	next(t, s)
	set(t, dropped, 100)
	defer set(t, dropped, 0)
	until(t, s, wire.CameraSilent)
	set(t, dropped, 0)
	until(t, s, wire.CameraSeeing)
	next(t, s)
}

func TestVividCameraThatStaysSilentEndsTheRoom(t *testing.T) {
	s, _ := openCamera(t, 200*time.Millisecond)
	next(t, s)
	set(t, dropped, 100)
	defer set(t, dropped, 0)
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	for {
		f, err := s.Next(ctx)
		if f != nil {
			continue // still under way
		}
		if !errors.Is(err, errSilent) || !strings.Contains(err.Error(), "opened anew") {
			t.Fatal(err)
		}
		return
	}
}

func TestVividFrozenPictureIsFound(t *testing.T) {
	s, _ := openCamera(t, 0)
	next(t, s)
	set(t, text, 2)
	defer set(t, text, 0)
	until(t, s, wire.CameraFrozen)
	set(t, text, 0)
	until(t, s, wire.CameraSeeing)
}

func TestVividStreamLeftByAKilledEyeIsTakenOver(t *testing.T) {
	f := openRaw(t, "/dev/video0")
	if _, err := startStream(int(f.Fd())); err != nil {
		t.Fatal(err)
	}
	s, err := Open(room.Camera{Kind: "v4l2", Width: 320, Height: 240}, func(string) (*os.File, error) { return f, nil }, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if f := next(t, s); f.W != 320 {
		t.Fatalf("%d×%d", f.W, f.H)
	}
}

func TestVividWrongDevicesAreNamed(t *testing.T) {
	busy, _ := openCamera(t, 0)
	next(t, busy)
	for _, c := range []struct{ name, path, want string }{
		{"a device that puts pictures out", "/dev/video1", "gives no pictures"},
		{"a device that is no camera at all", "/dev/null", "not a V4L2 device"},
		{"a camera that somebody else uses", "/dev/video0", "used by another program"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := openRaw(t, c.path)
			defer f.Close()
			_, err := Open(room.Camera{Kind: "v4l2"}, func(string) (*os.File, error) { return f, nil }, testLog(t))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatal(err)
			}
		})
	}
}

func TestVividUnpluggedCameraEndsTheRoom(t *testing.T) {
	s, _ := openCamera(t, 0)
	next(t, s)
	set(t, disconnect, 1)
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for {
		f, err := s.Next(ctx)
		if f != nil {
			continue // still under way
		}
		if err == nil || !strings.Contains(err.Error(), "unplugged") {
			t.Fatal(err)
		}
		return
	}
}
