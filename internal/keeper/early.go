package keeper

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/faces"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// early answers what a person may ask about their own face while faces are not open yet, and for as long as they cannot
// be opened. A withdrawal is recorded all the same: nobody waits for a keysmith to be forgotten, and the vault, once
// read, holds nobody who withdrew meanwhile. From then on faces answer themselves.
type early struct {
	*keeper
	mu    sync.Mutex
	gone  []gone
	again []person.ID // whose consent was acted on while the vault was being read
}

type gone struct {
	turn   wire.Session
	person person.ID
}

// over publishes what was opened, without those who withdrew while it was being read.
func (e *early) over(a *album) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range e.gone {
		a.faces.Forget(g.turn, g.person)
	}
	for _, p := range e.again {
		a.faces.Settle(p)
	}
	e.gone, e.again = nil, nil
	e.opened.Store(a)
}

// Agree takes nobody's consent to what cannot be done yet.
func (e *early) Agree(turn wire.Session, p person.ID, notice [32]byte, lang string, on consent.Basis) wire.Prompt {
	if a := e.album(); a != nil {
		return a.faces.Agree(turn, p, notice, lang, on)
	}
	return wire.PromptFaceRests
}

// Withdraw is WithdrawBy by the person.
func (e *early) Withdraw(turn wire.Session, p person.ID) wire.Prompt {
	return e.WithdrawBy(turn, p, consent.ByPIN)
}

// WithdrawBy records that somebody's consent was taken back. That nothing can be erased yet makes no difference to who
// is let in: nobody is, by face.
func (e *early) WithdrawBy(turn wire.Session, p person.ID, by consent.Evidence) wire.Prompt {
	return e.either(p, func(a *album) wire.Prompt { return a.faces.WithdrawBy(turn, p, by) },
		func(r *consent.Register, now time.Time, trusted bool) wire.Prompt {
			rec, err := r.Withdraw(p, by, now, trusted)
			if errors.Is(err, consent.ErrNothing) {
				return wire.PromptNothing
			}
			if err != nil {
				e.log.Error("a withdrawal could not be recorded; nobody is let in by face now", slog.String("why", err.Error()))
			}
			e.gone = append(e.gone, gone{turn, p})
			e.scribe.Write(audit.Entry{Kind: wire.KindWithdrawn, Reason: wire.ReasonPersonAsked, Who: e.scribe.Pseudonym(p), Consent: audit.Hash(rec.Prev)})
			if err != nil {
				return wire.PromptFaultAsk
			}
			return wire.PromptWithdrawn
		})
}

// either lets faces answer where they are open, and the register alone where they are not yet.
func (e *early) either(p person.ID, open func(*album) wire.Prompt, alone func(*consent.Register, time.Time, bool) wire.Prompt) wire.Prompt {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a := e.album(); a != nil {
		return open(a)
	}
	register := e.register.Load()
	if register == nil {
		return wire.PromptFaultAsk // "nothing is stored" is not said of what was not read
	}
	now, trusted := e.clock.Now()
	return alone(register, now, trusted)
}

// Rest lets somebody's face rest.
func (e *early) Rest(p person.ID, by consent.Evidence, staff string) wire.Prompt {
	return e.either(p, func(a *album) wire.Prompt { return a.faces.Rest(p, by, staff) },
		func(r *consent.Register, now time.Time, trusted bool) wire.Prompt {
			rec, err := r.Rest(p, by, staff, now, trusted)
			switch {
			case errors.Is(err, consent.ErrNothing):
				return wire.PromptNothing
			case err != nil:
				e.log.Error("that a face rests could not be recorded; nobody is let in by face now", slog.String("why", err.Error()))
				return wire.PromptFaultAsk
			}
			e.again = append(e.again, p)
			e.scribe.Write(audit.Entry{Kind: wire.KindRestricted, Who: e.scribe.Pseudonym(p), Consent: audit.Hash(rec.Hash())})
			return wire.PromptRests
		})
}

// What would bring a face into use waits until faces are open.

func (e *early) Resume(p person.ID, by consent.Evidence, staff string) wire.Prompt {
	if a := e.album(); a != nil {
		return a.faces.Resume(p, by, staff)
	}
	return wire.PromptFaceRests
}

func (e *early) Inform(p person.ID, notice [32]byte, lang string) wire.Prompt {
	if a := e.album(); a != nil {
		return a.faces.Inform(p, notice, lang)
	}
	return wire.PromptFaceRests
}

func (e *early) Enrol(turn wire.Session, p person.ID) wire.Prompt {
	if a := e.album(); a != nil {
		return a.faces.Enrol(turn, p)
	}
	return wire.PromptFaceRests
}

func (e *early) Changed(p person.ID) bool {
	a := e.album()
	return a != nil && a.faces.Changed(p)
}

// Wards are those for whom p has agreed.
func (e *early) Wards(p person.ID) []person.ID {
	if register := e.register.Load(); register != nil {
		return register.Wards(p)
	}
	return nil
}

// Document is all that somebody has agreed to.
func (e *early) Document(p person.ID) (*consent.Document, error) {
	register := e.register.Load()
	if register == nil {
		return nil, errors.New("the consents have not been read yet")
	}
	return faces.Document(register, p)
}

// Died has the face of somebody erased who has died.
func (e *early) Died(p person.ID) {
	e.either(p, func(a *album) wire.Prompt { a.faces.Died(p); return wire.PromptDecided },
		func(r *consent.Register, now time.Time, trusted bool) wire.Prompt {
			if _, err := r.Mark(p, consent.Invalidated, now, trusted); err != nil {
				e.log.Warn("that a consent has ended was not recorded", slog.String("why", err.Error()))
			}
			e.gone = append(e.gone, gone{0, p})
			return wire.PromptDecided
		})
}

func (e *early) Refuse(notice [32]byte) {
	if a := e.album(); a != nil {
		a.faces.Refuse(notice)
		return
	}
	if register := e.register.Load(); register != nil {
		now, trusted := e.clock.Now()
		if _, err := register.Refuse(notice, now, trusted); err != nil {
			e.log.Warn("a refusal could not be recorded", slog.String("why", err.Error()))
		}
	}
	e.scribe.Write(audit.Entry{Kind: wire.KindConsentRefused, Notice: audit.Hash(notice)})
}

func (e *early) Cancel(turn wire.Session) {
	if a := e.album(); a != nil {
		a.faces.Cancel(turn)
	}
}

func (e *early) Describe(p person.ID, r *wire.Record) {
	if a := e.album(); a != nil {
		a.faces.Describe(p, r)
	} else if register := e.register.Load(); register != nil {
		if err := faces.Agreed(register, p, r); err != nil {
			e.log.Error("a person's consents could not be read in full", slog.String("why", err.Error()))
		}
	}
}

// GiveReceipt waits for the vault: it may hold a face that is younger than the erasure a receipt is for.
func (e *early) GiveReceipt(turn wire.Session, p person.ID) {
	if a := e.album(); a != nil {
		a.faces.GiveReceipt(turn, p)
	}
}
