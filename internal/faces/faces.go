// Package faces keeps the stored faces in step with the consents they rest on: from the act of agreeing, through
// enrolment, to the end. It never lets a face be used whose consent is not in force.
package faces

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/match"
	"example.org/edged/internal/person"
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
	Gaze     func() // what the eye should do may have changed
	Log      *slog.Logger
}

// Faces is the life of all faces at one door.
type Faces struct {
	Parts
	sweep *retention.Sweep

	mu      sync.Mutex
	held    map[person.ID]template.Template
	session *enrol.Session // nil when nobody is being enrolled
	busy    atomic.Bool    // session != nil, readable without the lock
	turn    wire.Session
	erasing map[person.ID]wire.Session // who is told on the screen when their face has gone
}

// New makes the lifecycle and its sweep; Load fills the gallery.
func New(p Parts) *Faces {
	f := &Faces{Parts: p, held: map[person.ID]template.Template{}, erasing: map[person.ID]wire.Session{}}
	f.sweep = retention.New(p.Now, f.rest, func(who person.ID) error { return p.Vault.Erase(who) }, f.erased, p.Register)
	return f
}

// Sweep is the part that erases; its Run must run.
func (f *Faces) Sweep() *retention.Sweep { return f.sweep }

// Load opens the vault into the gallery: only those whose consent is in force and whose record opens. Whatever else
// lies there is erased or reported, never used.
func (f *Faces) Load() error {
	held, refused, err := f.Vault.Load(f.Rules.Model)
	if err != nil {
		return err
	}
	now, _ := f.Now()
	for _, h := range held {
		r, ok := f.Register.InForce(h.Label.Person, now)
		if !ok || r.Hash() != h.Label.Consent || string(r.Purpose) != h.Label.Purpose {
			f.Arena.Wipe(h.Template)
			f.sweep.EraseNow(h.Label.Person, wire.ReasonNoConsent)
			continue
		}
		f.mu.Lock()
		f.hold(h.Label, h.Template)
		f.mu.Unlock()
	}
	for _, r := range refused {
		f.Write(audit.Entry{Kind: wire.KindTemplateRefused, Reason: r.Reason, Who: f.Name(r.Person)})
		f.Log.Warn("a stored face cannot be used; the person can be enrolled again", slog.String("why", r.Reason.String()))
	}
	for _, p := range f.Vault.Pending() {
		f.sweep.EraseNow(p, wire.ReasonWithdrawn)
	}
	return nil
}

// hold lets somebody be found from now on. f.mu is held.
func (f *Faces) hold(l vault.Label, t template.Template) {
	if err := f.Gallery.Put(l.Person, t, l.Expiry); err != nil {
		f.Log.Error("a stored face cannot be looked for; the person's other ways in work", slog.String("why", err.Error()))
	}
	f.Arena.Wipe(t) // the gallery has taken what it needs, a third of the size
	if old, ok := f.held[l.Person]; ok {
		f.Arena.Wipe(old)
	}
	f.held[l.Person] = t
}

// rest makes somebody unknown at once: when it returns, no search can answer with them, nor will a session store them.
func (f *Faces) rest(p person.ID) {
	f.Gallery.Remove(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok := f.held[p]; ok {
		f.Arena.Wipe(t)
		delete(f.held, p)
	}
	if f.session != nil && f.session.Person == p {
		f.drop()
	}
}

// erased is told of each try at erasing.
func (f *Faces) erased(e retention.Erasure) error {
	entry := audit.Entry{Kind: wire.KindErased, Reason: e.Reason, Who: f.Name(e.Person)}
	if e.Err != nil {
		entry.Kind = wire.KindEraseFailed
		f.Log.Error("a face could not be erased; it is unusable, and this is tried again",
			slog.Int("tries", e.Tries), slog.String("why", e.Err.Error()))
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
	}
	return nil
}

// Stored is how many faces are stored, used or waiting to be erased.
func (f *Faces) Stored() int { return f.Vault.Len() }
