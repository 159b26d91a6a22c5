package capture

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/wire"
)

// A picture of the tests is one number: its pixels. 0 cannot be read.
type tape struct {
	live[int]
	puts chan func()
	back []int
	said bytes.Buffer
}

// play starts a live source whose pump does what the test sends.
func play(t *testing.T) *tape {
	s := &tape{puts: make(chan func())}
	s.live = live[int]{silent: 2 * time.Second, maxAge: time.Second, now: bubbleClock(),
		log: slog.New(slog.NewTextHandler(&s.said, nil)),
		decode: func(f *Frame, p *int) (uint64, error) {
			v := *p
			if v == 0 {
				return 0, ErrUnreadable
			}
			f.Pix, f.W, f.H = []byte{byte(v), byte(v), byte(v)}, 1, 1
			return uint64(v), nil
		},
		drop: func(v int) { s.back = append(s.back, v) }}
	s.start(func(ctx context.Context, put func(int, int64), tell func(wire.Camera)) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case do := <-s.puts:
				if do == nil {
					return errors.New("the camera is gone")
				}
				do()
			}
		}
	})
	t.Cleanup(s.end)
	return s
}

// show brings a picture that is age old.
func (s *tape) show(v int, age time.Duration) {
	done := make(chan struct{})
	s.puts <- func() { s.put(v, s.now()-int64(age)); close(done) }
	<-done
}

// next waits no longer than a second.
func (s *tape) next(t *testing.T) *Frame {
	t.Helper()
	short, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	f, err := s.Next(short)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return f
}

func (s *tape) is(t *testing.T, want wire.Camera) {
	t.Helper()
	if got := s.State(); got != want {
		t.Fatalf("the camera is %v, want %v", got, want)
	}
}

func TestOnlyTheNewestPictureIsHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		s.is(t, wire.CameraOpening)
		s.show(1, 0)
		s.show(2, 0)
		s.show(3, 10*time.Millisecond)
		at := s.now() - int64(10*time.Millisecond)
		if f := s.next(t); f == nil || f.Pix[0] != 3 || f.Seq != 1 || f.At != at {
			t.Fatalf("%+v", f)
		}
		if f := s.next(t); f != nil {
			t.Fatalf("one picture was handed out twice: %+v", f)
		}
		if s.Counts() != (Counts{Frames: 3, Stale: 2}) || len(s.back) != 3 {
			t.Fatalf("%+v, given back %v", s.Counts(), s.back)
		}
	})
}

func TestAnOldPictureIsThrownAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		s.show(1, time.Second+1)
		if f := s.next(t); f != nil {
			t.Fatal("a picture older than a second came out")
		}
		s.show(2, time.Second)
		if f := s.next(t); f == nil || s.Counts().Stale != 1 {
			t.Fatalf("%v %+v", f, s.Counts())
		}
	})
}

func TestAPictureThatGrowsOldWhileItWaitsIsThrownAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		s.show(1, 0)
		time.Sleep(1001 * time.Millisecond)
		if f := s.next(t); f != nil {
			t.Fatal("it came out")
		}
	})
}

func TestACameraWithoutPicturesIsSilentUntilTheyComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		s.show(1, 0)
		s.next(t)
		s.is(t, wire.CameraSeeing)
		time.Sleep(1000 * time.Millisecond)
		s.is(t, wire.CameraSeeing)
		time.Sleep(1001 * time.Millisecond)
		s.is(t, wire.CameraSilent)
		s.show(2, 0)
		s.is(t, wire.CameraSeeing)
	})
}

func TestAFrozenPictureIsNotHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		for i := range 100 { // 10 a second
			s.show(7, 0)
			f := s.next(t)
			if f != nil && i > 21 {
				t.Fatalf("repetition %d came out", i)
			}
			if f == nil && i < 20 {
				t.Fatalf("repetition %d was thrown away: less than two seconds", i)
			}
			time.Sleep(100 * time.Millisecond)
			if i == 99 {
				s.is(t, wire.CameraFrozen)
			}
		}
		s.show(8, 0)
		if f := s.next(t); f == nil || f.Pix[0] != 8 {
			t.Fatal("a new picture did not end the freeze")
		}
		s.is(t, wire.CameraSeeing)
	})
}

func TestAFewSlowRepetitionsAreNoFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		for i := range 9 {
			s.show(7, 0)
			if s.next(t) == nil {
				t.Fatalf("repetition %d was thrown away", i)
			}
			time.Sleep(900 * time.Millisecond)
		}
		s.is(t, wire.CameraSeeing)
	})
}

func TestNothingButRubbishIsSilenceAndIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		for range 30 {
			s.show(0, 0)
			short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if f, _ := s.Next(short); f != nil {
				t.Fatal("rubbish came out")
			}
			stop()
		}
		s.is(t, wire.CameraSilent)
		if n := strings.Count(s.said.String(), "no use"); n != 1 {
			t.Fatalf("logged %d times: %s", n, &s.said)
		}
		s.show(1, 0)
		s.next(t)
		s.is(t, wire.CameraSeeing)
	})
}

func TestAPumpThatGivesUpEndsNextWithItsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		s.puts <- nil
		if _, err := s.Next(t.Context()); err == nil || err.Error() != "the camera is gone" {
			t.Fatal(err)
		}
		s.is(t, wire.CameraOpening)
	})
}

func TestEndStopsAWaitingNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t)
		time.AfterFunc(time.Second, s.end)
		if _, err := s.Next(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Fatal(err)
		}
	})
}

// Whatever comes in whatever order: every picture that came in was either handed out, or counted as stale, or waits;
// what was handed out was young enough; and every buffer comes back once.
func TestEveryPictureIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			s := play(t)
			taken, shown := uint64(0), 0
			for range rapid.IntRange(1, 60).Draw(rt, "acts") {
				switch rapid.SampledFrom([]string{"show", "take", "wait"}).Draw(rt, "act") {
				case "show":
					s.show(rapid.IntRange(0, 3).Draw(rt, "picture"), time.Duration(rapid.IntRange(0, 1500).Draw(rt, "age"))*time.Millisecond)
					shown++
				case "take":
					short, stop := context.WithTimeout(t.Context(), time.Millisecond)
					f, _ := s.Next(short)
					stop()
					if f != nil {
						taken++
						if age := s.now() - f.At; age > int64(s.maxAge) {
							rt.Fatalf("a picture of %v came out", time.Duration(age))
						}
					}
				case "wait":
					time.Sleep(time.Duration(rapid.IntRange(1, 1500).Draw(rt, "wait")) * time.Millisecond)
				}
			}
			s.end()
			c := s.Counts()
			if waiting := c.Frames - c.Stale - taken; waiting > 1 || c.Frames != uint64(shown) || len(s.back) != shown {
				rt.Fatalf("%+v, taken %d, shown %d, given back %d", c, taken, shown, len(s.back))
			}
		})
	})
}
