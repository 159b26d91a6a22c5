package faces_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/wire"
)

func TestSomebodyAgreesAndIsKnownUntilTheEnd(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	s.agree(resident, 1)
	if who, ok := s.knows(1); !ok || who != resident {
		t.Fatal("the resident is not known")
	}
	if _, ok := s.knows(2); ok {
		t.Error("a stranger is known")
	}
	if got := s.kinds(); !slices.Equal(got, []wire.Kind{wire.KindConsentGiven, wire.KindEnrolled}) {
		t.Errorf("the log has %v", got)
	}
	if s.log[0].Consent != s.log[1].Consent || s.log[1].Until != s.now.Add(s.notice.Keep()).Add(-300*time.Millisecond).Unix() {
		t.Errorf("the enrolment does not rest on the consent: %+v", s.log)
	}
	if s.Enrolling() || s.gazes != 2 {
		t.Errorf("the eye was told %d times", s.gazes)
	}
	s.wait(s.notice.Keep())
	if _, ok := s.knows(1); ok {
		t.Error("a face outlived its end")
	}
	s.sweep()
	if s.Stored() != 0 || s.register.State(resident) != wire.ConsentExpired {
		t.Errorf("%d faces stored, consent %s", s.Stored(), s.register.State(resident))
	}
}

func TestWhatIsNoAgreementIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stand)
		notice [32]byte
		lang   string
		says   wire.Prompt
	}{
		"to another notice":                {nil, [32]byte{1}, "zh", wire.PromptOldNotice},
		"at a time that is not trusted":    {func(s *stand) { s.trusted = false }, [32]byte{}, "zh", wire.PromptFaceRests},
		"in a language the notice has not": {nil, [32]byte{}, "xx", wire.PromptFaultAsk},
		"that cannot be written down":      {func(s *stand) { s.full = true }, [32]byte{}, "zh", wire.PromptFaultAsk},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), c.change)
			hash := c.notice
			if hash == [32]byte{} {
				hash = s.notice.Hash()
			}
			if got := s.Agree(1, resident, hash, c.lang, grown); got != c.says {
				t.Errorf("the screen said %s", got)
			}
			if s.Enrolling() || s.see(1, 0.9) || s.Stored() != 0 {
				t.Error("somebody is being enrolled all the same")
			}
		})
	}
}

func TestEnrolmentsThatEndWithoutATemplate(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*stand)
		why  wire.Reason
		says wire.Prompt
	}{
		"a photograph":                       {func(s *stand) { s.see(1, 0); s.see(1, 0); s.see(1, 0) }, wire.ReasonNotLive, wire.PromptNotTaken},
		"a face that is somebody else's":     {func(s *stand) { s.see(9, 1); s.see(9, 1); s.see(9, 1) }, wire.ReasonSameFace, wire.PromptNotTaken},
		"nobody stays, and nothing is heard": {func(s *stand) { s.see(1, 1); s.wait(2 * time.Minute); s.Tick() }, wire.ReasonNone, wire.PromptNotTaken},
		"nobody stays, and frames go on":     {func(s *stand) { s.see(1, 1); s.wait(2 * time.Minute); s.see(1, 1) }, wire.ReasonNone, wire.PromptNotTaken},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), nil)
			s.agree(other, 9)
			s.log, s.said = nil, nil
			if got := s.Agree(2, resident, s.notice.Hash(), "en", grown); got != wire.PromptLook {
				t.Fatal(got)
			}
			c.play(s)
			if s.Enrolling() || s.Stored() != 1 {
				t.Fatalf("enrolling %t, %d stored", s.Enrolling(), s.Stored())
			}
			if e := s.log[len(s.log)-1]; e.Kind != wire.KindEnrolmentFailed || e.Reason != c.why || e.Who != wire.Pseudonym(resident) {
				t.Errorf("the log has %+v", e)
			}
			if got := s.prompts(); got[len(got)-1] != c.says {
				t.Errorf("the screen said %v", got)
			}
			if who, ok := s.knows(9); !ok || who != other {
				t.Error("the other one is no longer known")
			}
		})
	}
}

func TestOnlyFramesOfTheSittingAreTaken(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	s.Agree(1, resident, s.notice.Hash(), "zh", grown)
	early := &wire.Sighting{CapturedAt: int64(s.up) - 1, InZone: 1, Verdict: wire.Good, Enrol: wire.Good, Live: 1, Model: model, Feature: face(5)}
	for range 5 {
		w := *early
		s.See(&w, wire.PromptHome)
	}
	alien := &wire.Sighting{CapturedAt: int64(s.up), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, Live: 1, Model: [32]byte{8}, Feature: face(5)}
	for range 5 {
		w := *alien
		s.See(&w, wire.PromptHome)
	}
	s.see(1, 1)
	s.see(1, 1)
	s.see(2, 1) // somebody else steps in front: begin anew with whoever stays
	s.see(2, 1)
	if s.Stored() != 0 {
		t.Fatal("frames of before, of another model or of two people made a template")
	}
	s.see(2, 1)
	if _, ok := s.knows(2); !ok {
		t.Error("whoever stayed is not known")
	}
	for _, seed := range []uint64{1, 5} {
		if _, ok := s.knows(seed); ok {
			t.Errorf("face %d went into the template", seed)
		}
	}
}

func TestHomeEndsOnlyOnesOwnEnrolment(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	s.Agree(1, resident, s.notice.Hash(), "zh", grown)
	s.Cancel(2)
	if !s.Enrolling() {
		t.Fatal("another turn at the screen ended it")
	}
	s.Cancel(1)
	if s.Enrolling() || s.see(1, 1) {
		t.Error("it goes on")
	}
}

func TestAWithdrawalIsEffectiveAtOnceAndThenErased(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	if got := s.Withdraw(1, resident); got != wire.PromptNothing {
		t.Errorf("nothing to withdraw: %s", got)
	}
	s.agree(resident, 1)
	s.agree(other, 2)
	s.log = nil
	if got := s.Withdraw(3, resident); got != wire.PromptWithdrawn {
		t.Fatal(got)
	}
	if _, ok := s.knows(1); ok {
		t.Error("known after the withdrawal returned")
	}
	if _, ok := s.knows(2); !ok {
		t.Error("the other one went, too")
	}
	s.Withdraw(4, other)
	s.sweep()
	got := s.kinds()
	slices.Sort(got)
	want := []wire.Kind{wire.KindWithdrawn, wire.KindWithdrawn, wire.KindErased, wire.KindErased}
	if !slices.Equal(got, want) {
		t.Errorf("the log has %v", got)
	}
	if n := len(slices.DeleteFunc(s.prompts(), func(p wire.Prompt) bool { return p != wire.PromptErased })); n != 2 {
		t.Errorf("%d were told that they are erased", n)
	}
	var r wire.Record
	s.Describe(resident, &r)
	if r.Consent != wire.ConsentWithdrawn || r.EraseAt != 0 || r.GivenAt == 0 {
		t.Errorf("the record says %+v", r)
	}
}

func TestAWithdrawalThatCannotBeWrittenDownIsEffectiveAllTheSame(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	s.agree(resident, 1)
	s.mu.Lock()
	s.full = true
	s.mu.Unlock()
	s.Withdraw(1, resident)
	if _, ok := s.knows(1); ok {
		t.Error("known because the disk is full")
	}
}

func TestAWithdrawalEndsAnEnrolment(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	s.Agree(1, resident, s.notice.Hash(), "zh", grown)
	s.see(1, 1)
	s.Withdraw(1, resident)
	if s.Enrolling() || s.see(1, 1) || s.see(1, 1) || s.Stored() != 0 {
		t.Error("the enrolment went on after the withdrawal")
	}
}

// A restart takes up only what the consents allow.
func TestWhatARestartTakesUp(t *testing.T) {
	for name, c := range map[string]struct {
		between func(*stand)
		change  func(*stand)
		known   bool
		stored  int
	}{
		"a face with its consent":                      {nil, nil, true, 1},
		"not one withdrawn just before the power went": {func(s *stand) { s.register.Withdraw(resident, consent.ByPIN, s.now, true) }, nil, false, 0},
		"not one whose consent was given anew since": {func(s *stand) {
			s.register.Give(resident, s.notice.Hash(), "en", consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown()}, s.now, true)
		}, nil, false, 0},
		"not one whose time is over": {nil, func(s *stand) { s.now = s.now.Add(400 * 24 * time.Hour) }, false, 0},
		"not one of another model":   {nil, func(s *stand) { s.model = [32]byte{9} }, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			first := open(t, dir, nil)
			first.agree(resident, 1)
			if c.between != nil {
				c.between(first)
			}
			first.close()
			s := open(t, dir, func(s *stand) {
				s.now = first.now.Add(time.Second)
				if c.change != nil {
					c.change(s)
				}
			})
			if _, ok := s.knows(1); ok != c.known {
				t.Errorf("known: %t", ok)
			}
			if c.stored == 0 {
				s.sweep()
			}
			if s.Stored() != c.stored {
				t.Errorf("%d faces are stored", s.Stored())
			}
		})
	}
}

// After a change of the model pack nobody is mistaken for anybody: the log says why a face is no longer used, and its owner
// is taken anew by the new model.
func TestWhoWasEnrolledByAnotherModelIsAskedBackIn(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, nil)
	first.agree(resident, 1)
	first.close()
	s := open(t, dir, func(s *stand) { s.now, s.model = first.now.Add(time.Second), [32]byte{9} })
	if _, ok := s.knows(1); ok {
		t.Fatal("a face of another model is used")
	}
	if kinds := s.kinds(); !slices.Contains(kinds, wire.KindTemplateRefused) {
		t.Errorf("the log holds %v, and not why", kinds)
	}
	s.agree(resident, 1)
	if who, ok := s.knows(1); !ok || who != resident || s.Stored() != 1 {
		t.Errorf("after agreeing again: %v, %t, %d stored", who, ok, s.Stored())
	}
}

// Searches, decisions, enrolments and withdrawals at the same time: once a withdrawal has returned, no door opens.
func TestNoDoorOpensAfterAWithdrawalReturned(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	var withdrawn atomic.Bool
	var opened, late atomic.Int64
	end := make(chan struct{})
	var all sync.WaitGroup
	for range 4 { // as package passage does it: find, then act while they can be found
		all.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if who, ok := s.knows(1); ok {
					s.gallery.While(who, s.now, func() {
						time.Sleep(time.Millisecond) // a relay takes its time
						if opened.Add(1); withdrawn.Load() {
							late.Add(1)
						}
					})
				}
			}
		})
	}
	for range 10 {
		withdrawn.Store(false)
		s.Agree(1, resident, s.notice.Hash(), "zh", grown)
		for range 3 {
			w := &wire.Sighting{CapturedAt: int64(s.up), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, Live: 1, Model: model, Feature: face(1)}
			s.See(w, wire.PromptHome)
		}
		for before := opened.Load(); opened.Load() == before; { // they really do find and open
			time.Sleep(time.Millisecond)
		}
		s.Withdraw(1, resident)
		withdrawn.Store(true)
		time.Sleep(2 * time.Millisecond)
		s.sweep() // nobody is enrolled anew before the earlier face has gone
	}
	close(end)
	all.Wait()
	if late.Load() > 0 {
		t.Errorf("%d of %d doors were opened after the withdrawal had returned", late.Load(), opened.Load())
	}
}

// After a power cut an erasure may be unfinished when the keypad is ready. Whoever agreed anew then would lose the new
// face to the old erasure (found by test/torture).
func TestNobodyIsEnrolledWhileAnEarlierFaceIsBeingErased(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	s.agree(resident, 1)
	s.Withdraw(1, resident)
	s.close() // the power goes before the sweep came to it
	s = open(t, dir, nil)
	if got := s.Agree(1, resident, s.notice.Hash(), "zh", grown); got != wire.PromptFaceRests {
		t.Fatalf("the screen said %s", got)
	}
	s.sweep()
	s.agree(resident, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	must(t, s.Sweep().Run(ctx))
	if _, ok := s.knows(1); !ok {
		t.Error("the new face went with the old one")
	}
}
