package keeper

import (
	"errors"
	"log/slog"
	"sync"

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
	mu   sync.Mutex
	gone []gone
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
	e.gone = nil
	e.opened.Store(a)
}

// Agree takes nobody's consent to what cannot be done yet.
func (e *early) Agree(turn wire.Session, p person.ID, notice [32]byte, lang string) wire.Prompt {
	if a := e.album(); a != nil {
		return a.faces.Agree(turn, p, notice, lang)
	}
	return wire.PromptFaceRests
}

// Withdraw records that somebody withdrew. That nothing can be erased yet makes no difference to who is let in: nobody
// is, by face.
func (e *early) Withdraw(turn wire.Session, p person.ID) wire.Prompt {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a := e.album(); a != nil {
		return a.faces.Withdraw(turn, p)
	}
	register := e.register.Load()
	if register == nil {
		return wire.PromptFaultAsk // "nothing is stored" is not said of what was not read
	}
	now, trusted := e.clock.Now()
	r, err := register.Withdraw(p, consent.ByPIN, now, trusted)
	if errors.Is(err, consent.ErrNothing) {
		return wire.PromptNothing
	}
	if err != nil {
		e.log.Error("a withdrawal could not be recorded; nobody is let in by face now", slog.String("why", err.Error()))
	}
	e.gone = append(e.gone, gone{turn, p})
	e.scribe.Write(audit.Entry{Kind: wire.KindWithdrawn, Reason: wire.ReasonPersonAsked, Who: e.scribe.Pseudonym(p), Consent: audit.Hash(r.Prev)})
	if err != nil {
		return wire.PromptFaultAsk
	}
	return wire.PromptWithdrawn
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
