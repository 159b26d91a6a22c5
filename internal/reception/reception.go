// Package reception answers the kiosk: each touch there is a claim, and nothing happens on a claim alone. It never
// trusts a screen with more than a prompt, or with anybody's record but that of the person whose PIN was typed.
package reception

import (
	"log/slog"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/rights"
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
	Agree(turn wire.Session, p person.ID, notice [32]byte, lang string, on consent.Basis) wire.Prompt
	Withdraw(turn wire.Session, p person.ID) wire.Prompt
	Refuse(notice [32]byte)
	Cancel(turn wire.Session)
	GiveReceipt(turn wire.Session, p person.ID)
	Rest(p person.ID, by consent.Evidence, staff string) wire.Prompt
	Resume(p person.ID, by consent.Evidence, staff string) wire.Prompt
	Inform(p person.ID, notice [32]byte, lang string) wire.Prompt
	Enrol(turn wire.Session, p person.ID) wire.Prompt
	Changed(p person.ID) bool
}

// Parts are what the reception works with. Faces is nil where faces are not used or cannot be stored.
type Parts struct {
	Book    Book
	Faces   Faces
	Rights  *rights.Desk
	Staff   []room.Staff
	Visit   time.Duration // the longest that a visit may be
	Reading time.Duration // the least time between a notice's first line and its last: nobody reads faster
	FaceOn  func() bool
	Second  func(turn wire.Session, p person.ID) bool // asks for the face too, and says whether it did; may be nil
	Decide  func(f access.Facts, since time.Duration, s wire.Stages) wire.Outcome
	Write   func(audit.Entry) (uint64, error)
	Name    func(person.ID) wire.Pseudonym
	Say     func(wire.KioskHears)
	Uptime  func() time.Duration
	Now     func() (time.Time, bool)
	Log     *slog.Logger
}

// Reception is one screen. It is not safe for concurrent use: words come one after another.
type Reception struct {
	Parts
	reading reading
}

// A reading is the notice that was put before the person whose turn it is. A consent uses it up.
type reading struct {
	turn   wire.Session
	notice [32]byte
	began  time.Duration
	shown  time.Time
	read   bool
}

// New opens the reception.
func New(p Parts) *Reception { return &Reception{Parts: p} }

// Hear acts on one word of the kiosk.
func (r *Reception) Hear(w wire.KioskSays) {
	switch w := w.(type) {
	case *wire.Touched:
		r.touched(w)
	case *wire.PINTyped:
		since := r.Uptime()
		r.typed(w, since)
		clear(w.Digits[:])
	case *wire.Attested:
		r.attested(w)
		for _, t := range []*wire.Typed{&w.First, &w.Second, &w.Third} {
			clear(t.Digits[:])
		}
	}
}

func (r *Reception) touched(w *wire.Touched) {
	switch w.Touch {
	case wire.TouchHome:
		r.reading = reading{}
		if r.Faces != nil {
			r.Faces.Cancel(w.Session)
		}
		r.screen(w.Session, wire.PromptHome)
	case wire.TouchNotice:
		r.reading = reading{turn: w.Session, notice: w.Notice, began: r.Uptime()}
		r.reading.shown, _ = r.Now()
		r.Write(audit.Entry{Kind: wire.KindNoticeShown, Notice: audit.Hash(w.Notice)})
	case wire.TouchRead:
		if r.reading.turn == w.Session && r.reading.notice == w.Notice && r.Uptime() >= r.reading.began+r.Reading {
			r.reading.read = true
		}
	case wire.TouchDecline:
		r.reading = reading{}
		if r.Faces != nil {
			r.Faces.Refuse(w.Notice)
		}
		r.screen(w.Session, wire.PromptDeclined)
	}
}

// hasRead says when the notice was put before the person whose turn it is, if they have read it to its end. It is good
// for one act: a word that is said twice finds nothing.
func (r *Reception) hasRead(turn wire.Session, notice [32]byte) (shown time.Time, ok bool) {
	now := r.reading
	r.reading = reading{}
	return now.shown, now.read && now.turn == turn && now.notice == notice
}

// typed tries the PIN first, whatever it is for, so that every act counts the same wrong tries.
func (r *Reception) typed(w *wire.PINTyped, since time.Duration) {
	digits := w.Digits[:w.Len]
	if w.Act == wire.ActNewcomer {
		r.newcomer(w, digits)
		return
	}
	p, res := r.Book.Try(digits)
	if res.Outcome != wire.Granted {
		r.refused(w, res, since)
		return
	}
	switch w.Act {
	case wire.ActOpen:
		r.open(w.Session, p, since)
	case wire.ActMine:
		stored := r.Rights.Mine(w.Session, p)
		if r.Faces != nil && !stored { // whoever was not there when their face was erased gets the receipt now
			r.Faces.GiveReceipt(w.Session, p)
		}
	default:
		if says := r.act(w, p); says != wire.PromptHome {
			r.screen(w.Session, says)
		}
	}
}

func (r *Reception) open(turn wire.Session, p person.ID, since time.Duration) {
	if r.Second != nil && r.Second(turn, p) {
		return
	}
	f := access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: p, MayIn: true}
	switch {
	case r.Decide(f, since, wire.Stages{}) != wire.Granted:
		r.screen(turn, wire.PromptFaultAsk)
	case r.Faces != nil && r.Faces.Changed(p):
		r.screen(turn, wire.PromptChanged) // the door is open; that the notice has changed is told, not asked
	default:
		r.screen(turn, wire.PromptWelcome)
	}
}

// act does what somebody wants done about themselves, and gives what to say; PromptHome when it has been said.
func (r *Reception) act(w *wire.PINTyped, p person.ID) wire.Prompt {
	switch w.Act {
	case wire.ActTake:
		return r.Rights.Take(w.Session, p)
	case wire.ActCorrect:
		return r.Rights.Ask(p, wire.ReasonCorrection)
	case wire.ActExplain:
		return r.Rights.Ask(p, wire.ReasonExplanation)
	case wire.ActDelete:
		return r.Rights.Delete(w.Session, p)
	case wire.ActWards:
		return r.Rights.Wards(w.Session, p)
	}
	if r.Faces == nil {
		if w.Act == wire.ActAgree {
			return wire.PromptFaceRests
		}
		return wire.PromptNothing
	}
	switch w.Act {
	case wire.ActWithdraw:
		return r.Faces.Withdraw(w.Session, p)
	case wire.ActRestrict:
		return r.Faces.Rest(p, consent.ByPIN, "")
	case wire.ActResume:
		return r.Faces.Resume(p, consent.ByPIN, "")
	}
	if !r.FaceOn() && w.Act != wire.ActInformed {
		return wire.PromptFaceRests
	}
	if w.Act == wire.ActEnrol {
		return r.Faces.Enrol(w.Session, p)
	}
	shown, ok := r.hasRead(w.Session, w.Notice)
	switch {
	case !ok:
		return wire.PromptUnread
	case w.Act == wire.ActInformed:
		return r.Faces.Inform(p, w.Notice, string(w.Lang[:]))
	}
	return r.Faces.Agree(w.Session, p, w.Notice, string(w.Lang[:]),
		consent.Basis{Evidence: consent.ByPIN, Age: r.Rights.Stands(p), Asked: shown})
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

func (r *Reception) screen(turn wire.Session, p wire.Prompt) {
	r.Say(&wire.Screen{Session: turn, Prompt: p})
}
