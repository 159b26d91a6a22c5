package faces_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// P-44: a face that rests is found by nobody, over a restart too, is kept, and works again when its person says so.
func TestP44_ARestingFaceIsKeptAndFoundByNobody(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	if got := s.Rest(resident, consent.ByPIN, ""); got != wire.PromptNothing {
		t.Errorf("nothing to rest: %s", got)
	}
	s.agree(resident, 1)
	if got := s.Rest(resident, consent.ByPIN, ""); got != wire.PromptRests {
		t.Fatalf("the screen said %s", got)
	}
	if _, known := s.knows(1); known || s.Stored() != 1 {
		t.Errorf("found: %v, stored: %d", known, s.Stored())
	}
	s.close()
	s = open(t, dir, nil)
	if _, known := s.knows(1); known || s.Stored() != 1 || s.Sweep().Open() != 0 {
		t.Errorf("after a restart: found %v, stored %d, to be erased %d", known, s.Stored(), s.Sweep().Open())
	}
	var r wire.Record
	if s.Describe(resident, &r); !r.Restricted || r.EraseAt == 0 || r.Consents[0].State != wire.ConsentRestricted || r.Consents[1].State != wire.ConsentGiven {
		t.Errorf("their record says %+v", r)
	}
	if got := s.Resume(resident, consent.ByPIN, ""); got != wire.PromptResumed {
		t.Fatalf("the screen said %s", got)
	}
	if p, known := s.knows(1); !known || p != resident {
		t.Error("it is not used again")
	}
	if !slices.Contains(s.kinds(), wire.KindResumed) {
		t.Errorf("the log has %v", s.kinds())
	}
}

// A rest is no way round the end: a resting face is due as if it were used, and withdrawing reaches it.
func TestM8c_ARestingFaceDiesInTime(t *testing.T) {
	for name, end := range map[string]func(*stand){
		"at its end":    func(s *stand) { s.wait(366 * 24 * time.Hour) },
		"by withdrawal": func(s *stand) { s.Withdraw(1, resident) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), nil)
			s.agree(resident, 1)
			s.Rest(resident, consent.ByPIN, "")
			end(s)
			s.sweep()
			if s.Stored() != 0 {
				t.Error("it is still stored")
			}
			if got := s.Resume(resident, consent.ByPIN, ""); got == wire.PromptResumed && s.gallery.Len() > 0 {
				t.Errorf("it came back: %s", got)
			}
		})
	}
}

// Faces that the staff have put to rest, because of a dead person's relatives, only the staff wake.
func TestJ15_WhatStaffPutToRestThePersonsPINDoesNotWake(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	s.agree(resident, 1)
	s.Rest(resident, consent.ByStaff, "porter")
	if got := s.Resume(resident, consent.ByPIN, ""); got != wire.PromptRests {
		t.Errorf("the PIN woke it: %s", got)
	}
	if got := s.Agree(1, resident, s.notice.Hash(), "zh", grown); got != wire.PromptRests {
		t.Errorf("or agreed anew: %s", got)
	}
	if _, known := s.knows(1); known {
		t.Error("found")
	}
	if got := s.Resume(resident, consent.ByStaff, "porter"); got != wire.PromptResumed {
		t.Errorf("the staff: %s", got)
	}
	if _, known := s.knows(1); !known {
		t.Error("not found")
	}
}

// next is the notice with another text under the next version number.
func next(n *notice.Notice, change func(*notice.Text)) *notice.Notice {
	m := *n
	m.Version++
	m.Text = maps.Clone(n.Text)
	text := m.Text["en"]
	change(&text)
	m.Text["en"] = text
	return &m
}

// M-5c: after a new phone number a face rests until its person has read it; after a new purpose it is erased.
func TestM5c_AChangedNoticeRestsOrErases(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	s.agree(resident, 1)
	s.close()
	s = open(t, dir, func(s *stand) { s.notice = next(s.notice, func(x *notice.Text) { x.Contact = "phone 021-5550-0199" }) })
	if _, known := s.knows(1); known || s.Stored() != 1 || !s.Changed(resident) {
		t.Fatalf("found %v, stored %d, changed %v", known, s.Stored(), s.Changed(resident))
	}
	if got := s.Inform(resident, [32]byte{1}, "en"); got != wire.PromptOldNotice {
		t.Errorf("informed of something else: %s", got)
	}
	if got := s.Inform(resident, s.notice.Hash(), "en"); got != wire.PromptInformed {
		t.Fatalf("the screen said %s", got)
	}
	if p, known := s.knows(1); !known || p != resident || s.Changed(resident) {
		t.Error("not used again")
	}
	s.close()
	s = open(t, dir, func(s *stand) {
		s.notice = next(next(s.notice, func(x *notice.Text) {}), func(x *notice.Text) { x.Purpose = "The door, and attendance." })
	})
	if got := s.Inform(resident, s.notice.Hash(), "en"); got != wire.PromptNothing {
		t.Errorf("reading counted as agreeing: %s", got)
	}
	s.sweep()
	if _, known := s.knows(1); known || s.Stored() != 0 || s.register.State(resident) != wire.ConsentInvalidated {
		t.Errorf("found %v, stored %d, %s", known, s.Stored(), s.register.State(resident))
	}
	if !slices.Contains(s.kinds(), wire.KindInvalidated) {
		t.Errorf("the log has %v", s.kinds())
	}
}

// M-7a: who may not agree is told what is missing, and no frame is looked at.
func TestM7a_NoFrameWithoutAConsentThatCounts(t *testing.T) {
	child := birthday.Standing{Band: wire.AgeChild, Comes: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	for says, on := range map[wire.Prompt]consent.Basis{
		wire.PromptAge:         {Evidence: consent.ByPIN},
		wire.PromptGuardian:    {Evidence: consent.ByPIN, Age: child},
		wire.PromptNotGuardian: {Evidence: consent.ByGuardian, Age: child, Guardian: resident, Adult: birthday.Grown(), Relation: wire.RelationParent, Staff: "porter"},
	} {
		s := open(t, t.TempDir(), nil)
		if got := s.Agree(1, resident, s.notice.Hash(), "zh", on); got != says {
			t.Errorf("%s, want %s", got, says)
		}
		if s.Enrolling() || s.see(1, 0.9) || len(s.kinds()) > 0 {
			t.Errorf("%s: a frame was looked at, or %v written", says, s.kinds())
		}
	}
	s := open(t, t.TempDir(), nil)
	mother := person.ID{0xee}
	by := consent.Basis{Evidence: consent.ByGuardian, Age: child, Guardian: mother, Adult: birthday.Grown(), Relation: wire.RelationParent, Staff: "porter"}
	if got := s.Agree(1, resident, s.notice.Hash(), "zh", by); got != wire.PromptLook {
		t.Fatalf("the mother: %s", got)
	}
	for range 3 {
		s.see(1, 0.9)
	}
	if p, known := s.knows(1); !known || p != resident {
		t.Error("the child is not known")
	}
	s.WithdrawBy(1, resident, consent.ByGuardian)
	s.sweep()
	if _, known := s.knows(1); known || s.Stored() != 0 {
		t.Error("the mother took it back, and the child is known")
	}
}

// A consent on paper begins no enrolment; its person comes to the camera when they like, and is not asked again.
func TestJ2c_APaperIsEnoughForTheCameraLater(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	on := consent.Basis{Evidence: consent.ByPaper, Age: birthday.Grown(), Staff: "porter", Document: [32]byte{1}}
	if got := s.Enrol(1, resident); got != wire.PromptNothing {
		t.Errorf("without any consent: %s", got)
	}
	if got := s.Agree(0, resident, s.notice.Hash(), "zh", on); got != wire.PromptNoted || s.Enrolling() {
		t.Fatalf("the screen said %s", got)
	}
	if got := s.Enrol(1, resident); got != wire.PromptLook {
		t.Fatalf("at the camera: %s", got)
	}
	for range 3 {
		s.see(1, 0.9)
	}
	if _, known := s.knows(1); !known {
		t.Error("not known")
	}
	if got := s.Enrol(1, resident); got != wire.PromptNothing {
		t.Errorf("twice: %s", got)
	}
}
