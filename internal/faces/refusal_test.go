package faces_test

import (
	"slices"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

func (s *stand) last() wire.Prompt { all := s.prompts(); return all[len(all)-1] }

// Three times in a row an enrolment ends without a face: from then on the other ways are offered, and the person may go
// on trying all the same.
func TestM5d_WhomTheCameraDoesNotSuitIsOfferedTheOtherWays(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	fail := func() wire.Prompt {
		if got := s.Agree(1, resident, s.notice.Hash(), "en", grown); got != wire.PromptLook {
			t.Fatal(got)
		}
		s.wait(2 * time.Minute)
		s.Tick()
		return s.last()
	}
	for i, want := range []wire.Prompt{wire.PromptNotTaken, wire.PromptNotTaken, wire.PromptWays, wire.PromptWays} {
		if got := fail(); got != want {
			t.Errorf("after the refusal %d the screen said %s", i+1, got)
		}
	}
	s.agree(resident, 1)
	if s.last() != wire.PromptEnrolled {
		t.Fatal(s.last())
	}
	if got := fail(); got != wire.PromptNotTaken {
		t.Errorf("after an enrolment that worked the screen said %s", got)
	}
}

func TestEachGateHasAWordOnTheScreen(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	if got := s.Agree(1, resident, s.notice.Hash(), "en", grown); got != wire.PromptLook {
		t.Fatal(got)
	}
	for v := wire.TooFar; v <= wire.Uneven; v++ {
		s.wait(100 * time.Millisecond)
		s.See(&wire.Sighting{CapturedAt: int64(s.up), Verdict: wire.Good, Enrol: v, Model: s.model}, passage.Advice(v))
		if got := s.last(); got != passage.Advice(v) || got == wire.PromptHome || got == wire.PromptLook {
			t.Errorf("%s: the screen said %s", v, got)
		}
	}
	s.see(1, .9)
	s.wait(100 * time.Millisecond)
	s.See(&wire.Sighting{CapturedAt: int64(s.up), Verdict: wire.Good, Enrol: wire.Good, Openness: .4, Live: 1, Model: s.model, Feature: face(1)}, wire.PromptHome)
	s.wait(100 * time.Millisecond)
	s.See(&wire.Sighting{CapturedAt: int64(s.up), Verdict: wire.Good, Enrol: wire.Good, Openness: .1, Live: 1, Model: s.model, Feature: face(1)}, wire.PromptHome)
	if got := s.last(); got != wire.PromptEyes {
		t.Errorf("a blink: the screen said %s", got)
	}
}

// The operator is told of a face under two names by a line of its own, which names whose it is already.
func TestAFaceUnderTwoNamesIsReported(t *testing.T) {
	twins := map[person.ID]bool{}
	s := open(t, t.TempDir(), nil)
	s.Rules.Twins = func(a, b person.ID) bool { return twins[a] && twins[b] }
	s.agree(other, 9)
	for _, c := range []struct {
		marked bool
		stored int
		kinds  []wire.Kind
	}{
		{false, 1, []wire.Kind{wire.KindSameFace, wire.KindEnrolmentFailed}},
		{true, 2, []wire.Kind{wire.KindSameFace, wire.KindEnrolled}},
	} {
		twins[resident], twins[other] = c.marked, c.marked
		s.agree(resident, 9)
		log := s.log[len(s.log)-2:]
		if got := []wire.Kind{log[0].Kind, log[1].Kind}; !slices.Equal(got, c.kinds) || log[0].Who != wire.Pseudonym(other) || log[1].Who != wire.Pseudonym(resident) {
			t.Errorf("both marked: %v: the log has %+v", c.marked, log)
		}
		if log[0] != (audit.Entry{Kind: wire.KindSameFace, Reason: wire.ReasonSameFace, Who: wire.Pseudonym(other)}) {
			t.Errorf("%+v", log[0])
		}
		if s.Stored() != c.stored {
			t.Errorf("both marked: %v: %d faces are stored", c.marked, s.Stored())
		}
	}
}
