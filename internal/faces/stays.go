package faces

import (
	"fmt"
	"iter"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/retention"
	"example.org/edged/internal/wire"
)

// stays is the calendar of those whose stay has ended: what their face was kept for is over (LAW.md M-8c), whatever
// they agreed to and whatever date their consent has. It is asked before the register, so that of two reasons that come
// at the same moment, as at the end of a visit, the log has the one that people understand.
type stays struct{ *Faces }

// Due yields whose stay is over and whose face is still stored.
func (s stays) Due(time.Time) iter.Seq2[person.ID, wire.Reason] {
	return func(yield func(person.ID, wire.Reason) bool) {
		if s.Stays == nil {
			return
		}
		for p, why := range s.Stays.Over() {
			if s.stored(p) && !yield(p, why) {
				return
			}
		}
	}
}

// Next knows no date: whoever ends a stay calls End.
func (s stays) Next(time.Time) (time.Time, bool) { return time.Time{}, false }

// End makes the face of somebody whose stay is over unusable before it returns, and has it erased at once.
func (f *Faces) End(p person.ID, why wire.Reason) {
	f.rest(p) // a running enrolment too
	if f.stored(p) {
		f.sweep.EraseNow(p, why)
	}
}

// Gone tells whether nothing of somebody's face is stored, nor waits to be recorded as erased.
func (f *Faces) Gone(p person.ID) bool { return !f.stored(p) && !f.sweep.Has(p) }

// purposeOver ends the consent of somebody whose face went with their stay, before its own date.
func (f *Faces) purposeOver(e retention.Erasure) error {
	switch e.Reason {
	case wire.ReasonVisitEnded, wire.ReasonLeaseEnded, wire.ReasonContractEnded, wire.ReasonPurposeEnded:
	default:
		return nil
	}
	if !f.Register.Stands(e.Person, e.At).Kept {
		return nil
	}
	if _, err := f.Register.Mark(e.Person, consent.Invalidated, e.At, e.Trusted); err != nil {
		return fmt.Errorf("ending the consent: %w", err)
	}
	return nil
}
