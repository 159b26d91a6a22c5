package clock_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/clock"
)

const day = 24 * time.Hour

// built is before the moment at which every synctest bubble begins (2000-01-01).
var built = time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC)

// A wall is a system clock that somebody can set, over an uptime that nobody can.
type wall struct{ shift time.Duration }

func (w *wall) now() time.Time { return time.Now().Add(w.shift) }

func open(t rapid.TB, file string, w *wall) *clock.Clock {
	t.Helper()
	c, err := clock.Open(file, built, w.now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// runFor lives for d of uptime and stores the floor at the end.
func runFor(t rapid.TB, c *clock.Clock, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestT16_WhatIsBelieved(t *testing.T) {
	tests := []struct {
		name   string
		shifts []time.Duration // how far the system time is set off, one reading a minute after the other
		trust  []bool
	}{
		{"an ordinary clock is trusted", []time.Duration{0, 0, 0}, []bool{true, true, true}},
		{"a network time daemon takes a minute back", []time.Duration{0, -time.Minute, -time.Minute}, []bool{true, true, true}},
		{"set back by an hour is not believed, put right it is", []time.Duration{0, -time.Hour, 0}, []bool{true, false, true}},
		{"set back by a year is not believed", []time.Duration{0, -365 * day}, []bool{true, false}},
		{"a boot in 1970 is not believed, and the network's time after it is", []time.Duration{-30 * 365 * day, 60 * day, 60 * day}, []bool{false, true, true}},
		{"a time before the build is not believed", []time.Duration{-300 * day}, []bool{false}},
		{"the year 2107 is not believed", []time.Duration{107 * 365 * day}, []bool{false}},
		{"a leap of 30 days is believed", []time.Duration{0, 30 * day}, []bool{true, true}},
		{"a leap of 32 days is not", []time.Duration{0, 32 * day, 0}, []bool{true, false, true}},
		{"leaps add up", []time.Duration{0, 20 * day, 40 * day}, []bool{true, true, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "clock")
			synctest.Test(t, func(t *testing.T) {
				w := new(wall)
				c := open(t, file, w)
				for i, shift := range tt.shifts {
					w.shift = shift
					if at, trusted := c.Now(); trusted != tt.trust[i] {
						t.Errorf("reading %d: system time %v, told %v, trusted %v", i, w.now(), at, trusted)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

func TestT16_AFloorOutlivesARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	synctest.Test(t, func(t *testing.T) {
		w := new(wall)
		runFor(t, open(t, file, w), 90*time.Minute)
		before := time.Now()
		w.shift = -10 * 365 * day // the battery of the clock chip is empty
		c := open(t, file, w)
		at, trusted := c.Now()
		if trusted || before.Sub(at) > time.Second {
			t.Fatalf("after the restart the time is %v, trusted %v; it had been %v", at, trusted, before)
		}
		runFor(t, c, 3*time.Hour) // and goes on all the same
		if at, _ := open(t, file, w).Now(); before.Add(3*time.Hour).Sub(at) > 2*time.Second {
			t.Errorf("three hours later it is %v", at)
		}
		w.shift = 20 * day // off for some weeks
		if at, trusted := open(t, file, w).Now(); !trusted || at.Before(w.now().Add(-time.Second)) {
			t.Errorf("after weeks in a box: %v, trusted %v", at, trusted)
		}
	})
}

func TestAPowerCutLosesAtMostAMinute(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	synctest.Test(t, func(t *testing.T) {
		w := new(wall)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- open(t, file, w).Run(ctx) }()
		time.Sleep(10*time.Minute + 59*time.Second)
		left, err := os.ReadFile(file) // what a cut at this moment leaves
		if err != nil {
			t.Fatal(err)
		}
		cut := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, left, 0o600); err != nil {
			t.Fatal(err)
		}
		w.shift = -365 * day
		if at, _ := open(t, file, w).Now(); cut.Sub(at) > time.Minute {
			t.Errorf("cut at %v, floor %v", cut, at)
		}
	})
}

func TestADamagedFileIsSaidAndNotTrusted(t *testing.T) {
	good := func(t *testing.T) string {
		file := filepath.Join(t.TempDir(), "good")
		synctest.Test(t, func(t *testing.T) { runFor(t, open(t, file, new(wall)), time.Second) })
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}(t)
	for name, content := range map[string]string{
		"empty": "", "random bytes": "\x00\xff\x17clock", "cut off": good[:20], "with another year": strings.Replace(good, "2000", "2009", 1),
		"two lines": good + good, "capital letters": strings.ToUpper(good),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "clock")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				c, err := clock.Open(file, built, time.Now)
				if c == nil || err == nil || !strings.Contains(err.Error(), file) {
					t.Fatalf("clock %v, error %v", c, err)
				}
				if at, trusted := c.Now(); trusted || at.Before(built) {
					t.Errorf("told %v, trusted %v", at, trusted)
				}
				if b, err := os.ReadFile(file + ".damaged"); err != nil || string(b) != content {
					t.Errorf("what was set aside: %q, %v", b, err)
				}
			})
		})
	}
}

func TestADiskThatDoesNotTakeTheFloorIsTold(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c := open(t, filepath.Join(folder, "clock"), new(wall))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		if err := os.Remove(folder); err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Second)
		if c.Trouble() == nil {
			t.Error("nothing was said")
		}
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := c.Trouble(); err != nil {
			t.Errorf("mended, and still %v", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestEvidenceRaisesTheFloor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	synctest.Test(t, func(t *testing.T) {
		c := open(t, file, new(wall))
		c.NotBefore(time.Now().Add(time.Hour)) // the audit log has a later line, though the file was removed
		if at, trusted := c.Now(); trusted || at.Before(time.Now().Add(time.Hour)) {
			t.Errorf("told %v, trusted %v", at, trusted)
		}
		c.NotBefore(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)) // nonsense is no evidence
		if at, _ := c.Now(); at.Year() == 9999 {
			t.Error("the floor is in the year 9999")
		}
	})
}

// Whatever is done to the system time, over restarts and while running, the told time never goes back, is never behind
// the uptime that has passed, and a trusted one is the system time within the tolerance.
func TestT16_TimeNeverGoesBack(t *testing.T) {
	type step struct {
		shift, slept time.Duration
		restart      bool
	}
	far := rapid.Map(rapid.Int64Range(-40*365, 150*365), func(n int64) time.Duration { return time.Duration(n) * day })
	near := rapid.Map(rapid.Int64Range(-300, 300), func(n int64) time.Duration { return time.Duration(n) * time.Second })
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			shift:   rapid.OneOf(far, near).Draw(t, "shift"),
			slept:   time.Duration(rapid.Int64Range(0, 3600).Draw(t, "seconds slept")) * time.Second,
			restart: rapid.Bool().Draw(t, "restart"),
		}
	}), 1, 12)
	folder := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		plan := steps.Draw(rt, "steps")
		file := filepath.Join(folder, "clock")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			w := new(wall)
			c := open(t, file, w)
			last, _ := c.Now()
			for i, s := range plan {
				w.shift = s.shift
				if s.restart {
					runFor(t, c, time.Nanosecond)
					c = open(t, file, w)
					last = last.Truncate(time.Second) // the file knows seconds
				}
				time.Sleep(s.slept)
				at, trusted := c.Now()
				switch {
				case at.Before(last):
					wrong = fmt.Sprintf("step %d: %v came after %v", i, at, last)
				case !trusted && at.Before(last.Add(s.slept)):
					wrong = fmt.Sprintf("step %d: %v passed, and the untrusted time went from %v to %v", i, s.slept, last, at)
				case trusted && (at.Sub(w.now()) > 2*time.Minute || w.now().After(at)):
					wrong = fmt.Sprintf("step %d: trusted %v, system time %v", i, at, w.now())
				}
				last = at
			}
		})
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			rt.Fatal(err)
		}
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("edged-clock 1 2026-11-22T03:19:05Z 00000000\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := filepath.Join(t.TempDir(), "clock")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := clock.Open(file, built, time.Now)
		if c == nil {
			t.Fatal(err)
		}
		at, trusted := c.Now()
		if err != nil && trusted || at.Before(built) || at.Year() > 2106 {
			t.Fatalf("%q: %v, trusted %v, %v", b, at, trusted, err)
		}
	})
}

// A clock chip that was set forward, or a device that lay in a box: for a day nobody can tell, so for a day nothing is
// erased on its word. Then it is believed, unless somebody put it right meanwhile.
func TestT16_AChipSetForwardErasesNobodyOnTheFirstDay(t *testing.T) {
	for name, c := range map[string]struct {
		shift   time.Duration // of the chip at the start
		mended  time.Duration // when the network puts it right; 0 never
		trusted bool          // a minute after that, or after a day
	}{
		"ten years, put right after an hour":        {3650 * day, time.Hour, true},
		"half a year in a box":                      {180 * day, 0, true},
		"the last year that is believed":            {time.Date(2105, 12, 1, 0, 0, 0, 0, time.UTC).Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), time.Hour, true},
		"the year 2106, which is never believed":    {107 * 365 * day, 0, false},
		"a month more than may pass, put right":     {62 * day, 23 * time.Hour, true},
		"ten years, by evidence of the log as well": {3650 * day, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "clock")
			synctest.Test(t, func(t *testing.T) {
				w := new(wall)
				if !strings.Contains(name, "evidence") {
					runFor(t, open(t, file, w), time.Hour)
				}
				true0 := time.Now()
				w.shift = c.shift
				k := open(t, file, w)
				k.NotBefore(true0)
				look := func(until time.Duration) {
					for began := time.Now(); time.Since(began) < until; time.Sleep(10 * time.Minute) {
						at, trusted := k.Now()
						if trusted || at.Sub(time.Now()).Abs() > 2*time.Second {
							t.Fatalf("%v after the start: %v, trusted %v, and it is %v", time.Since(began), at, trusted, time.Now())
						}
					}
				}
				if c.mended > 0 {
					look(c.mended)
					w.shift = 0
				} else {
					look(day - time.Minute)
				}
				time.Sleep(time.Hour)
				at, trusted := k.Now()
				if trusted != c.trusted {
					t.Errorf("then: %v, trusted %v", at, trusted)
				}
				if c.trusted && at.Sub(w.now()).Abs() > 2*time.Second {
					t.Errorf("then it is %v, told %v", w.now(), at)
				}
			})
		})
	}
}

// +08:00 is nothing to the clock: it tells UTC, and a day of the calendar begins where the configuration says.
func TestTheZoneOfTheMachineChangesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	synctest.Test(t, func(t *testing.T) {
		east, west := time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)
		zone := east
		now := func() time.Time { return time.Now().In(zone) }
		c, err := clock.Open(file, built, now)
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, c, time.Hour)
		zone = west // 26 hours earlier on the wall, the same moment
		again, err := clock.Open(file, built, now)
		if err != nil {
			t.Fatal(err)
		}
		at, trusted := again.Now()
		if !trusted || !at.Equal(time.Now()) || at.Location() != time.UTC {
			t.Errorf("%v, trusted %v", at, trusted)
		}
	})
}
