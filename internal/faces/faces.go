// Package faces keeps the stored faces in step with the consents they rest on: from the act of agreeing, through
// enrolment, to the end. It never lets a face be used whose consent is not in force.
package faces

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/match"
	"example.org/edged/internal/person"
	"example.org/edged/internal/receipt"
	"example.org/edged/internal/retention"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// Parts are what a Faces is made of. All are used from several goroutines.
type Parts struct {
	Arena    *template.Arena
	Vault    *vault.Vault
	Gallery  *match.Gallery
	Register *consent.Register
	Rules    enrol.Rules
	Now      func() (time.Time, bool)
	Uptime   func() time.Duration
	Write    func(audit.Entry) (uint64, error)
	Name     func(person.ID) wire.Pseudonym
	Screen   func(wire.Session, wire.Prompt, int64, int, int)
	Receipt  func(wire.Session, []byte)
	Agreed   func(wire.Session, consent.Record) // the receipt of a consent, for its person; nil: none
	Receipts *receipt.Desk
	Tier     func() wire.Tier
	Stays    Stays         // nil: nobody's stay has an end
	Inactive time.Duration // 0: no limit
	Age      time.Duration // 0: no limit
	Gaze     func()        // what the eye should do may have changed
	Full     func() bool   // the disk is nearly full: nobody is enrolled
	Log      *slog.Logger
}

// Stays is until when people belong to this house.
type Stays interface {
	Ends(p person.ID) (end time.Time, ok bool)
	Over() iter.Seq2[person.ID, wire.Reason]
}

// Faces is the life of all faces at one door.
type Faces struct {
	Parts
	sweep  *retention.Sweep
	limits *retention.Limits

	mu      sync.Mutex
	held    map[person.ID]face
	resting map[person.ID]time.Time // stored and not used, by when it was agreed to
	session *enrol.Session          // nil when nobody is being enrolled
	busy    atomic.Bool             // session != nil, readable without the lock
	turn    wire.Session
	refused map[person.ID]int          // enrolments in a row that ended without a template
	erasing map[person.ID]wire.Session // who is told on the screen when their face has gone
}

// A face is one that can be found.
type face struct {
	template.Template
	since time.Time // the consent's; what it was agreed to begins there
}

// New makes the lifecycle and its sweep; Load fills the gallery.
func New(p Parts) *Faces {
	f := &Faces{Parts: p, held: map[person.ID]face{}, resting: map[person.ID]time.Time{}, erasing: map[person.ID]wire.Session{}}
	f.limits = retention.NewLimits(p.Inactive, p.Age, f.inUse)
	f.sweep = retention.New(p.Now, f.rest, p.Vault.Erase, f.erased, stays{f}, p.Register, f.limits)
	return f
}

// Sweep is the part that erases; its Run must run.
func (f *Faces) Sweep() *retention.Sweep { return f.sweep }

// Load opens the vault into the gallery: only those whose consent is in force and whose record opens. A face that only
// rests stays sealed. Whatever else lies there is erased or reported, never used. After an error nobody can be found.
func (f *Faces) Load() error {
	now, trusted := f.Now()
	ended, err := f.Register.Review(now, trusted)
	for _, p := range ended {
		f.Write(audit.Entry{Kind: wire.KindInvalidated, Reason: wire.ReasonNoticeChanged, Who: f.Name(p)})
	}
	if err != nil { // they are not in force all the same
		f.Log.Error("that consents have ended could not be recorded", slog.String("why", err.Error()))
	}
	refused, err := f.Vault.Load(f.Rules.Model, func(h vault.Held) { f.take(h, now) })
	if err != nil {
		for p := range f.inUse() {
			f.rest(p)
		}
		return err
	}
	for _, r := range refused {
		s := f.Register.Stands(r.Person, now)
		why := r.Against(vault.Label{Purpose: string(s.Consent.Purpose), Model: f.Rules.Model, Consent: s.Hash, Expiry: s.Consent.Until})
		f.Write(audit.Entry{Kind: wire.KindTemplateRefused, Reason: why, Who: f.Name(r.Person)})
		f.Log.Warn("a stored face cannot be used; the person can be enrolled again", slog.String("why", why.String()))
	}
	for _, p := range f.Vault.Pending() {
		f.sweep.EraseNow(p, f.unfinished(p))
	}
	return nil
}

// take puts one stored face where it belongs now: into the gallery, to rest, or to be erased.
func (f *Faces) take(h vault.Held, now time.Time) {
	p := h.Label.Person
	s := f.Register.Stands(p, now)
	if !s.Kept || s.Hash != h.Label.Consent || string(s.Consent.Purpose) != h.Label.Purpose {
		f.Arena.Wipe(h.Template)
		f.sweep.EraseNow(p, wire.ReasonNoConsent)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.Rests != wire.ReasonNone {
		f.Arena.Wipe(h.Template)
		f.resting[p] = s.Consent.At
		return
	}
	delete(f.resting, p)
	f.hold(h.Label, h.Template, s.Consent.At)
}

// unfinished is why the erasure had begun that a power cut fell into.
func (f *Faces) unfinished(p person.ID) wire.Reason {
	switch f.Register.State(p) {
	case wire.ConsentWithdrawn:
		return wire.ReasonWithdrawn
	case wire.ConsentExpired:
		return wire.ReasonExpired
	case wire.ConsentInvalidated:
		return wire.ReasonNoConsent
	}
	return wire.ReasonInterrupted
}

// hold lets somebody be found from now on. f.mu is held.
func (f *Faces) hold(l vault.Label, t template.Template, since time.Time) {
	if err := f.Gallery.Put(l.Person, t, l.Expiry); err != nil {
		f.Log.Error("a stored face cannot be looked for; the person's other ways in work", slog.String("why", err.Error()))
	}
	f.Arena.Wipe(t) // the gallery has taken what it needs, a third of the size
	if old, ok := f.held[l.Person]; ok {
		f.Arena.Wipe(old.Template)
	}
	f.held[l.Person] = face{t, since}
}

func (f *Faces) inUse() map[person.ID]time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[person.ID]time.Time, len(f.held))
	for p, h := range f.held {
		all[p] = h.since
	}
	maps.Copy(all, f.resting) // a face that rests grows older all the same
	return all
}

// Used notes that somebody came in, by whichever method.
func (f *Faces) Used(p person.ID) {
	at, _ := f.Now()
	f.limits.Used(p, at)
}

// Recall learns from the log, the newest entry first, when the people whose face is stored came in last. No list of
// it is kept anywhere else.
func (f *Faces) Recall(newest iter.Seq2[uint64, audit.Entry]) {
	defer f.limits.Known()
	now, _ := f.Now()
	missing := map[wire.Pseudonym]person.ID{}
	for p := range f.inUse() {
		missing[f.Name(p)] = p
	}
	for _, e := range newest {
		at := time.UnixMilli(e.At)
		if len(missing) == 0 || now.Sub(at) > f.Inactive {
			return
		}
		if e.Kind == wire.KindLogRenewed { // what was before it is not known; nobody is called inactive for that
			for _, p := range missing {
				f.limits.Used(p, at)
			}
			return
		}
		if p, ok := missing[e.Who]; ok && e.Kind == wire.KindDecision && e.Outcome == wire.Granted {
			f.limits.Used(p, at)
			delete(missing, e.Who)
		}
	}
}

// rest makes somebody unknown at once: when it returns, no search can answer with them, nor will a session store them.
func (f *Faces) rest(p person.ID) {
	f.Gallery.Remove(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.refused, p)
	delete(f.resting, p)
	if t, ok := f.held[p]; ok {
		f.Arena.Wipe(t.Template)
		delete(f.held, p)
	}
	if f.session != nil && f.session.Person == p {
		f.drop()
	}
}

// erased is told of each try at erasing.
func (f *Faces) erased(e retention.Erasure) error {
	who := f.Name(e.Person)
	entry := audit.Entry{Kind: wire.KindErased, Reason: e.Reason, Who: who, Tier: f.Tier(), Commit: f.Receipts.Refer(who)}
	if e.Err != nil {
		entry.Kind, entry.Tier, entry.Commit = wire.KindEraseFailed, 0, audit.Hash{}
		f.Log.Error("a face could not be erased; it is unusable, and this is tried again",
			slog.Int("tries", e.Tries), slog.String("why", e.Err.Error()))
	} else if err := f.purposeOver(e); err != nil {
		return err
	} else if _, err := f.Register.Mark(e.Person, consent.Erased, e.At, e.Trusted); err != nil {
		return fmt.Errorf("marking the consent: %w", err)
	}
	if _, err := f.Write(entry); err != nil {
		return err
	}
	f.mu.Lock()
	turn, told := f.erasing[e.Person]
	if e.Err == nil {
		delete(f.erasing, e.Person)
	}
	f.mu.Unlock()
	if told && e.Err == nil {
		f.Screen(turn, wire.PromptErased, 0, 0, 0)
		f.GiveReceipt(turn, e.Person)
	}
	return nil
}

// GiveReceipt puts the receipt of somebody's latest erasure on the screen, if there was one.
func (f *Faces) GiveReceipt(turn wire.Session, p person.ID) {
	packed, err := f.Receipts.Give(f.Name(p))
	if errors.Is(err, receipt.ErrNone) {
		return
	}
	if err != nil {
		f.Log.Error("a receipt could not be made; the log has the erasure", slog.String("why", err.Error()))
		return
	}
	f.Receipt(turn, packed)
}

// Late is how many erasures were tried and have not worked yet.
func (f *Faces) Late() int { return f.sweep.Late() }

// Stored is how many faces are stored, used or waiting to be erased.
func (f *Faces) Stored() int { return f.Vault.Len() }
