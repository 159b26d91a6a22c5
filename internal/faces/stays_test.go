package faces_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/person"
	pins "example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func book(t *testing.T) *access.Book {
	t.Helper()
	b, err := access.OpenBook(t.TempDir(), [32]byte{3}, pins.PIN{}, rand.Reader, time.Now)
	must(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

// end does what the keeper does each second.
func (s *stand) end(b *access.Book) {
	s.t.Helper()
	s.mu.Lock()
	now := s.now
	s.mu.Unlock()
	gone, err := b.Expire(now)
	must(s.t, err)
	for _, e := range gone {
		s.End(e.Who, e.Why)
	}
}

// A visitor of eight hours: a second before the end the face is known, at the end it is not, and it is erased because
// the visit ended.
func TestM8c_AVisitorsFaceEndsWithTheVisit(t *testing.T) {
	b := book(t)
	s := open(t, t.TempDir(), func(s *stand) { s.stays = b })
	end := s.now.Add(8 * time.Hour)
	guest, _, err := b.IssueVisit(end)
	must(t, err)
	s.agree(guest, 1)
	if e := s.log[len(s.log)-1]; e.Kind != wire.KindEnrolled || e.Until != end.Unix() {
		t.Fatalf("enrolled until %v: %+v", time.Unix(e.Until, 0), e)
	}
	s.wait(end.Sub(s.now) - time.Second)
	s.end(b)
	if who, ok := s.knows(1); !ok || who != guest || s.Gone(guest) {
		t.Fatal("the visitor is not known in the last second")
	}
	s.wait(time.Second)
	if _, ok := s.knows(1); ok {
		t.Error("known at the end, before anybody has looked at the clock")
	}
	s.end(b)
	s.sweep()
	if !s.Gone(guest) || s.Stored() != 0 {
		t.Fatal("something is stored after the visit")
	}
	if e := s.log[len(s.log)-1]; e.Kind != wire.KindErased || e.Reason != wire.ReasonVisitEnded {
		t.Errorf("the log says %+v", e)
	}
	if got := s.register.State(guest); got != wire.ConsentExpired {
		t.Errorf("the consent is %s", got)
	}
	if got := s.Agree(2, guest, s.notice.Hash(), "zh", grown); got == wire.PromptLook && s.now.Before(end) {
		t.Errorf("agreed after it: %s", got)
	}
}

// A lease ends long before what was agreed: the face goes at once, with the reason, and the consent with it.
func TestM8c_APurposeThatEndsTakesTheFaceWithIt(t *testing.T) {
	for why, about := range map[wire.Reason]string{wire.ReasonLeaseEnded: "lease", wire.ReasonContractEnded: "contract", wire.ReasonVisitEnded: "visit"} {
		t.Run(about, func(t *testing.T) {
			b := book(t)
			s := open(t, t.TempDir(), func(s *stand) { s.stays = b })
			tenant, _, err := b.Issue()
			must(t, err)
			s.agree(tenant, 1)
			must(t, b.End(tenant, s.now, why))
			s.end(b)
			if _, ok := s.knows(1); ok {
				t.Fatal("known although the purpose has ended")
			}
			s.sweep()
			e := s.log[len(s.log)-1]
			if e.Kind != wire.KindErased || e.Reason != why || !s.Gone(tenant) {
				t.Errorf("%+v", e)
			}
			if got := s.register.State(tenant); got != wire.ConsentInvalidated {
				t.Errorf("the consent is %s", got)
			}
		})
	}
}

// Whoever was being enrolled when their stay ended is not stored.
func TestAStayThatEndsEndsAnEnrolment(t *testing.T) {
	b := book(t)
	s := open(t, t.TempDir(), func(s *stand) { s.stays = b })
	guest, _, err := b.IssueVisit(s.now.Add(time.Minute))
	must(t, err)
	if got := s.Agree(1, guest, s.notice.Hash(), "zh", grown); got != wire.PromptLook {
		t.Fatal(got)
	}
	s.see(1, 0.9)
	must(t, b.End(guest, s.now, wire.ReasonVisitEnded))
	s.end(b)
	if s.see(1, 0.9) || s.see(1, 0.9) || s.Stored() != 0 || s.Enrolling() {
		t.Error("it went on")
	}
}

// The power went after the PIN was taken and before the face was: the next start finds the stay over and erases.
func TestAPowerCutAfterAStayEnded(t *testing.T) {
	dir, b := t.TempDir(), book(t)
	s := open(t, dir, func(s *stand) { s.stays = b })
	var tenant person.ID
	tenant, _, err := b.Issue()
	must(t, err)
	s.agree(tenant, 1)
	must(t, b.End(tenant, s.now, wire.ReasonLeaseEnded))
	_, err = b.Expire(s.now)
	must(t, err)
	now := s.now
	s.close()
	s = open(t, dir, func(s *stand) { s.stays, s.now = b, now })
	s.sweep()
	if _, ok := s.knows(1); ok || !s.Gone(tenant) {
		t.Error("the face outlived the power cut")
	}
	if !slices.Contains(s.kinds(), wire.KindErased) || s.log[len(s.log)-1].Reason != wire.ReasonLeaseEnded {
		t.Errorf("the log has %+v", s.log)
	}
}
