package access

import (
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// Found is what a way in has found out. The set holds no word about consent: a face that may not be used is not in
// the gallery, and so is nobody's.
type Found uint8

const (
	Nobody   Found = iota // looked, and found nobody
	Somebody              // Facts.Who
	Two                   // two people too close to each other to say which
	NotLive               // a picture or a mask
	Unsure                // whether it lives cannot be judged
	WrongPIN
	TooManyTries
	Damaged // a stored record did not open
)

// Facts is everything that a decision rests on.
type Facts struct {
	Door   uint8
	Method wire.Method
	Found  Found
	Who    person.ID   // for Somebody
	MayIn  bool        // Who has a right at this door now: the same answer for every method
	Second bool        // a face alone opens nothing for Who
	Signed bool        // Who has shown another sign just now
	Rests  wire.Reason // why face cannot be used now; no other way in ever rests
}

// A Decision is the answer and its reason.
type Decision struct {
	Outcome wire.Outcome
	Reason  wire.Reason
}

// Decide is the policy of the door, whole. It is pure, so that its table test can be read as the house rules. Refusing
// the face costs nobody a right, because consent is not an input (Measures for facial recognition 2025, article 10).
func Decide(f Facts) Decision {
	switch f.Method {
	case wire.MethodExit: // nobody is ever locked in
		return Decision{wire.Granted, wire.ReasonNone}
	case wire.MethodFace:
		if f.Rests != wire.ReasonNone {
			return Decision{wire.Suspended, f.Rests}
		}
	case wire.MethodPIN, wire.MethodCard:
	default:
		return Decision{wire.Rejected, wire.ReasonUnknown}
	}
	switch f.Found {
	case Somebody:
		if f.MayIn && f.Who != (person.ID{}) {
			if f.Method == wire.MethodFace && f.Second && !f.Signed {
				return Decision{wire.Denied, wire.ReasonSecondSign}
			}
			return Decision{wire.Granted, wire.ReasonNone}
		}
		return Decision{wire.Denied, wire.ReasonUnknown}
	case Nobody:
		return Decision{wire.Denied, wire.ReasonUnknown}
	case Two:
		return Decision{wire.Denied, wire.ReasonAmbiguous}
	case NotLive:
		return Decision{wire.Denied, wire.ReasonNotLive}
	case Unsure:
		return Decision{wire.Denied, wire.ReasonNotJudged}
	case WrongPIN:
		return Decision{wire.Denied, wire.ReasonWrongPIN}
	case TooManyTries:
		return Decision{wire.Limited, wire.ReasonTooManyTries}
	default:
		return Decision{wire.NoAnswer, wire.ReasonDamaged}
	}
}
