// Package rights does what people may ask about what is kept of them: see it, take a copy away, have it corrected,
// restricted, erased, and know who looked. It never takes a face for a name, never shows anybody's record but to them,
// or to staff who answer a request of theirs, and never does either without writing it down.
//
// More than five names are exported: what the desk works with is named here, the rule for who may look stands alone so
// that it can be read, and a copy is a form that others read.
package rights

import (
	"errors"
	"iter"
	"log/slog"
	"sync"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// Faces is what can be done about somebody's face. It is nil at a door without faces.
type Faces interface {
	WithdrawBy(turn wire.Session, p person.ID, by consent.Evidence) wire.Prompt
	Rest(p person.ID, by consent.Evidence, staff string) wire.Prompt
	Resume(p person.ID, by consent.Evidence, staff string) wire.Prompt
	Describe(p person.ID, r *wire.Record)
	Document(p person.ID) (*consent.Document, error)
	Wards(p person.ID) []person.ID
	Died(p person.ID) // has the face erased because its person has died
}

// Parts are what the desk works with.
type Parts struct {
	Device string
	Births *birthday.Book // nil: nobody's age can be noted
	Faces  Faces
	Log    Log // nil: it is damaged, and nothing that must be written down is done
	People func() []person.ID
	Revoke func(person.ID) error // takes somebody's PIN away
	Name   func(person.ID) wire.Pseudonym
	Write  func(audit.Entry) (uint64, error)
	Recent func(person.ID) [5]wire.Passage
	Say    func(wire.KioskHears)
	Alarm  func() // somebody alone asked for a child's record
	Now    func() (time.Time, bool)
	Slog   *slog.Logger
}

// Log is what is read of the audit log.
type Log interface {
	Recent(who wire.Pseudonym, n int) []audit.Entry
}

// A Desk answers.
type Desk struct {
	Parts

	mu   sync.Mutex
	open map[request]asked
	done map[request]uint64 // those decided in this life, so that recalling does not open them again
}

type request struct {
	who  wire.Pseudonym
	what wire.Reason
}

type asked struct {
	at    time.Time
	index uint64
	by    audit.Hash // who took it, for a relative's
}

// New opens the desk.
func New(p Parts) *Desk {
	return &Desk{Parts: p, open: map[request]asked{}, done: map[request]uint64{}}
}

// Recall learns from the log, the newest entry first, which requests are open. No list of them is kept anywhere else.
func (d *Desk) Recall(newest iter.Seq2[uint64, audit.Entry]) {
	decided := map[request]bool{}
	for i, e := range newest {
		r := request{e.Who, e.Reason}
		switch e.Kind {
		case wire.KindRequestDecided:
			decided[r] = true
		case wire.KindRequested:
			d.mu.Lock()
			if until, is := d.done[r]; !decided[r] && !(is && i < until) {
				if _, known := d.open[r]; !known {
					d.open[r] = asked{time.UnixMilli(e.At), i, e.By}
				}
			}
			d.mu.Unlock()
			decided[r] = true // an older one of the same kind was the same wish
		}
	}
}

// Mine shows somebody their own record, after writing down that it was read. It says whether a face of theirs is stored.
func (d *Desk) Mine(turn wire.Session, p person.ID) (stored bool) {
	if !d.write(audit.Entry{Kind: wire.KindRecordRead, Who: d.Name(p)}) && d.Log != nil {
		d.say(turn, wire.PromptFaultAsk)
		return false
	}
	r := d.record(turn, p)
	d.Say(r)
	return r.EraseAt != 0
}

// record puts together what there is.
func (d *Desk) record(turn wire.Session, p person.ID) *wire.Record {
	who := d.Name(p)
	r := &wire.Record{Session: turn, Who: who, Number: who.Number(), Passages: d.Recent(p), Age: d.Stands(p).Band}
	if d.Faces != nil {
		d.Faces.Describe(p, r)
	}
	d.mu.Lock()
	for q := range d.open {
		if q.who == who && r.Asked < 255 {
			r.Asked++
		}
	}
	d.mu.Unlock()
	n := 0
	for _, e := range d.recent(who) {
		if n == len(r.Looks) {
			break
		}
		switch e.Kind {
		case wire.KindRecordRead, wire.KindCopyTaken:
			r.Looks[n] = wire.Looked{At: e.At / 1000}
			n++
		case wire.KindRecordLooked:
			r.Looks[n] = wire.Looked{At: e.At / 1000, Staff: uint8(e.Head)}
			n++
		}
	}
	return r
}

func (d *Desk) recent(who wire.Pseudonym) []audit.Entry {
	if d.Log == nil {
		return nil
	}
	return d.Log.Recent(who, 256)
}

// Ask passes a wish on to the staff. Asking twice is one wish.
func (d *Desk) Ask(p person.ID, what wire.Reason) wire.Prompt {
	if !d.ask(request{d.Name(p), what}, audit.Hash{}) {
		return wire.PromptFaultAsk
	}
	return wire.PromptRecorded
}

func (d *Desk) ask(r request, by audit.Hash) bool {
	d.mu.Lock()
	_, is := d.open[r]
	d.mu.Unlock()
	if is {
		return true
	}
	at, _ := d.Now()
	i, err := d.Write(audit.Entry{Kind: wire.KindRequested, Reason: r.what, Who: r.who, By: by})
	if err != nil {
		return false
	}
	d.mu.Lock()
	d.open[r] = asked{at, i, by}
	d.mu.Unlock()
	return true
}

// decided closes a request.
func (d *Desk) decided(r request, o wire.Outcome, staff string) bool {
	d.mu.Lock()
	a := d.open[r]
	d.mu.Unlock()
	i, err := d.Write(audit.Entry{Kind: wire.KindRequestDecided, Reason: r.what, Outcome: o, Who: r.who, Head: a.index, By: audit.Staff(staff)})
	if err != nil {
		return false
	}
	d.mu.Lock()
	delete(d.open, r)
	d.done[r] = i
	d.mu.Unlock()
	return true
}

func (d *Desk) pending(r request) (asked, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.open[r]
	return a, ok
}

// Delete has everything erased that is not the record of what was agreed and done: the face and the birth date. The
// way in stays: nobody pays for a right with their door.
func (d *Desk) Delete(turn wire.Session, p person.ID) wire.Prompt {
	says := wire.PromptDeleted
	if d.Faces != nil {
		switch got := d.Faces.WithdrawBy(turn, p, consent.ByPIN); got {
		case wire.PromptWithdrawn, wire.PromptNothing:
		default:
			says = got
		}
	}
	if d.Births != nil {
		if err := d.Births.Forget(p); err != nil {
			d.Slog.Error("a birth date could not be forgotten", slog.String("why", err.Error()))
			says = wire.PromptFaultAsk
		}
	}
	return says
}

// Wards takes back all that a guardian has agreed to for others.
func (d *Desk) Wards(turn wire.Session, p person.ID) wire.Prompt {
	if d.Faces == nil {
		return wire.PromptNothing
	}
	says := wire.PromptNothing
	for _, ward := range d.Faces.Wards(p) {
		says = d.Faces.WithdrawBy(turn, ward, consent.ByGuardian)
	}
	return says
}

// Stands is how old somebody is, as far as it matters. While the time is not trusted nobody is old enough.
func (d *Desk) Stands(p person.ID) birthday.Standing {
	at, trusted := d.Now()
	if d.Births == nil || !trusted {
		return birthday.Standing{}
	}
	return d.Births.Stands(p, at)
}

// Note writes down an age that a member of staff has seen. One that is noted is changed only when its person has asked
// for a correction, and that request is answered by it.
func (d *Desk) Note(p person.ID, a wire.Age, staff string) wire.Prompt {
	at, trusted := d.Now()
	if d.Births == nil || !trusted {
		return wire.PromptFaceRests
	}
	wish := request{d.Name(p), wire.ReasonCorrection}
	_, correct := d.pending(wish)
	if _, noted := d.Births.Noted(p); noted != "" && !correct {
		return wire.PromptNobody // the person has not asked for it
	}
	// Written down first: an age that the log knows nothing of would be an age that somebody made up.
	if !d.write(audit.Entry{Kind: wire.KindAgeNoted, Who: wish.who, By: audit.Staff(staff)}) {
		return wire.PromptFaultAsk
	}
	switch err := d.Births.Note(p, a, staff, at, correct); {
	case errors.Is(err, birthday.ErrFixed):
		return wire.PromptNobody
	case err != nil:
		d.Slog.Error("an age could not be noted", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	if correct && !d.decided(wish, wire.Granted, staff) {
		return wire.PromptFaultAsk
	}
	return wire.PromptNoted
}

func (d *Desk) write(e audit.Entry) bool {
	_, err := d.Write(e)
	return err == nil
}

func (d *Desk) say(turn wire.Session, p wire.Prompt) {
	d.Say(&wire.Screen{Session: turn, Prompt: p})
}
