package faces

import (
	"errors"
	"log/slog"
	"slices"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// Agree records a consent and begins the enrolment. Whether it counts is the register's to say.
func (f *Faces) Agree(turn wire.Session, p person.ID, notice [32]byte, lang string, on consent.Basis) wire.Prompt {
	if f.Full != nil && f.Full() { // a consent is not asked for what could then not be stored
		return wire.PromptFaultAsk
	}
	now, trusted := f.Now()
	// After a power cut, the erasure of an earlier face may still be under way. It would take the new one with it.
	if f.sweep.Has(p) {
		return wire.PromptFaceRests
	}
	if f.Stays != nil {
		on.End, _ = f.Stays.Ends(p)
	}
	r, err := f.Register.Give(p, notice, lang, on, now, trusted)
	if err != nil {
		return f.notGiven(err)
	}
	// The record is in the log before a frame is looked at: whoever reads the log sees the order of things.
	why := wire.ReasonNone
	if on.Evidence == consent.ByGuardian { // a court asks whether a minor was harmed (judicial provisions 2021, article 3)
		why = wire.ReasonGuardian
	}
	if _, err := f.Write(audit.Entry{Kind: wire.KindConsentGiven, Reason: why, Who: f.Name(p), Notice: audit.Hash(r.Notice),
		Consent: audit.Hash(r.Hash()), Until: r.Until.Unix()}); err != nil {
		return wire.PromptFaultAsk
	}
	if on.Evidence == consent.ByPaper { // signed elsewhere: the person comes to the camera when they like
		return wire.PromptNoted
	}
	return f.begin(turn, p, r)
}

// notGiven is what a person is told whose consent does not count.
func (f *Faces) notGiven(why error) wire.Prompt {
	for _, known := range []struct {
		error
		says wire.Prompt
	}{
		{consent.ErrOldNotice, wire.PromptOldNotice}, {consent.ErrClock, wire.PromptFaceRests}, {consent.ErrAge, wire.PromptAge},
		{consent.ErrGuardian, wire.PromptGuardian}, {consent.ErrNotFor, wire.PromptNotGuardian}, {consent.ErrStaff, wire.PromptRests},
	} {
		if errors.Is(why, known.error) {
			return known.says
		}
	}
	f.Log.Error("a consent could not be recorded, so nothing was taken", slog.String("why", why.Error()))
	return wire.PromptFaultAsk
}

// begin opens the session of somebody who has agreed.
func (f *Faces) begin(turn wire.Session, p person.ID, r consent.Record) wire.Prompt {
	s, err := enrol.Begin(f.Rules, f.Arena, f.Gallery, p, r, f.Uptime())
	if err != nil {
		f.Log.Error("an enrolment could not begin", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	f.mu.Lock()
	f.drop()
	f.session, f.turn = s, turn
	f.busy.Store(true)
	f.mu.Unlock()
	f.Gaze()
	return wire.PromptLook
}

// Enrolling tells whether somebody is being enrolled now.
func (f *Faces) Enrolling() bool { return f.busy.Load() }

// See gives a sighting to the running enrolment. It says whether there was one.
func (f *Faces) See(w *wire.Sighting, advice wire.Prompt) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session == nil {
		return false
	}
	if f.session.Late(f.Uptime()) {
		f.fail(enrol.ErrTimeOut)
		return true
	}
	step := f.session.Take(w)
	if step == enrol.Done {
		f.finish()
		return true
	}
	p := wire.PromptLook
	switch {
	case step == enrol.EyesShut:
		p = wire.PromptEyes
	case w.Enrol != wire.Good && w.Enrol != wire.NoFace:
		p = advice
	}
	n, of := f.session.Taken()
	f.Screen(f.turn, p, 0, n, of)
	return true
}

// Tick ends an enrolment that nobody stands in front of any more.
func (f *Faces) Tick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != nil && f.session.Late(f.Uptime()) {
		f.fail(enrol.ErrTimeOut)
	}
}

// Cancel ends the enrolment of a turn at the screen.
func (f *Faces) Cancel(turn wire.Session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != nil && f.turn == turn {
		f.drop()
	}
}

// Halt ends a running enrolment: faces are not used now.
func (f *Faces) Halt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session == nil {
		return
	}
	who, turn := f.session.Person, f.turn
	f.drop()
	f.Write(audit.Entry{Kind: wire.KindEnrolmentFailed, Reason: wire.ReasonStopped, Who: f.Name(who)})
	f.Screen(turn, wire.PromptFaceRests, 0, 0, 0)
}

// finish stores the template: key and seal on disk first, then the gallery, then the log's line. f.mu is held, so a
// withdrawal waits and then finds the face to remove.
func (f *Faces) finish() {
	now, _ := f.Now()
	s, turn := f.session, f.turn
	label, t, err := s.Finish(now)
	for _, other := range s.Alike() { // the operator hears of it before anything is stored, and whether or not it is
		f.Write(audit.Entry{Kind: wire.KindSameFace, Reason: wire.ReasonSameFace, Who: f.Name(other)})
	}
	if err != nil {
		f.fail(err)
		return
	}
	agreed, ok := f.Register.InForce(s.Person, now)
	if !ok {
		f.Arena.Wipe(t)
		f.fail(enrol.ErrStaleAct)
		return
	}
	if err := f.Vault.Keep(label, t); err != nil {
		f.Arena.Wipe(t)
		f.fail(err)
		return
	}
	f.hold(label, t, agreed.At)
	delete(f.refused, label.Person)
	f.drop()
	who := f.Name(label.Person)
	f.Write(audit.Entry{Kind: wire.KindEnrolled, Who: who, Consent: audit.Hash(label.Consent), Until: label.Expiry.Unix(),
		Commit: f.Receipts.Commit(who, audit.Hash(label.Consent))})
	f.Screen(turn, wire.PromptEnrolled, label.Expiry.Unix(), 0, 0)
	if f.Agreed != nil {
		f.Agreed(turn, agreed)
	}
}

// refusals is how often in a row somebody is asked to try again, before they are offered the other ways instead.
const refusals = 3

// fail ends the session without blame.
func (f *Faces) fail(why error) {
	who, turn := f.session.Person, f.turn
	f.drop()
	reason := wire.ReasonNone
	switch {
	case errors.Is(why, enrol.ErrNotLive):
		reason = wire.ReasonNotLive
	case errors.Is(why, enrol.ErrNotJudged):
		reason = wire.ReasonNotJudged
	case errors.Is(why, enrol.ErrAnother):
		reason = wire.ReasonSameFace
	}
	f.Log.Info("an enrolment ended without a template", slog.String("why", why.Error()))
	f.Write(audit.Entry{Kind: wire.KindEnrolmentFailed, Reason: reason, Who: f.Name(who)})
	prompt := wire.PromptNotTaken
	if !errors.Is(why, enrol.ErrAnother) {
		if f.refused == nil {
			f.refused = map[person.ID]int{}
		}
		if f.refused[who]++; f.refused[who] >= refusals {
			prompt = wire.PromptWays
		}
	}
	f.Screen(turn, prompt, 0, 0, 0)
}

// drop wipes and forgets the session. f.mu is held.
func (f *Faces) drop() {
	if f.session == nil {
		return
	}
	f.session.Close()
	f.session = nil
	f.busy.Store(false)
	f.Gaze()
}

// Withdraw makes somebody's face unusable now and has it erased. It works without consent in force, too: whoever
// asks to be forgotten is forgotten.
func (f *Faces) Withdraw(turn wire.Session, p person.ID) wire.Prompt {
	return f.WithdrawBy(turn, p, consent.ByPIN)
}

// WithdrawBy is Withdraw by somebody else who may: a guardian, or the staff for somebody who has died.
func (f *Faces) WithdrawBy(turn wire.Session, p person.ID, by consent.Evidence) wire.Prompt {
	f.rest(p) // first: whatever follows may wait for an erasure that is running
	now, trusted := f.Now()
	r, err := f.Register.Withdraw(p, by, now, trusted)
	if errors.Is(err, consent.ErrNothing) && !f.stored(p) {
		return wire.PromptNothing
	}
	// Not recorded means that a power cut before the erasure could bring the face back: then "withdrawn" is not said.
	unsure := err != nil && !errors.Is(err, consent.ErrNothing)
	if unsure {
		f.Log.Error("a withdrawal could not be recorded; the face is unusable and being erased all the same", slog.String("why", err.Error()))
	}
	f.Write(audit.Entry{Kind: wire.KindWithdrawn, Reason: wire.ReasonPersonAsked, Who: f.Name(p), Consent: audit.Hash(r.Prev)})
	f.Forget(turn, p)
	if unsure {
		return wire.PromptFaultAsk
	}
	return wire.PromptWithdrawn
}

// Forget makes the face of somebody whose withdrawal is recorded unusable, has it erased, and tells that turn at the
// screen when it has gone.
func (f *Faces) Forget(turn wire.Session, p person.ID) {
	f.rest(p)
	f.mu.Lock()
	f.erasing[p] = turn
	f.mu.Unlock()
	f.sweep.EraseNow(p, wire.ReasonWithdrawn)
}

func (f *Faces) stored(p person.ID) bool {
	for _, l := range f.Vault.Labels() {
		if l.Person == p {
			return true
		}
	}
	return false
}

// Refuse records a "no" to the notice. It needs no name, and nothing depends on it.
func (f *Faces) Refuse(notice [32]byte) {
	now, trusted := f.Now()
	if _, err := f.Register.Refuse(notice, now, trusted); err != nil {
		f.Log.Warn("a refusal could not be recorded", slog.String("why", err.Error()))
	}
	f.Write(audit.Entry{Kind: wire.KindConsentRefused, Notice: audit.Hash(notice)})
}

// Describe fills in what a person may see about their own face.
func (f *Faces) Describe(p person.ID, r *wire.Record) {
	if err := Agreed(f.Register, p, r); err != nil {
		f.Log.Error("a person's consents could not be read in full", slog.String("why", err.Error()))
	}
	for _, l := range f.Vault.Labels() {
		if l.Person == p {
			r.EraseAt = l.Expiry.Unix()
		}
	}
	now, _ := f.Now()
	switch f.Register.Stands(p, now).Rests {
	case wire.ReasonRestricted:
		r.Restricted = true
	case wire.ReasonNoticeChanged:
		r.Changed = true
	}
}

// Agreed fills in what a person may see of what they agreed to.
func Agreed(register *consent.Register, p person.ID, r *wire.Record) error {
	r.Consent = register.State(p)
	history, err := register.History(p)
	for _, c := range history {
		if c.State == consent.Given {
			r.Notice, r.GivenAt, r.ByGuardian = c.Notice, c.At.Unix(), c.Guardian != nil
		}
	}
	for i, c := range slices.Backward(history) {
		if n := len(history) - 1 - i; n < len(r.Consents) {
			r.Consents[n] = wire.ConsentLine{At: c.At.Unix(), State: word(c.State)}
			if !c.Until.IsZero() {
				r.Consents[n].Until = c.Until.Unix()
			}
		}
	}
	return err
}

// word is a state as the screen has it.
func word(s consent.State) wire.ConsentState {
	for w := wire.ConsentNone; w <= wire.ConsentResumed; w++ {
		if w.String() == string(s) {
			return w
		}
	}
	return wire.ConsentNone
}
