package access

import (
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// Tries counts wrong PINs in a row and makes everybody wait when there were too many.
//
// Within one run a wait is a timer, and timers follow the monotonic clock: setting the clock forward ends no wait,
// setting it back prolongs none. Over a restart only the wall clock is left. It is believed only if it lies between
// the beginning and the end of the wait, or after it; if it is before the beginning, or unknown (the zero time), the
// whole wait begins anew.
type tries struct {
	cfg  room.PIN
	now  func() time.Time
	save func(wrong int, until time.Time) error // durable when it returns

	wrong int
	until time.Time // what people are told; zero when the time is unknown
	over  <-chan time.Time
}

// mostWrong keeps the count from running over; the wait has been at its longest for long.
const mostWrong = 1 << 16

// withDefaults fills in what the config left out.
func withDefaults(cfg room.PIN) room.PIN {
	if cfg.Digits == 0 {
		cfg.Digits = 8
	}
	if cfg.FreeTries <= 0 {
		cfg.FreeTries = 5
	}
	if cfg.FirstWait <= 0 {
		cfg.FirstWait = 30 * time.Second
	}
	if cfg.LongestWait <= 0 {
		cfg.LongestWait = time.Hour
	}
	cfg.LongestWait = max(cfg.LongestWait, cfg.FirstWait)
	return cfg
}

// waitAfter is the wait that follows the wrong try of that number.
func waitAfter(cfg room.PIN, wrong int) time.Duration {
	if wrong < cfg.FreeTries {
		return 0
	}
	wait := cfg.FirstWait
	for range wrong - cfg.FreeTries {
		if wait >= cfg.LongestWait/2 {
			return cfg.LongestWait
		}
		wait *= 2
	}
	return min(wait, cfg.LongestWait)
}

// recall takes up what was remembered before a restart.
func (t *tries) recall(wrong int, until time.Time) {
	t.wrong = wrong
	whole := waitAfter(t.cfg, wrong)
	if whole == 0 {
		return
	}
	now := t.now()
	left := whole
	if !now.IsZero() && !until.IsZero() {
		left = min(until.Sub(now), whole) // more than whole: the clock stands before the wait began
	}
	if left > 0 {
		t.wait(left)
	}
}

func (t *tries) wait(d time.Duration) {
	t.over = time.NewTimer(d).C
	t.until = time.Time{}
	if now := t.now(); !now.IsZero() {
		t.until = now.Add(d)
	}
}

// waiting is the answer to everybody, right PIN or wrong, while a wait lasts.
func (t *tries) waiting() (Result, bool) {
	if t.over == nil {
		return Result{}, false
	}
	select {
	case <-t.over:
		t.over = nil
		return Result{}, false
	default:
		return Result{Outcome: wire.Limited, Reason: wire.ReasonTooManyTries, Until: t.until}, true
	}
}

// missed counts a wrong try. It is on the disk before anybody is answered, so that pulling the plug at the sight of
// "wrong PIN" gains no try. A try that could not be remembered costs a wait at once: a full disk frees nobody.
func (t *tries) missed() Result {
	t.wrong = min(t.wrong+1, mostWrong)
	wait := waitAfter(t.cfg, t.wrong)
	t.until = time.Time{}
	if wait > 0 {
		t.wait(wait)
	}
	if err := t.save(t.wrong, t.until); err != nil && wait == 0 {
		t.wait(t.cfg.FirstWait)
	}
	return Result{Outcome: wire.Denied, Reason: wire.ReasonWrongPIN,
		TriesLeft: max(0, t.cfg.FreeTries-t.wrong), Until: t.until}
}

// hit forgets the wrong tries. Whether that was written is not asked: the person was right, and if it was not, the
// next wait comes sooner, not later.
func (t *tries) hit() Result {
	if t.wrong > 0 {
		t.wrong, t.until = 0, time.Time{}
		_ = t.save(0, time.Time{})
	}
	return Result{Outcome: wire.Granted}
}
