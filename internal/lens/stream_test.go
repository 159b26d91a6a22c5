package lens

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// reel is a video of a fixed number of frames; each read takes what the list says, then reads fail.
type reel struct {
	reads []time.Duration
	fps   float64
}

func (r *reel) read() ([]byte, int, int, bool) {
	if len(r.reads) == 0 {
		return nil, 0, 0, false
	}
	time.Sleep(r.reads[0])
	r.reads = r.reads[1:]
	return []byte{1, 2, 3}, 1, 1, true
}
func (r *reel) rate() float64 { return r.fps }
func (r *reel) close()        {}

// diary is what happened, with the seconds since the beginning.
type diary struct {
	begin  time.Time
	shown  []time.Duration
	opened []time.Duration
	states []wire.Camera
	said   bytes.Buffer
}

// play runs a stream for a while over reels, opened one after another; nil cannot be opened.
func play(t *testing.T, brief room.Lens, length time.Duration, reels ...*reel) *diary {
	t.Helper()
	d := &diary{}
	brief.Silent = 2 * time.Second
	synctest.Test(t, func(t *testing.T) {
		d.begin = time.Now()
		p := newPatience(brief.Silent)
		s := &stream{brief: brief, name: redacted(brief.Source), log: slog.New(slog.NewTextHandler(&d.said, nil)), state: p.is,
			open: func(string, time.Duration) (video, error) {
				d.opened = append(d.opened, time.Since(d.begin))
				if len(reels) == 0 || reels[0] == nil {
					reels = reels[min(1, len(reels)):]
					return nil, errors.New("refused")
				}
				r := reels[0]
				reels = reels[1:]
				return r, nil
			},
			show: func([]byte, int, int, time.Duration) error {
				d.shown = append(d.shown, time.Since(d.begin))
				return nil
			}}
		ctx, stop := context.WithTimeout(t.Context(), length)
		defer stop()
		told := make(chan error)
		go func() {
			told <- p.run(ctx, func(w wire.LensSays) error {
				d.states = append(d.states, w.(*wire.LensState).Camera)
				return nil
			})
		}()
		if err := s.run(ctx); err != nil {
			t.Error(err)
		}
		if err := <-told; err != nil {
			t.Error(err)
		}
	})
	return d
}

const camera = "rtsp://user:secret@192.0.2.1/cam?password=secret"

func TestALateReadIsThrownAwayAndEndsTheConnection(t *testing.T) {
	// As measured: two good reads, one that blocks until the time-out, one that returns the same picture at once.
	frozen := &reel{reads: []time.Duration{700 * time.Millisecond, 60 * time.Millisecond, 2200 * time.Millisecond, 0, 0}}
	d := play(t, room.Lens{Source: camera}, 10*time.Second, frozen, &reel{reads: []time.Duration{100 * time.Millisecond}})
	want := []time.Duration{700 * time.Millisecond, 760 * time.Millisecond, 3310 * time.Millisecond}
	if !slices.Equal(d.shown, want) {
		t.Fatalf("shown at %v, want %v", d.shown, want)
	}
}

func TestAFrozenCameraIsSilentWhileTheReadStillBlocks(t *testing.T) {
	d := play(t, room.Lens{Source: camera}, 4*time.Second, &reel{reads: []time.Duration{time.Second, 30 * time.Second}})
	if want := []wire.Camera{wire.CameraOpening, wire.CameraSeeing, wire.CameraSilent}; !slices.Equal(d.states, want) {
		t.Fatalf("told %v, want %v", d.states, want)
	}
}

func TestReopeningWaitsLongerEachTimeUntilFramesCome(t *testing.T) {
	good := func() *reel { return &reel{reads: []time.Duration{time.Second}} }
	d := play(t, room.Lens{Source: camera}, 20*time.Second, good(), nil, nil, nil, nil, nil, nil, good(), nil)
	var waits []time.Duration
	for i := 1; i < len(d.opened); i++ {
		waits = append(waits, d.opened[i]-d.opened[i-1])
	}
	ms := time.Millisecond
	want := []time.Duration{1250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 4000 * ms, 4000 * ms, 1250 * ms, 500 * ms, 1000 * ms}
	if !slices.Equal(waits[:len(want)], want) {
		t.Fatalf("opened after %v, want %v", waits, want)
	}
	if want := []wire.Camera{wire.CameraOpening, wire.CameraSeeing, wire.CameraOpening, wire.CameraSilent, wire.CameraSeeing,
		wire.CameraOpening}; !slices.Equal(d.states[:len(want)], want) {
		t.Fatalf("told %v, want %v", d.states, want)
	}
	if n := strings.Count(d.said.String(), "cannot be opened"); n != 2 {
		t.Errorf("logged %d times:\n%s", n, &d.said)
	}
}

func TestAFilePlaysAtItsOwnPace(t *testing.T) {
	for _, c := range []struct {
		name string
		fps  float64
		want time.Duration // of the eleventh frame
	}{
		{"10 frames a second", 10, time.Second},
		{"a rate that is not known is 25", 0, 400 * time.Millisecond},
		{"a rate that cannot be is 25", 90000, 400 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := play(t, room.Lens{Source: "clip.mp4"}, 10*time.Second, &reel{make([]time.Duration, 11), c.fps})
			if len(d.shown) != 11 || d.shown[10] != c.want {
				t.Fatalf("shown at %v", d.shown)
			}
		})
	}
}

func TestAFileEndsInSilenceUnlessItLoops(t *testing.T) {
	reels := func() []*reel {
		return []*reel{{make([]time.Duration, 3), 10}, {make([]time.Duration, 3), 10}}
	}
	once := play(t, room.Lens{Source: "clip.mp4"}, 10*time.Second, reels()...)
	if n := len(once.shown); n != 3 || once.states[len(once.states)-1] != wire.CameraSilent {
		t.Errorf("%d frames, %v", n, once.states)
	}
	twice := play(t, room.Lens{Source: "clip.mp4", Loop: true}, 10*time.Second, reels()...)
	if n := len(twice.shown); n != 6 || twice.shown[3]-twice.shown[2] > 200*time.Millisecond {
		t.Errorf("%d frames at %v", n, twice.shown)
	}
}

func TestAnEmptyFileDoesNotSpin(t *testing.T) {
	var empty []*reel
	for range 1000 {
		empty = append(empty, &reel{})
	}
	d := play(t, room.Lens{Source: "clip.mp4", Loop: true}, 10*time.Second, empty...)
	if len(d.opened) > 10 {
		t.Fatalf("opened %d times in ten seconds", len(d.opened))
	}
}

func TestNoPasswordIsLogged(t *testing.T) {
	d := play(t, room.Lens{Source: camera}, 5*time.Second, &reel{reads: make([]time.Duration, 2)})
	if said := d.said.String(); strings.Contains(said, "secret") || !strings.Contains(said, "192.0.2.1") {
		t.Fatal(said)
	}
	if got := redacted("rtsp://user:sec ret@[::1/cam"); strings.Contains(got, "ret") {
		t.Fatal(got)
	}
}

func TestANewEyeIsToldTheStateAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		p := newPatience(2 * time.Second)
		var told []wire.Camera
		done := make(chan error)
		go func() {
			done <- p.run(ctx, func(w wire.LensSays) error {
				told = append(told, w.(*wire.LensState).Camera)
				return nil
			})
		}()
		p.is(wire.CameraSeeing)
		synctest.Wait()
		p.again()
		synctest.Wait()
		stop()
		<-done
		if want := []wire.Camera{wire.CameraSeeing, wire.CameraSeeing}; !slices.Equal(told, want) {
			t.Fatalf("told %v", told)
		}
	})
}
