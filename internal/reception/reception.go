// Package reception answers the kiosk: each touch there is a claim, and nothing happens on a claim alone. It never
// trusts a screen with more than a prompt, or with anybody's record but that of the person whose PIN was typed.
package reception

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// Book is who has a PIN.
type Book interface {
	Try(digits []byte) (person.ID, access.Result)
	TryStaff(staff []room.Staff, digits []byte) (name string, r access.Result)
	Issue() (person.ID, access.PIN, error)
	IssueVisit(end time.Time) (person.ID, access.PIN, error)
}

// Faces is what a person may do about their own face.
type Faces interface {
	Agree(turn wire.Session, p person.ID, notice [32]byte, lang string) wire.Prompt
	Withdraw(turn wire.Session, p person.ID) wire.Prompt
	Refuse(notice [32]byte)
	Cancel(turn wire.Session)
	Describe(p person.ID, r *wire.Record)
	GiveReceipt(turn wire.Session, p person.ID)
}

// Parts are what the reception works with. Faces is nil where faces are not used or cannot be stored.
type Parts struct {
	Book   Book
	Faces  Faces
	Staff  []room.Staff
	Now    func() (time.Time, bool)
	Visit  time.Duration // the longest that a visit may be
	FaceOn func() bool
	Second func(turn wire.Session, p person.ID) bool // asks for the face too, and says whether it did; may be nil
	Decide func(f access.Facts, since time.Duration, s wire.Stages) wire.Outcome
	Write  func(audit.Entry) (uint64, error)
	Name   func(person.ID) wire.Pseudonym
	Recent func(person.ID) [5]wire.Passage
	Say    func(wire.KioskHears)
	Uptime func() time.Duration
	Log    *slog.Logger
}

// Reception is one screen. It is not safe for concurrent use: words come one after another.
type Reception struct{ Parts }

// New opens the reception.
func New(p Parts) *Reception { return &Reception{p} }

// Hear acts on one word of the kiosk.
func (r *Reception) Hear(w wire.KioskSays) {
	switch w := w.(type) {
	case *wire.Touched:
		r.touched(w)
	case *wire.PINTyped:
		since := r.Uptime()
		r.typed(w, since)
		clear(w.Digits[:])
	}
}

func (r *Reception) touched(w *wire.Touched) {
	switch w.Touch {
	case wire.TouchHome:
		if r.Faces != nil {
			r.Faces.Cancel(w.Session)
		}
		r.screen(w.Session, wire.PromptHome)
	case wire.TouchNotice:
		r.Write(audit.Entry{Kind: wire.KindNoticeShown, Notice: audit.Hash(w.Notice)})
	case wire.TouchDecline:
		if r.Faces != nil {
			r.Faces.Refuse(w.Notice)
		}
		r.screen(w.Session, wire.PromptDeclined)
	}
}

// typed tries the PIN first, whatever it is for, so that every act counts the same wrong tries.
func (r *Reception) typed(w *wire.PINTyped, since time.Duration) {
	digits := w.Digits[:w.Len]
	if w.Act == wire.ActNewcomer {
		r.newcomer(w.Session, digits, time.Duration(w.Hours)*time.Hour)
		return
	}
	p, res := r.Book.Try(digits)
	if res.Outcome != wire.Granted {
		r.refused(w, res, since)
		return
	}
	switch w.Act {
	case wire.ActOpen:
		if r.Second != nil && r.Second(w.Session, p) {
			return
		}
		f := access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: p, MayIn: true}
		if r.Decide(f, since, wire.Stages{}) == wire.Granted {
			r.screen(w.Session, wire.PromptWelcome)
		} else {
			r.screen(w.Session, wire.PromptFaultAsk)
		}
	case wire.ActAgree:
		if r.Faces == nil || !r.FaceOn() {
			r.screen(w.Session, wire.PromptFaceRests)
			return
		}
		r.screen(w.Session, r.Faces.Agree(w.Session, p, w.Notice, string(w.Lang[:])))
	case wire.ActWithdraw:
		if r.Faces == nil {
			r.screen(w.Session, wire.PromptNothing)
			return
		}
		r.screen(w.Session, r.Faces.Withdraw(w.Session, p))
	case wire.ActMine:
		r.mine(w.Session, p)
	}
}

// refused says how many tries are left, or when the wait ends. Only a try at the door is a decision at the door.
func (r *Reception) refused(w *wire.PINTyped, res access.Result, since time.Duration) {
	if w.Act == wire.ActOpen {
		f := access.Facts{Method: wire.MethodPIN, Found: access.WrongPIN}
		switch res.Outcome {
		case wire.Limited:
			f.Found = access.TooManyTries
		case wire.NoAnswer:
			f.Found = access.Damaged
		}
		r.Decide(f, since, wire.Stages{})
	}
	r.tell(w.Session, res, wire.PromptWrongPIN)
}

func (r *Reception) tell(turn wire.Session, res access.Result, wrong wire.Prompt) {
	s := wire.Screen{Session: turn, Prompt: wrong, Count: uint16(max(res.TriesLeft, 0))}
	switch res.Outcome {
	case wire.Limited:
		s.Prompt, s.Count, s.Until = wire.PromptWait, 0, res.Until.Unix()
	case wire.NoAnswer: // the fault is ours, and nobody should type a right PIN again and again
		s.Prompt, s.Count = wire.PromptFaultAsk, 0
	}
	r.Say(&s)
}

// newcomer gives a new person a PIN when a member of staff says so, for good or for a visit.
func (r *Reception) newcomer(turn wire.Session, digits []byte, visit time.Duration) {
	_, res := r.Book.TryStaff(r.Staff, digits)
	if res.Outcome != wire.Granted {
		r.tell(turn, res, wire.PromptNoNewcomer)
		return
	}
	p, pin, end, err := r.issue(visit)
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
	r.Write(audit.Entry{Kind: wire.KindNewcomer, Who: who})
	if !end.IsZero() {
		issued.Until = end.Unix()
		r.Write(audit.Entry{Kind: wire.KindStay, Reason: wire.ReasonVisitEnded, Who: who, Until: issued.Until})
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

// mine shows somebody their own record, and records that it was read.
func (r *Reception) mine(turn wire.Session, p person.ID) {
	rec := wire.Record{Session: turn, Who: r.Name(p), Passages: r.Recent(p)}
	if r.Faces != nil {
		r.Faces.Describe(p, &rec)
	}
	r.Write(audit.Entry{Kind: wire.KindRecordRead, Who: rec.Who})
	r.Say(&rec)
	if r.Faces != nil && rec.EraseAt == 0 { // whoever was not there when their face was erased gets the receipt now
		r.Faces.GiveReceipt(turn, p)
	}
}

func (r *Reception) screen(turn wire.Session, p wire.Prompt) {
	r.Say(&wire.Screen{Session: turn, Prompt: p})
}
