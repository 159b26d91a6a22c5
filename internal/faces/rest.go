package faces

import (
	"errors"
	"log/slog"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// A face that rests is stored and not used: it is in no gallery, and no search can answer with it. Its end comes as if
// it were used. Waking it opens it from the vault anew.

// Rest lets somebody's face rest. By staff it rests until they end it.
func (f *Faces) Rest(p person.ID, by consent.Evidence, staff string) wire.Prompt {
	now, trusted := f.Now()
	if !f.Register.Stands(p, now).Kept {
		return wire.PromptNothing
	}
	f.shelve(p) // first: what follows may fail, and a wish to rest is safe to keep
	r, err := f.Register.Rest(p, by, staff, now, trusted)
	if err != nil {
		f.Log.Error("that a face rests could not be recorded; it rests until the next start", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	f.Write(audit.Entry{Kind: wire.KindRestricted, Who: f.Name(p), Consent: audit.Hash(r.Hash())})
	return wire.PromptRests
}

// Resume ends the rest.
func (f *Faces) Resume(p person.ID, by consent.Evidence, staff string) wire.Prompt {
	now, trusted := f.Now()
	r, err := f.Register.Resume(p, by, staff, now, trusted)
	switch {
	case errors.Is(err, consent.ErrNothing):
		return wire.PromptNothing
	case errors.Is(err, consent.ErrStaff):
		return wire.PromptRests
	case err != nil:
		f.Log.Error("that a face is used again could not be recorded, so it rests", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	f.Write(audit.Entry{Kind: wire.KindResumed, Who: f.Name(p), Consent: audit.Hash(r.Hash())})
	f.wake(p)
	return wire.PromptResumed
}

// Inform records that somebody has read the changed notice; their face is used again.
func (f *Faces) Inform(p person.ID, notice [32]byte, lang string) wire.Prompt {
	now, trusted := f.Now()
	r, err := f.Register.Inform(p, notice, lang, now, trusted)
	switch {
	case errors.Is(err, consent.ErrOldNotice):
		return wire.PromptOldNotice
	case errors.Is(err, consent.ErrNothing):
		return wire.PromptNothing
	case err != nil:
		f.Log.Error("that somebody was informed could not be recorded, so their face rests", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	f.Write(audit.Entry{Kind: wire.KindInformed, Who: f.Name(p), Notice: audit.Hash(r.Notice), Consent: audit.Hash(r.Hash())})
	f.wake(p)
	return wire.PromptInformed
}

// Enrol takes the face of somebody whose consent is in force, without asking them for another.
func (f *Faces) Enrol(turn wire.Session, p person.ID) wire.Prompt {
	if f.Full != nil && f.Full() {
		return wire.PromptFaultAsk
	}
	now, trusted := f.Now()
	r, ok := f.Register.InForce(p, now)
	switch {
	case !ok || f.stored(p):
		return wire.PromptNothing
	case !trusted || f.sweep.Has(p):
		return wire.PromptFaceRests
	}
	return f.begin(turn, p, r)
}

// Changed tells whether somebody's face rests because they have not been told of a change of the notice.
func (f *Faces) Changed(p person.ID) bool {
	now, _ := f.Now()
	return f.Register.Stands(p, now).Rests == wire.ReasonNoticeChanged && f.stored(p)
}

// Settle puts a stored face where its consent says now, for whoever acted before faces were open.
func (f *Faces) Settle(p person.ID) {
	f.shelve(p)
	f.wake(p)
}

// shelve takes a face out of use.
func (f *Faces) shelve(p person.ID) {
	f.mu.Lock()
	since, held := f.held[p]
	f.mu.Unlock()
	f.rest(p)
	if held {
		f.mu.Lock()
		f.resting[p] = since.since
		f.mu.Unlock()
	}
}

// wake brings a face back into use, if its consent says so.
func (f *Faces) wake(p person.ID) {
	if f.sweep.Has(p) {
		return
	}
	h, ok, err := f.Vault.Find(p, f.Rules.Model)
	if err != nil || !ok {
		if err != nil {
			f.Log.Error("a face that rested could not be opened; the person's other ways in work", slog.String("why", err.Error()))
		}
		return
	}
	now, _ := f.Now()
	f.take(h, now)
	if !f.stored(p) { // an erasure ran meanwhile, and had looked into the gallery before
		f.rest(p)
	}
}

// Died has the face of somebody erased who has died. What they agreed to is over.
func (f *Faces) Died(p person.ID) {
	f.rest(p)
	now, trusted := f.Now()
	if f.Register.State(p) == wire.ConsentGiven {
		if _, err := f.Register.Mark(p, consent.Invalidated, now, trusted); err != nil {
			f.Log.Error("that a consent has ended could not be recorded; the face is unusable and being erased all the same",
				slog.String("why", err.Error()))
		} else {
			f.Write(audit.Entry{Kind: wire.KindInvalidated, Reason: wire.ReasonRelative, Who: f.Name(p)})
		}
	}
	f.sweep.EraseNow(p, wire.ReasonRelative)
}

// Document is all that somebody has agreed to, for them to keep.
func (f *Faces) Document(p person.ID) (*consent.Document, error) { return Document(f.Register, p) }

// Document is the same of a register whose faces are not open.
func Document(register *consent.Register, p person.ID) (*consent.Document, error) {
	records, err := register.History(p)
	if err != nil {
		return nil, err
	}
	return consent.Describe(records, register.Notice)
}

// Wards are those for whom p has agreed.
func (f *Faces) Wards(p person.ID) []person.ID { return f.Register.Wards(p) }
