package consent

import (
	"errors"
	"fmt"
	"time"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// A Basis is by what right somebody's consent counts. There is no field that could stand for a yes of itself.
type Basis struct {
	Evidence Evidence
	Age      birthday.Standing // of the person whose face it is
	End      time.Time         // of the person's stay here: no face is kept longer, whatever the notice allows; zero: it has none
	Asked    time.Time         // when the notice was put before them; zero: just now

	// With ByGuardian: who agrees, how old they are, and who on the staff has seen that they may.
	Guardian person.ID
	Relation wire.Relation
	Adult    birthday.Standing
	Staff    string // with ByPaper: who has seen the person sign

	Document [32]byte // with ByPaper: the hash of what they signed
}

// check says why nobody can agree so.
func (b Basis) check(p person.ID) error {
	switch {
	case b.Evidence != ByPIN && b.Evidence != ByGuardian && b.Evidence != ByPaper:
		return errors.New("consent: a touch alone is no consent; the person must be present by a second sign")
	case b.Age.Band == wire.AgeUnknown:
		return ErrAge
	case b.Evidence == ByGuardian && (b.Age.Alone || b.Guardian == p || b.Guardian == person.ID{} ||
		b.Adult.Band != wire.AgeAdult || b.Relation == wire.RelationNone || b.Staff == ""):
		return ErrNotFor
	case b.Evidence != ByGuardian && !b.Age.Alone:
		return ErrGuardian
	case b.Evidence != ByGuardian && (b.Guardian != person.ID{} || b.Relation != wire.RelationNone):
		return ErrNotFor
	case b.Evidence == ByPaper && (b.Staff == "" || b.Document == [32]byte{}):
		return errors.New("consent: a paper has a hash, and somebody on the staff who has seen it signed")
	}
	return nil
}

// Give records that p agreed to the notice in force, for its one purpose. A face may be kept until Record.Until; where
// a guardian agreed, that is at the latest when p comes of age and is asked anew.
func (r *Register) Give(p person.ID, noticeHash [32]byte, language string, on Basis, at time.Time, trusted bool) (Record, error) {
	switch {
	case p == person.ID{}:
		return Record{}, errors.New("consent: nobody cannot agree")
	case noticeHash != r.hash:
		return Record{}, ErrOldNotice
	case r.current.Keep() <= 0:
		return Record{}, errors.New("consent: the notice states no end; a consent without end is void")
	case !trusted:
		return Record{}, ErrClock
	case !on.End.IsZero() && !at.Before(on.End):
		return Record{}, ErrOver
	}
	if err := on.check(p); err != nil {
		return Record{}, err
	}
	if _, ok := r.current.Text[language]; !ok {
		return Record{}, fmt.Errorf("consent: the notice has no text in language %q, so nobody can have read it", language)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand[p]
	switch {
	case at.Before(s.newest().At), at.Before(on.Asked):
		return Record{}, ErrClock
	case s.rests == ByStaff:
		return Record{}, ErrStaff
	}
	n := r.about(p, Given, language, at, trusted)
	n.Evidence, n.Asked, n.Until = on.Evidence, on.Asked, at.Add(r.current.Keep())
	if n.Asked.IsZero() {
		n.Asked = at
	}
	if !on.End.IsZero() && on.End.Before(n.Until) {
		n.Until = on.End
	}
	switch on.Evidence {
	case ByGuardian:
		n.Guardian = &Guardian{on.Guardian.String(), on.Relation.String(), on.Staff}
		if on.Age.Comes.Before(n.Until) {
			n.Until = on.Age.Comes
		}
	case ByPaper:
		n.Document, n.Attested = on.Document, on.Staff
	}
	return r.append(n)
}

// Refuse records that somebody said no. It asks for no name and costs nothing.
func (r *Register) Refuse(noticeHash [32]byte, at time.Time, trusted bool) (Record, error) {
	if noticeHash != r.hash {
		return Record{}, ErrOldNotice
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.append(r.about(person.ID{}, Refused, "", at, trusted))
}

// Withdraw records that p takes their consent back. It works at any time, trusted or not. Done twice, it returns the
// first record: the second wish has been met already.
func (r *Register) Withdraw(p person.ID, by Evidence, at time.Time, trusted bool) (Record, error) {
	if by == ByNobody || by == "" {
		return Record{}, errors.New("consent: withdrawing needs a second sign of the person, or a passer-by could do it")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand[p]
	switch s.consent.State {
	case Given, Invalidated:
		n := r.follow(s.consent, p, Withdrawn, at, trusted)
		n.Evidence = by
		return r.append(n)
	case Withdrawn:
		if !s.erased {
			return s.consent, nil
		}
	}
	return Record{}, ErrNothing
}

// Inform records that p has read the notice in force, of whose changes they had to be told. What they agreed to goes on.
func (r *Register) Inform(p person.ID, noticeHash [32]byte, language string, at time.Time, trusted bool) (Record, error) {
	if noticeHash != r.hash {
		return Record{}, ErrOldNotice
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand[p]
	if s.consent.State != Given || r.class(s.consent.Notice) != notice.Inform || s.informed == r.hash {
		return Record{}, ErrNothing
	}
	n := r.about(p, Informed, language, at, trusted)
	n.Evidence = ByPIN
	return r.append(n)
}

// Rest lets p's face rest: it is kept and not used. By staff it rests until staff end it.
func (r *Register) Rest(p person.ID, by Evidence, staff string, at time.Time, trusted bool) (Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand[p]
	switch {
	case s.consent.State != Given:
		return Record{}, ErrNothing
	case s.rests == by, s.rests == ByStaff:
		return *s.newest(), nil
	}
	n := r.follow(s.consent, p, Restricted, at, trusted)
	n.Evidence, n.Attested = by, staff
	return r.append(n)
}

// Resume ends the rest.
func (r *Register) Resume(p person.ID, by Evidence, staff string, at time.Time, trusted bool) (Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand[p]
	switch {
	case s.rests == "":
		return Record{}, ErrNothing
	case s.rests == ByStaff && by != ByStaff:
		return Record{}, ErrStaff
	}
	n := r.follow(s.consent, p, Resumed, at, trusted)
	n.Evidence, n.Attested = by, staff
	return r.append(n)
}

// Review ends every consent to a text that has changed in what was agreed to, and notes that those people are to be
// asked anew. Nobody is asked on the screen: it is for them to begin.
func (r *Register) Review(at time.Time, trusted bool) (ended []person.ID, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, s := range r.stand {
		if s.consent.State != Given || r.class(s.consent.Notice) != notice.AskAgain {
			continue
		}
		if _, err := r.append(r.follow(s.consent, p, Invalidated, at, trusted), r.about(p, Requested, "", at, trusted)); err != nil {
			return ended, err
		}
		ended = append(ended, p)
	}
	return ended, nil
}

// Mark records an event that is nobody's act: Expired, Invalidated or Erased. Erasing at or after the end of a consent
// records that it expired, too; erasing twice is recorded once. With the end of a guardian's consent p is to be asked.
func (r *Register) Mark(p person.ID, state State, at time.Time, trusted bool) (Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.stand[p]
	switch {
	case !ok:
		return Record{}, fmt.Errorf("consent: mark %s: this person never gave any", state)
	case state != Expired && state != Invalidated && state != Erased:
		return Record{}, fmt.Errorf("consent: %q is a person's act and cannot be marked", state)
	case state != Erased && s.consent.State != Given:
		return Record{}, fmt.Errorf("consent: mark %s: it is %s", state, s.consent.State)
	case state == Expired && at.Before(s.consent.Until):
		return Record{}, fmt.Errorf("consent: mark expired: it ends later, on %s", s.consent.Until.Format(time.DateTime))
	}
	if state == Erased && s.erased && s.consent.State != Given {
		return *s.newest(), nil
	}
	n := r.follow(s.consent, p, state, at, trusted)
	if state == Erased && s.consent.State == Given && !at.Before(s.consent.Until) {
		records := []Record{r.follow(s.consent, p, Expired, at, trusted)}
		if s.consent.Guardian != nil {
			records = append(records, r.about(p, Requested, "", at, trusted))
		}
		return r.append(append(records, n)...)
	}
	return r.append(n)
}

// about begins a record under the notice in force.
func (r *Register) about(p person.ID, state State, language string, at time.Time, trusted bool) Record {
	n := Record{
		Schema: schema, Person: p, Device: r.device.ID, Evidence: ByNobody, Language: language,
		Notice: r.hash, NoticeVersion: r.current.Version, Purpose: r.current.Purpose, Data: r.current.Data[0],
		Recipients: []string{}, Storage: "this-device", Jurisdiction: "CN", LegalBasis: "consent",
		Withdrawal: "at-the-terminal", Separate: true, RefusalOffered: true, RetentionDays: r.current.RetentionDays,
		State: state, At: at, Trusted: trusted,
	}
	n.Controller, n.Contact = r.answers(r.current, language)
	if r.device.Ground != nil {
		g := r.device.Ground()
		n.Rules, n.PIA = g.Rules, g.PIA
	}
	return n
}

// answers is who answers for it, in the language that was read or else in the first.
func (r *Register) answers(n *notice.Notice, language string) (who, contact string) {
	t, ok := n.Text[language]
	if !ok {
		t = n.Text[notice.Languages[0]]
	}
	return t.Handler, t.Contact
}

// follow begins a record about a consent given earlier, under the notice that it was given to.
func (r *Register) follow(c Record, p person.ID, state State, at time.Time, trusted bool) Record {
	n := r.about(p, state, c.Language, at, trusted)
	n.Notice, n.NoticeVersion, n.Purpose, n.Data = c.Notice, c.NoticeVersion, c.Purpose, c.Data
	if c.Schema == schema {
		n.Controller, n.Contact, n.RetentionDays = c.Controller, c.Contact, c.RetentionDays
	}
	return n
}
