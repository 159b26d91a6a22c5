package access_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestWaitsDoubleAndARightPINEndsTheRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, t.TempDir(), room.PIN{}, time.Now)
		who, pin := issue(t, b)
		for left := 4; left >= 0; left-- {
			_, r := try(b, wrong)
			if r.Outcome != wire.Denied || r.Reason != wire.ReasonWrongPIN || r.TriesLeft != left || r.Until.IsZero() != (left > 0) {
				t.Fatalf("%d left: %+v", left, r)
			}
		}
		for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute,
			16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour, time.Hour} {
			time.Sleep(wait - 1)
			right, a := try(b, pin)
			nobody, c := try(b, wrong)
			if right != nobody || a != c || a.Outcome != wire.Limited || a.Reason != wire.ReasonTooManyTries || a.Until.Sub(time.Now()) != 1 {
				t.Fatalf("in a wait of %v: right PIN %v %+v, wrong PIN %v %+v", wait, right, a, nobody, c)
			}
			time.Sleep(1)
			if _, r := try(b, wrong); r.Outcome != wire.Denied {
				t.Fatalf("after a wait of %v: %+v", wait, r)
			}
		}
		time.Sleep(time.Hour)
		if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Fatalf("the right PIN after the wait: %v %+v", got, r)
		}
		if _, r := try(b, wrong); r.TriesLeft != 4 {
			t.Errorf("after a right PIN %d tries are left, want 4", r.TriesLeft)
		}
	})
}

func TestTheWaitIsRememberedOverARestart(t *testing.T) {
	tests := []struct {
		name string
		off  time.Duration // what the clock shows after the restart, against the true time
		gone time.Duration // how long the terminal was off
		lost bool          // the time is not known after the restart
		left time.Duration // of the wait of 30 s
	}{
		{"at once", 0, 0, false, 30 * time.Second},
		{"after ten seconds", 0, 10 * time.Second, false, 20 * time.Second},
		{"after a minute", 0, time.Minute, false, 0},
		{"with the clock set back a year", -365 * 24 * time.Hour, 10 * time.Second, false, 30 * time.Second},
		{"with the clock set back two seconds", -2 * time.Second, 0, false, 30 * time.Second},
		{"with the time unknown", 0, time.Hour, true, 30 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				b := open(t, dir, room.PIN{}, time.Now)
				_, pin := issue(t, b)
				for range 5 {
					try(b, wrong)
				}
				b.Close()
				time.Sleep(test.gone)
				b = open(t, dir, room.PIN{}, func() time.Time {
					if test.lost {
						return time.Time{}
					}
					return time.Now().Add(test.off)
				})
				if test.left > 0 {
					time.Sleep(test.left - 1)
					if _, r := try(b, pin); r.Outcome != wire.Limited {
						t.Fatalf("before the end: %+v", r)
					}
					time.Sleep(1)
				}
				if _, r := try(b, pin); r.Outcome != wire.Granted {
					t.Fatalf("after the end: %+v", r)
				}
			})
		})
	}
}

func TestAWaitThatBeganAtAnUnknownTimeBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := open(t, dir, room.PIN{}, func() time.Time { return time.Time{} })
		_, pin := issue(t, b)
		for range 5 {
			try(b, wrong)
		}
		if _, r := try(b, pin); r.Outcome != wire.Limited || !r.Until.IsZero() {
			t.Fatalf("with the time unknown: %+v", r)
		}
		b.Close()
		b = open(t, dir, room.PIN{}, time.Now)
		if _, r := try(b, pin); r.Outcome != wire.Limited || r.Until.Sub(time.Now()) != 30*time.Second {
			t.Fatalf("after the restart: %+v", r)
		}
	})
}

func TestWrongTriesAreCountedOverARestart(t *testing.T) {
	dir := t.TempDir()
	for left := 4; left >= 0; left-- {
		b := open(t, dir, room.PIN{}, time.Now)
		if _, r := try(b, wrong); r.TriesLeft != left {
			t.Fatalf("%d tries left, want %d", r.TriesLeft, left)
		}
		b.Close()
	}
}

func TestSettingTheClockWithinARunEndsNoWait(t *testing.T) {
	for _, by := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var shift time.Duration
			b := open(t, t.TempDir(), room.PIN{}, func() time.Time { return time.Now().Add(shift).Round(0) })
			_, pin := issue(t, b)
			for range 5 {
				try(b, wrong)
			}
			shift = by
			time.Sleep(29 * time.Second)
			if _, r := try(b, pin); r.Outcome != wire.Limited {
				t.Errorf("clock moved by %v: %+v", by, r)
			}
			time.Sleep(time.Second)
			if _, r := try(b, pin); r.Outcome != wire.Granted {
				t.Errorf("clock moved by %v, after the wait: %+v", by, r)
			}
		})
	}
}

func TestATryThatCannotBeRememberedCostsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, t.TempDir(), room.PIN{}, time.Now)
		who, pin := issue(t, b)
		b.FailWrites(errors.New("disk full"))
		if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Fatalf("a full disk locks people out: %v, %+v", got, r)
		}
		if _, r := try(b, wrong); r.Outcome != wire.Denied || r.Until.IsZero() {
			t.Fatalf("the first wrong PIN: %+v", r)
		}
		if _, r := try(b, wrong); r.Outcome != wire.Limited {
			t.Fatalf("the second wrong PIN: %+v", r)
		}
		time.Sleep(30 * time.Second)
		if got, r := try(b, pin); got != who || r.Outcome != wire.Granted {
			t.Fatalf("after the wait: %v, %+v", got, r)
		}
	})
}

func TestADeadDiskGrantsNothing(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	who, pin := issue(t, b)
	b.BreakDisk()
	if got, r := try(b, pin); got != (person.ID{}) || r.Outcome == wire.Granted {
		t.Errorf("%v, %+v", got, r)
	}
	if b.Exists(who) || b.Len() != 0 {
		t.Error("somebody is known from a disk that is gone")
	}
	if _, _, err := b.Issue(); err == nil {
		t.Error("a PIN was issued that was not kept")
	}
}

func TestManyAtOnceGetNoFreeTries(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	var mu sync.Mutex
	seen := map[wire.Outcome]int{}
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			_, r := try(b, wrong)
			mu.Lock()
			defer mu.Unlock()
			seen[r.Outcome]++
		})
	}
	all.Wait()
	if seen[wire.Denied] != 5 || seen[wire.Limited] != 35 {
		t.Errorf("%v", seen)
	}
}
