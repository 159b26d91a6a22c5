package lens_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/lens"
	"example.org/edged/internal/ring"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// These tests run the whole way of a frame: a real source, the lens, the ring, and the eye's end of it. They take
// about half a minute, because a frozen camera takes seconds to be noticed.

const parts = "apt-get install -y --no-install-recommends ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0 gir1.2-gstreamer-1.0 " +
	"gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"

// see runs a lens on a source and returns what the eye has of it. The lens ends with the test.
func see(t *testing.T, brief room.Lens) capture.Source {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := ring.Make()
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(brief)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	r, err := room.New(log, told, map[string]*os.File{"eye": os.NewFile(uintptr(ends[0]), "eye"), "ring": frames})
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]*os.File{"lens": os.NewFile(uintptr(ends[1]), "lens"), "ring": frames}
	s, err := capture.Open(room.Camera{Kind: "lens"}, func(name string) (*os.File, error) { return given[name], nil }, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- lens.Run(ctx, r) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the lens ended with %v", err)
		}
		s.Close()
		frames.Close()
	})
	return s
}

// frame waits for a frame, at most so long; nil when none came.
func frame(t *testing.T, s capture.Source, within time.Duration) *capture.Frame {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), within)
	defer stop()
	f, err := s.Next(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return f
}

// watch takes frames until the camera is in this state, and tells how many came and when the last one was complete.
func watch(t *testing.T, s capture.Source, want wire.Camera, within time.Duration) (frames int, last int64, took time.Duration) {
	t.Helper()
	begin := time.Now()
	for s.State() != want {
		if took = time.Since(begin); took > within {
			t.Fatalf("after %v the camera is %v, not %v", took, s.State(), want)
		}
		if f := frame(t, s, 50*time.Millisecond); f != nil {
			frames, last = frames+1, f.At
		}
	}
	return frames, last, time.Since(begin)
}

// clip makes a short video: seconds of a moving test picture at 25 frames a second.
func clip(t *testing.T, size string, seconds int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	out, err := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i",
		fmt.Sprintf("testsrc2=size=%s:rate=25:duration=%d", size, seconds), "-preset", "ultrafast", "-pix_fmt", "yuv420p", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v %s\nwhere it is missing: %s", err, out, parts)
	}
	return path
}

func TestAVideoFileIsSeenAndEndsInSilence(t *testing.T) {
	s := see(t, room.Lens{Source: clip(t, "320x240", 2)})
	frames, _, took := watch(t, s, wire.CameraSeeing, 10*time.Second)
	f := frame(t, s, time.Second)
	if f == nil || f.W != 320 || f.H != 240 || len(f.Pix) != 320*240*3 {
		t.Fatalf("%+v", f)
	}
	more, _, rest := watch(t, s, wire.CameraSilent, 10*time.Second)
	t.Logf("%d frames; seeing after %v, silent %v later", frames+1+more, took, rest)
	if all := frames + 1 + more; all > 50 || all < 25 {
		t.Errorf("%d frames of a clip of 50", all)
	}
}

func TestALoopingVideoGoesOn(t *testing.T) {
	s := see(t, room.Lens{Source: clip(t, "160x120", 1), Loop: true})
	for i := range 60 {
		if f := frame(t, s, 5*time.Second); f == nil {
			t.Fatalf("only %d frames, the camera is %v", i, s.State())
		}
	}
}

func TestALargePictureIsScaledToFitTheRing(t *testing.T) {
	s := see(t, room.Lens{Source: clip(t, "3840x1920", 1), Loop: true})
	f := frame(t, s, 20*time.Second)
	if f == nil || f.W != 1920 || f.H != 960 {
		t.Fatalf("%+v, the camera is %v", f, s.State())
	}
}

func TestAFileThatIsNoVideoIsSilenceAndNoCrash(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"an empty file", nil},
		{"random bytes", []byte(strings.Repeat("not a video ", 500))},
		{"a truncated video", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clip.mp4")
			if strings.HasPrefix(c.name, "a truncated") {
				whole, err := os.ReadFile(clip(t, "160x120", 1))
				if err != nil {
					t.Fatal(err)
				}
				c.file = whole[:len(whole)/2]
			}
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			s := see(t, room.Lens{Source: path, Loop: true})
			watch(t, s, wire.CameraSilent, 10*time.Second)
		})
	}
}

// camera is a real RTSP server in a program of its own.
type camera struct {
	*exec.Cmd
	url  string
	port string
}

func startCamera(t *testing.T, port string) *camera {
	t.Helper()
	c := &camera{Cmd: exec.Command("/usr/bin/python3", "testdata/camera.py", port), port: port,
		url: "rtsp://127.0.0.1:" + port + "/cam"}
	c.Stderr = t.Output()
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatalf("%v\nwhere it is missing: %s", err, parts)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the RTSP server did not start: %q %v\nwhere parts are missing: %s", line, err, parts)
	}
	return c
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestAFrozenCameraIsSilentAndNothingStaleComes(t *testing.T) {
	cam := startCamera(t, freePort(t))
	s := see(t, room.Lens{Source: cam.url})
	watch(t, s, wire.CameraSeeing, 20*time.Second)
	for range 10 {
		if frame(t, s, 5*time.Second) == nil {
			t.Fatal("no frames")
		}
	}
	if err := cam.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	frozen := now(t)
	frames, last, took := watch(t, s, wire.CameraSilent, 10*time.Second)
	t.Logf("silent after %v, %d frames were still under way", took, frames)
	if took > 4*time.Second {
		t.Errorf("silent only after %v", took)
	}
	if last > frozen+int64(time.Second) {
		t.Errorf("a frame came %v after the freeze", time.Duration(last-frozen))
	}
	// The library's stale frames would come now.
	if f := frame(t, s, 5*time.Second); f != nil {
		t.Errorf("a stale frame came %v after the freeze", time.Duration(f.At-frozen))
	}
	if err := cam.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	_, _, took = watch(t, s, wire.CameraSeeing, 20*time.Second)
	t.Logf("seeing again %v after the thaw", took)
}

func TestACameraThatDiesAndReturnsIsSeenAgain(t *testing.T) {
	cam := startCamera(t, freePort(t))
	s := see(t, room.Lens{Source: cam.url})
	watch(t, s, wire.CameraSeeing, 20*time.Second)
	if err := cam.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cam.Wait()
	_, _, took := watch(t, s, wire.CameraSilent, 10*time.Second)
	t.Logf("silent %v after the kill", took)
	startCamera(t, cam.port)
	_, _, took = watch(t, s, wire.CameraSeeing, 20*time.Second)
	t.Logf("seeing again after %v", took)
	if frame(t, s, 5*time.Second) == nil {
		t.Fatal("no frame")
	}
}

func TestASlowEyeSeesNow(t *testing.T) {
	cam := startCamera(t, freePort(t))
	s := see(t, room.Lens{Source: cam.url})
	watch(t, s, wire.CameraSeeing, 20*time.Second)
	for range 20 {
		f := frame(t, s, 5*time.Second)
		if f == nil {
			t.Fatal("no frame")
		}
		if age := time.Duration(now(t) - f.At); age > 500*time.Millisecond {
			t.Errorf("a frame is %v old", age)
		}
		time.Sleep(200 * time.Millisecond) // the eye is busy; at 15 frames a second a backlog would grow
	}
	if c := s.Counts(); c.Stale < 20 {
		t.Errorf("%+v: nothing was overtaken", c)
	}
}

func TestAnAddressThatSaysNothingIsSilence(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	s := see(t, room.Lens{Source: "rtsp://" + mute.Addr().String() + "/cam"})
	watch(t, s, wire.CameraSilent, 10*time.Second)
}

func now(t *testing.T) int64 {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return ts.Nano()
}
