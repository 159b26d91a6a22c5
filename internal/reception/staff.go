package reception

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// newcomer gives a new person a PIN when a member of staff says so, for good or for a visit. How old they are is noted
// where the staff say it.
func (r *Reception) newcomer(w *wire.PINTyped, digits []byte) {
	turn := w.Session
	staff, res := r.Book.TryStaff(r.Staff, digits)
	if res.Outcome != wire.Granted {
		r.tell(turn, res, wire.PromptNoNewcomer)
		return
	}
	p, pin, end, err := r.issue(time.Duration(w.Hours) * time.Hour)
	if errors.Is(err, errNoClock) {
		r.screen(turn, wire.PromptNoClock)
		return
	}
	if err != nil {
		r.Log.Error("a PIN could not be issued", slog.String("why", err.Error()))
		r.screen(turn, wire.PromptFaultAsk)
		return
	}
	who := r.Name(p)
	issued := wire.Issued{Session: turn, Number: who.Number()}
	r.Write(audit.Entry{Kind: wire.KindNewcomer, Who: who, By: audit.Staff(staff)})
	if !end.IsZero() {
		issued.Until = end.Unix()
		r.Write(audit.Entry{Kind: wire.KindStay, Reason: wire.ReasonVisitEnded, Who: who, Until: issued.Until})
	}
	if w.Age != (wire.Age{}) { // the way in does not hang on it: an age that is not noted now can be noted later
		r.Rights.Note(p, w.Age, staff)
	}
	d := pin.Digits()
	issued.Len = uint8(copy(issued.Digits[:], d))
	clear(d)
	r.Say(&issued)
}

var errNoClock = errors.New("a visit needs a time that is trusted")

// issue refuses a visit that is longer than the house allows: the page offers none, so whoever asks for it is no page.
func (r *Reception) issue(visit time.Duration) (p person.ID, pin access.PIN, end time.Time, err error) {
	if visit == 0 {
		p, pin, err = r.Book.Issue()
		return p, pin, end, err
	}
	now, trusted := r.Now()
	switch {
	case visit > r.Visit:
		return p, pin, end, fmt.Errorf("a visit of %v: at most %v (visits.longest)", visit, r.Visit)
	case !trusted: // an end counted from a time that is not so would be no end
		return p, pin, end, errNoClock
	}
	end = now.Add(visit).Truncate(time.Second)
	p, pin, err = r.Book.IssueVisit(end)
	return p, pin, end, err
}

// attested does what takes a member of staff, or a guardian with one. Every PIN in the word is tried before anything is
// done, and counts like any other try.
func (r *Reception) attested(w *wire.Attested) {
	switch w.Act {
	case wire.AttestGuardian:
		r.guardian(w)
		return
	case wire.AttestAge:
		p, ok := r.person(w.Session, &w.First)
		if !ok {
			return
		}
		if staff, ok := r.staff(w.Session, &w.Second); ok {
			r.screen(w.Session, r.Rights.Note(p, w.Age, staff))
		}
		return
	}
	first, ok := r.staff(w.Session, &w.First)
	if !ok {
		return
	}
	switch w.Act {
	case wire.AttestRequests:
		r.Rights.List(w.Session)
	case wire.AttestRelative:
		r.screen(w.Session, r.Rights.Relative(w.Number, first))
	case wire.AttestApprove, wire.AttestRefuse:
		r.screen(w.Session, r.Rights.Decide(w.Number, first, w.Act == wire.AttestApprove))
	case wire.AttestLook:
		second := ""
		if w.Second.Len > 0 {
			if second, ok = r.staff(w.Session, &w.Second); !ok {
				return
			}
		}
		r.Rights.Look(w.Session, w.Number, first, second)
	}
}

// guardian takes a guardian's own act: they, the person they agree for, and a member of staff are all there.
func (r *Reception) guardian(w *wire.Attested) {
	if r.Faces == nil || !r.FaceOn() {
		r.screen(w.Session, wire.PromptFaceRests)
		return
	}
	shown, read := r.hasRead(w.Session, w.Notice)
	if !read {
		r.screen(w.Session, wire.PromptUnread)
		return
	}
	guardian, ok := r.person(w.Session, &w.First)
	if !ok {
		return
	}
	ward, ok := r.person(w.Session, &w.Second)
	if !ok {
		return
	}
	staff, ok := r.staff(w.Session, &w.Third)
	if !ok {
		return
	}
	r.screen(w.Session, r.Faces.Agree(w.Session, ward, w.Notice, string(w.Lang[:]), consent.Basis{
		Evidence: consent.ByGuardian, Age: r.Rights.Stands(ward), Asked: shown,
		Guardian: guardian, Relation: w.Relation, Adult: r.Rights.Stands(guardian), Staff: staff,
	}))
}

// person tries a PIN of a person, and says so when it is wrong.
func (r *Reception) person(turn wire.Session, t *wire.Typed) (person.ID, bool) {
	p, res := r.Book.Try(t.Digits[:t.Len])
	if res.Outcome != wire.Granted {
		r.tell(turn, res, wire.PromptWrongPIN)
	}
	return p, res.Outcome == wire.Granted
}

// staff tries a PIN of a member of staff.
func (r *Reception) staff(turn wire.Session, t *wire.Typed) (name string, ok bool) {
	var res access.Result
	if name, res = r.Book.TryStaff(r.Staff, t.Digits[:t.Len]); res.Outcome != wire.Granted {
		r.tell(turn, res, wire.PromptNoNewcomer)
	}
	return name, res.Outcome == wire.Granted
}
