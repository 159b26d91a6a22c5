package rights

import (
	"cmp"
	"log/slog"
	"slices"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// List shows a member of staff what has been asked, the oldest first.
func (d *Desk) List(turn wire.Session) {
	w := wire.Requests{Session: turn}
	var all []wire.Request
	d.mu.Lock()
	for r, a := range d.open {
		all = append(all, wire.Request{At: a.at.Unix(), What: r.what, Number: r.who.Number()})
	}
	d.mu.Unlock()
	slices.SortFunc(all, func(a, b wire.Request) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Number, b.Number), cmp.Compare(a.What, b.What))
	})
	w.More = copy(w.Open[:], all) < len(all)
	d.Say(&w)
}

// Find gives the one person with a number.
func (d *Desk) Find(n wire.Number) (p person.ID, ok bool) {
	for _, one := range d.People() {
		if d.Name(one).Number() != n {
			continue
		}
		if ok {
			return person.ID{}, false // two have it, so it names nobody
		}
		p, ok = one, true
	}
	return p, ok
}

// Relative records that a relative of somebody who has died asks for the face to be erased. Until it is decided the face
// is used no more; everything else waits for a second member of staff.
func (d *Desk) Relative(n wire.Number, staff string) wire.Prompt {
	p, ok := d.Find(n)
	if !ok {
		return wire.PromptNobody
	}
	if d.Faces != nil {
		if got := d.Faces.Rest(p, consent.ByStaff, staff); got == wire.PromptFaultAsk {
			return got
		}
	}
	if !d.ask(request{d.Name(p), wire.ReasonRelative}, audit.Staff(staff)) {
		return wire.PromptFaultAsk
	}
	return wire.PromptRecorded
}

// Decide answers what was asked for a person. A relative's request is decided by somebody else than who took it; granted,
// the face is erased and the PIN taken away.
func (d *Desk) Decide(n wire.Number, staff string, granted bool) wire.Prompt {
	p, ok := d.Find(n)
	if !ok {
		return wire.PromptNobody
	}
	outcome := wire.Denied
	if granted {
		outcome = wire.Granted
	}
	who, any := d.Name(p), false
	if a, is := d.pending(request{who, wire.ReasonRelative}); is {
		if a.by == audit.Staff(staff) {
			return wire.PromptTwo
		}
		if says := d.died(p, staff, granted); says != wire.PromptDecided {
			return says
		}
		if !d.decided(request{who, wire.ReasonRelative}, outcome, staff) {
			return wire.PromptFaultAsk
		}
		any = true
	}
	for _, what := range []wire.Reason{wire.ReasonCorrection, wire.ReasonExplanation} {
		if _, is := d.pending(request{who, what}); !is {
			continue
		}
		if !d.decided(request{who, what}, outcome, staff) {
			return wire.PromptFaultAsk
		}
		any = true
	}
	if !any {
		return wire.PromptNobody
	}
	return wire.PromptDecided
}

// died does what was decided about somebody who has died, or is said to have.
func (d *Desk) died(p person.ID, staff string, granted bool) wire.Prompt {
	if !granted {
		if d.Faces != nil {
			d.Faces.Resume(p, consent.ByStaff, staff)
		}
		return wire.PromptDecided
	}
	if d.Faces != nil {
		d.Faces.Died(p)
	}
	if err := d.Revoke(p); err != nil {
		d.Slog.Error("the PIN of somebody who has died could not be taken away", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	if d.Births != nil {
		if err := d.Births.Forget(p); err != nil {
			d.Slog.Error("a birth date could not be forgotten", slog.String("why", err.Error()))
			return wire.PromptFaultAsk
		}
	}
	return wire.PromptDecided
}

// MayLook is the rule for who on the staff reads a record: nobody for curiosity, one person for a grown-up's, two
// different ones for anybody else's (PIPL, article 31; Regulations on the protection of minors online, article 36).
func MayLook(age wire.AgeBand, asked bool, first, second string) bool {
	switch {
	case !asked || first == "":
		return false
	case age == wire.AgeAdult:
		return true
	}
	return second != "" && second != first
}

// Look shows staff the record of somebody who has asked for something. Who looked is written down before it is shown.
func (d *Desk) Look(turn wire.Session, n wire.Number, first, second string) {
	p, ok := d.Find(n)
	who := d.Name(p)
	waits := ok && slices.ContainsFunc([]wire.Reason{wire.ReasonCorrection, wire.ReasonExplanation, wire.ReasonRelative}, func(what wire.Reason) bool {
		_, is := d.pending(request{who, what})
		return is
	})
	if !waits {
		d.say(turn, wire.PromptNobody)
		return
	}
	if !MayLook(d.Stands(p).Band, waits, first, second) {
		d.Write(audit.Entry{Kind: wire.KindLookRefused, Reason: wire.ReasonAlone, Who: who, By: audit.Staff(first)})
		d.Alarm()
		d.say(turn, wire.PromptTwo)
		return
	}
	lookers := []string{first}
	if second != "" && second != first {
		lookers = append(lookers, second)
	}
	for _, staff := range lookers {
		if !d.write(audit.Entry{Kind: wire.KindRecordLooked, Who: who, By: audit.Staff(staff), Head: uint64(len(lookers))}) {
			d.say(turn, wire.PromptFaultAsk)
			return
		}
	}
	r := d.record(turn, p)
	r.Looker = true
	d.Say(r)
}
