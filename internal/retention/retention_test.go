package retention_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/clock"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/retention"
	"example.org/edged/internal/wire"
)

const day = 24 * time.Hour

var (
	built = time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC)
	anna  = person.ID{0xa}
	bert  = person.ID{0xb}
)

// A room is a keeper in small: the real register and clock on a disk, and something that erases.
type room struct {
	t        *testing.T
	folder   string
	shift    time.Duration // of the system time
	notice   *notice.Notice
	register *consent.Register
	clock    *clock.Clock
	sweep    *retention.Sweep
	faces    map[person.ID]bool
	mu       sync.Mutex
	batches  [][]person.ID // who were erased together
	poison   person.ID     // who cannot be erased
	steps    []string      // in the order in which they happened
	told     []retention.Erasure
	broken   error // what erasing answers
	mute     error // what recording answers
	meddle   func()
	stop     func()
}

func newRoom(t *testing.T) *room {
	t.Helper()
	b, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := new(notice.Notice)
	if err := yaml.Unmarshal(b, n); err != nil {
		t.Fatal(err)
	}
	n.RetentionDays = 2 // a year of minutes is long even for a clock that nobody waits for
	return &room{t: t, folder: t.TempDir(), notice: n, faces: map[person.ID]bool{}}
}

// start begins a life of the room; the one before it must have been stopped or cut.
func (r *room) start() {
	r.t.Helper()
	var err error
	if r.register, err = consent.Open(r.folder, consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, r.notice); err != nil {
		r.t.Fatal(err)
	}
	if r.clock, err = clock.Open(filepath.Join(r.folder, "clock"), built, r.now); err != nil {
		r.t.Fatal(err)
	}
	r.sweep = retention.New(r.clock.Now, r.rest, r.erase, r.tell, r.register)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	defer synctest.Wait() // for the first pass
	go func() { done <- r.sweep.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
		if err := r.clock.Run(ctx); err != nil { // stores the floor and returns
			r.t.Error(err)
		}
		if err := r.register.Close(); err != nil {
			r.t.Error(err)
		}
	}
}

// now is the system time, which a test can set.
func (r *room) now() (t time.Time) {
	r.let(func() { t = time.Now().Add(r.shift) })
	return t
}

func (r *room) rest(person.ID) { r.step("rest") }

// let changes what the room does next; all state of a room lies behind its mutex.
func (r *room) let(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *room) step(s string) { r.let(func() { r.steps = append(r.steps, s) }) }

func (r *room) did() (steps []string) {
	r.let(func() { steps = slices.Clone(r.steps) })
	return steps
}

func (r *room) heard() (told []retention.Erasure) {
	r.let(func() { told = slices.Clone(r.told) })
	return told
}

func (r *room) has(p person.ID) (face bool) {
	r.let(func() { face = r.faces[p] })
	return face
}

func (r *room) erase(people ...person.ID) (err error) {
	var meddle func()
	r.let(func() {
		r.steps = append(r.steps, "erase")
		r.batches = append(r.batches, people)
		if err = r.broken; err == nil && slices.Contains(people, r.poison) {
			err = errors.New("one of them cannot be erased")
		}
		for _, p := range people {
			if err == nil {
				delete(r.faces, p)
			}
		}
		meddle, r.meddle = r.meddle, nil
	})
	if meddle != nil {
		meddle()
	}
	return err
}

func (r *room) tell(e retention.Erasure) (err error) {
	r.let(func() {
		r.steps = append(r.steps, "tell")
		r.told = append(r.told, e)
		err = r.mute
	})
	if e.Err != nil || err != nil {
		return err
	}
	_, err = r.register.Mark(e.Person, consent.Erased, e.At, e.Trusted)
	return err
}

func (r *room) enrol(p person.ID) {
	r.t.Helper()
	at, trusted := r.clock.Now()
	if _, err := r.register.Give(p, r.notice.Hash(), "zh", consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown()}, at, trusted); err != nil {
		r.t.Fatal(err)
	}
	r.let(func() { r.faces[p] = true })
}

func (r *room) withdraw(p person.ID) {
	r.t.Helper()
	at, trusted := r.clock.Now()
	if _, err := r.register.Withdraw(p, consent.ByPIN, at, trusted); err != nil {
		r.t.Fatal(err)
	}
	r.sweep.EraseNow(p, wire.ReasonWithdrawn)
}

func live(t *testing.T, test func(t *testing.T, r *room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		r.start()
		test(t, r)
		r.stop()
	})
}

func TestM6b_WithdrawnIsUnusableAtOnceThenErasedThenTold(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.enrol(anna)
		r.enrol(bert)
		r.withdraw(anna)
		if steps := r.did(); len(steps) == 0 || steps[0] != "rest" {
			t.Fatalf("when EraseNow returned: %v", steps)
		}
		synctest.Wait()                  // no time passes
		steps := slices.Compact(r.did()) // the calendar knows of it as well, and taking out twice does no harm
		if !slices.Equal(steps, []string{"rest", "erase", "tell"}) {
			t.Errorf("steps: %v", steps)
		}
		if r.has(anna) || !r.has(bert) || r.sweep.Open() != 0 {
			t.Errorf("anna left: %v, bert left: %v, open: %d", r.has(anna), r.has(bert), r.sweep.Open())
		}
		if e := r.heard()[0]; e.Reason != wire.ReasonWithdrawn || e.Err != nil || e.At.Before(e.Asked) {
			t.Errorf("told: %+v", e)
		}
	})
}

func TestM8c_DueMinusOneSecondWorksDuePlusOneSecondIsGone(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.enrol(anna)
		time.Sleep(2*day - time.Second)
		synctest.Wait()
		if !r.has(anna) {
			t.Fatal("erased before its end")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r.has(anna) {
			t.Fatal("alive after its end")
		}
		if s := r.register.State(anna); s != wire.ConsentExpired {
			t.Errorf("the consent is %v", s)
		}
		time.Sleep(time.Hour)
		if len(r.heard()) != 1 {
			t.Errorf("told %d times", len(r.heard()))
		}
	})
}

func TestM6b_APowerCutAtEachStepIsMadeGoodAtTheStart(t *testing.T) {
	for _, reason := range []wire.Reason{wire.ReasonWithdrawn, wire.ReasonExpired} {
		for _, cut := range []string{"before it began", "before erasing", "before it was recorded"} {
			t.Run(fmt.Sprint(reason, " ", cut), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRoom(t)
					r.start()
					r.enrol(anna)
					switch cut {
					case "before erasing":
						r.let(func() { r.broken = errors.New("the power is gone") })
					case "before it was recorded":
						r.let(func() { r.mute = errors.New("the power is gone") })
					}
					switch {
					case cut == "before it began" && reason == wire.ReasonExpired:
						r.stop()
						time.Sleep(3 * day)
					case cut == "before it began":
						at, trusted := r.clock.Now()
						if _, err := r.register.Withdraw(anna, consent.ByPIN, at, trusted); err != nil {
							t.Fatal(err)
						}
						r.stop()
					case reason == wire.ReasonExpired:
						time.Sleep(2*day + time.Second)
						r.stop()
					default:
						r.withdraw(anna)
						synctest.Wait()
						r.stop()
					}
					r.let(func() { r.broken, r.mute = nil, nil })
					r.start()
					synctest.Wait() // at once, no time passes
					if r.has(anna) {
						t.Error("the face is alive after the start")
					}
					all, err := r.register.History(anna)
					if err != nil || all[len(all)-1].State != consent.Erased {
						t.Errorf("history ends with %v, %v", all[len(all)-1].State, err)
					}
					if e := r.heard()[len(r.heard())-1]; e.Reason != reason || e.Err != nil {
						t.Errorf("told %+v", e)
					}
					r.stop()
				})
			})
		}
	}
}

func TestAFailedEraseIsToldRetriedMoreSlowlyAndNeverDropped(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.let(func() { r.broken = errors.New("disk full") })
		r.enrol(anna)
		r.withdraw(anna)
		time.Sleep(time.Hour)
		synctest.Wait()
		if r.sweep.Open() != 1 {
			t.Fatalf("open: %d", r.sweep.Open())
		}
		tries := len(r.heard())
		if tries < 60 || tries > 70 { // 1+2+4+…+32 s, then each minute
			t.Errorf("%d tries in an hour", tries)
		}
		if last := r.heard()[tries-1]; last.Err == nil || last.Tries != tries {
			t.Errorf("told %+v", last)
		}
		r.let(func() { r.broken = nil })
		time.Sleep(time.Minute)
		synctest.Wait()
		if r.has(anna) || r.sweep.Open() != 0 {
			t.Error("the disk has room again, and the face is still there")
		}
	})
}

func TestAnEraseThatWasNotRecordedIsToldAgainAndNotErasedAgain(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.let(func() { r.mute = errors.New("audit log full") })
		r.enrol(anna)
		r.withdraw(anna)
		time.Sleep(10 * time.Second)
		if r.sweep.Open() != 1 {
			t.Fatal("counted as done before it was recorded")
		}
		r.let(func() { r.mute = nil })
		time.Sleep(time.Minute)
		synctest.Wait()
		if last := r.heard()[len(r.heard())-1]; r.sweep.Open() != 0 || last.Tries != 1 {
			t.Errorf("open %d, told %+v", r.sweep.Open(), last)
		}
	})
}

func TestSomebodyEnrolledAndWithdrawnAgainInTheMiddleIsErasedAgain(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.let(func() { r.meddle = func() { r.enrol(anna); r.withdraw(anna) } })
		r.enrol(anna)
		r.withdraw(anna)
		time.Sleep(time.Minute)
		synctest.Wait()
		if r.has(anna) || r.sweep.Open() != 0 {
			t.Errorf("the second face is alive: %v, open %d", r.faces, r.sweep.Open())
		}
	})
}

func TestT16_AWrongYearErasesNothingAndKeepsNothing(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.enrol(anna)
		time.Sleep(10 * time.Minute)
		r.let(func() { r.shift = 40 * 365 * day }) // somebody set the year 2040
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !r.has(anna) {
			t.Fatal("erased on a time that nobody trusts")
		}
		r.let(func() { r.shift = -20 * 365 * day }) // and then 1980, for good
		time.Sleep(2*day - 21*time.Minute)
		synctest.Wait()
		if !r.has(anna) {
			t.Fatal("erased before the floor had passed its date")
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if r.has(anna) {
			t.Error("the floor has passed its date, and it lives")
		}
		if e := r.heard()[len(r.heard())-1]; e.Trusted {
			t.Errorf("told with a trusted time: %+v", e)
		}
	})
}

// many enrols n people in the same moment, so that they are due in the same moment.
func (r *room) many(n int) (all []person.ID) {
	for i := range n {
		p := person.ID{1, byte(i), byte(i >> 8)}
		r.enrol(p)
		all = append(all, p)
	}
	return all
}

func TestManyWhoseDayIsTheSameAreErasedTogetherAndToldEach(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		all := r.many(150)
		time.Sleep(2*day + time.Second)
		synctest.Wait()
		told := map[person.ID]int{}
		for _, e := range r.heard() {
			if told[e.Person]++; e.Err != nil || e.Reason != wire.ReasonExpired || e.Tries != 1 {
				t.Errorf("told %+v", e)
			}
		}
		for _, p := range all {
			if r.has(p) || told[p] != 1 {
				t.Fatalf("%v: alive %t, told %d times", p, r.has(p), told[p])
			}
		}
		if len(r.batches) != 3 || r.sweep.Open() != 0 {
			t.Errorf("erased in %d goes, %d open", len(r.batches), r.sweep.Open())
		}
	})
}

func TestWhoAsksGoesBeforeTheManyWhoseDayHasCome(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		r.many(300)
		time.Sleep(day)
		r.enrol(anna)
		r.let(func() { r.meddle = func() { r.withdraw(anna) } }) // while the first of the many are being erased
		time.Sleep(day + time.Second)
		synctest.Wait()
		if len(r.batches) < 3 || !slices.Equal(r.batches[1], []person.ID{anna}) {
			t.Errorf("%d goes; the second was of %d", len(r.batches), len(r.batches[1]))
		}
		if e := r.heard()[0]; e.Person != anna || e.Reason != wire.ReasonWithdrawn {
			t.Errorf("told first: %+v", e)
		}
		if r.sweep.Open() != 0 {
			t.Errorf("%d open", r.sweep.Open())
		}
	})
}

// A failure is everybody's in that go: counted, told and tried again for each; and one who cannot be erased does not
// keep the others.
func TestAFailureOfManyIsToldForEachAndOneDoesNotKeepTheOthers(t *testing.T) {
	live(t, func(t *testing.T, r *room) {
		all := r.many(60)
		r.let(func() { r.poison = all[17] })
		time.Sleep(2*day + 500*time.Millisecond)
		synctest.Wait()
		if r.sweep.Late() != 60 || len(r.heard()) != 60 {
			t.Fatalf("%d late, told %d times", r.sweep.Late(), len(r.heard()))
		}
		for _, e := range r.heard() {
			if e.Err == nil {
				t.Fatalf("told %+v", e)
			}
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if r.sweep.Open() != 1 || !r.has(all[17]) || r.has(all[18]) {
			t.Errorf("%d open", r.sweep.Open())
		}
		r.let(func() { r.poison = person.ID{} })
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if r.sweep.Open() != 0 || r.has(all[17]) {
			t.Error("tried again, and still there")
		}
	})
}

// An impatient calendar always has something due in a moment.
type impatient struct{ asked *int }

func (c impatient) Due(time.Time) iter.Seq2[person.ID, wire.Reason] {
	*c.asked++
	return func(func(person.ID, wire.Reason) bool) {}
}

func (c impatient) Next(after time.Time) (time.Time, bool) { return after.Add(time.Nanosecond), true }

func TestNoStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := impatient{&asked}
		s := retention.New(func() (time.Time, bool) { return time.Now(), true }, func(person.ID) {}, nil, nil, c)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if asked > 3700 {
			t.Errorf("asked %d times in an hour", asked)
		}
	})
}
