package keeper

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/person"
	"example.org/edged/internal/reception"
	"example.org/edged/internal/rights"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// openBirths opens what the staff have noted of ages. Without it nobody can agree anew, and everything else works.
func (k *keeper) openBirths() {
	if k.brief.Face == nil {
		return
	}
	var err error
	k.births, err = birthday.Open(k.brief.Folder, k.root.Derive(keys.Births), k.brief.Offset, k.brief.Consent.GuardianUntil, rand.Reader)
	if err != nil {
		k.log.Error("nobody can agree to the use of a face until ages are noted again", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultBirths)
	}
	if k.births == nil {
		return
	}
	if at, trusted := k.clock.Now(); trusted {
		switch leapt, err := k.births.Turn(at); {
		case err != nil:
			k.log.Error("the day could not be written into the birth dates; nobody comes of age until it can", slog.String("why", err.Error()))
		case leapt:
			k.log.Warn("the clock is more than a year ahead of the last day this device saw: nobody comes of age until staff note somebody's age again")
		}
	}
}

// ground is what a consent that is given now rests on: the law in force, and the impact assessment by its hash.
func (k *keeper) ground() consent.Ground {
	g := consent.Ground{Rules: ruleset.At(k.now()).ID.String()}
	if a, err := assess.Parse(k.brief.Assessment); err == nil {
		h := a.Hash()
		g.PIA = hex.EncodeToString(h[:])
	}
	return g
}

// openRights makes the desk where people ask about what is kept of them.
func (k *keeper) openRights() *rights.Desk {
	p := rights.Parts{Device: k.brief.Device, Births: k.births, People: k.people, Revoke: k.book.Revoke,
		Name: k.scribe.Pseudonym, Write: k.scribe.Write, Recent: k.scribe.Recent, Say: k.lobby.say,
		Alarm: func() { k.room.Fault(wire.FaultLook) }, Now: k.clock.Now, Slog: k.log}
	if k.brief.Face != nil {
		p.Faces = k.early
	}
	if k.audit != nil {
		p.Log = k.audit
	}
	return rights.New(p)
}

// people is everybody who has a way in.
func (k *keeper) people() []person.ID {
	all, err := k.book.People()
	if err != nil {
		k.log.Error("the list of people could not be read", slog.String("why", err.Error()))
	}
	return all
}

// heardKiosk is the keeper's ear for the screen.
func (k *keeper) heardKiosk() func(wire.KioskSays) {
	p := reception.Parts{Book: k.book, Rights: k.rights, Staff: k.brief.Staff, Visit: k.brief.Visit, Reading: k.brief.Consent.Reading,
		FaceOn: k.mode.usable, Second: k.second, Decide: k.decide, Write: k.scribe.Write, Name: k.scribe.Pseudonym,
		Say: k.lobby.say, Uptime: uptime, Now: k.clock.Now, Log: k.log}
	if k.brief.Face != nil {
		p.Faces = k.early
	}
	r := reception.New(p)
	return func(w wire.KioskSays) {
		k.pad.heard(uptime())
		r.Hear(w)
	}
}

// paper records a consent that somebody has signed by hand. The person need not be here: they are asked for nothing, and
// come to the camera when they like.
func (k *keeper) paper(w *wire.Paper) {
	answer := wire.Obeyed{ID: w.ID, Outcome: wire.Denied, Reason: wire.ReasonWrongPIN}
	defer func() { k.room.Tell(&answer) }()
	staff, res := k.book.TryStaff(k.brief.Staff, w.PIN.Digits[:w.PIN.Len])
	switch {
	case res.Outcome == wire.Limited:
		answer.Outcome, answer.Reason = wire.Limited, wire.ReasonTooManyTries
		return
	case res.Outcome != wire.Granted:
		return
	}
	answer.Reason = wire.ReasonUnknown
	p, ok := k.rights.Find(w.Number)
	a := k.album()
	if !ok || a == nil || !k.mode.usable() {
		if ok {
			answer.Outcome, answer.Reason = wire.Suspended, k.rests()
		}
		return
	}
	says := a.faces.Agree(0, p, a.register.Current(), string(w.Lang[:]), consent.Basis{
		Evidence: consent.ByPaper, Age: k.rights.Stands(p), Staff: staff, Document: w.Document})
	switch says {
	case wire.PromptNoted:
		answer.Outcome, answer.Reason = wire.Done, wire.ReasonNone
		answer.Index = k.audit.Head().Size - 1
	case wire.PromptAge, wire.PromptGuardian:
		answer.Outcome, answer.Reason = wire.Rejected, wire.ReasonNoConsent
	default:
		answer.Outcome, answer.Reason = wire.NoAnswer, wire.ReasonDamaged
	}
}

// given shows the receipt of a consent to the turn in which it was given.
func (k *keeper) given(turn wire.Session, c consent.Record) {
	if turn != 0 {
		k.rights.Given(turn, c.Person)
	}
}

// errNoWay is why a face must not be used: it would be the only way in (Measures 2025, article 10).
var errNoWay = errors.New("no other way in works")

// otherWay tells whether somebody who does not use their face gets in now: the pad speaks, and the PINs can be read.
// Where it says no, faces rest, because they would be the only way.
func (k *keeper) otherWay(at time.Duration) error {
	if k.kiosk != nil && k.pad.silent(at, k.began) {
		return errors.Join(errNoWay, errors.New("the PIN pad has been silent for a while"))
	}
	if err := k.pad.book(at, k.book.Sound); err != nil {
		return errors.Join(errNoWay, err)
	}
	return nil
}
