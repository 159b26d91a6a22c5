package access_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/access"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

var ana = person.ID{1}

// The house rules.
var rules = []struct {
	name  string
	facts access.Facts
	want  access.Decision
}{
	{"a known face opens", access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Granted}},
	{"a known PIN opens", access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Granted}},
	{"a known card opens", access.Facts{Method: wire.MethodCard, Found: access.Somebody, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Granted}},
	{"the exit button opens for everybody", access.Facts{Method: wire.MethodExit}, access.Decision{Outcome: wire.Granted}},
	{"the exit button opens when everything else is broken", access.Facts{Method: wire.MethodExit, Found: access.Damaged, Rests: wire.ReasonClock}, access.Decision{Outcome: wire.Granted}},
	{"a stranger's face does not open", access.Facts{Method: wire.MethodFace, Found: access.Nobody}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonUnknown}},
	{"a known face without a right does not open", access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonUnknown}},
	{"a known PIN without a right does not open", access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: ana}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonUnknown}},
	{"somebody who is nobody does not open", access.Facts{Method: wire.MethodPIN, Found: access.Somebody, MayIn: true}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonUnknown}},
	{"two alike do not open", access.Facts{Method: wire.MethodFace, Found: access.Two, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonAmbiguous}},
	{"a marked person's face alone does not open", access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana, MayIn: true, Second: true}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonSecondSign}},
	{"with another sign it does", access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana, MayIn: true, Second: true, Signed: true}, access.Decision{Outcome: wire.Granted}},
	{"a marked person's PIN opens", access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: ana, MayIn: true, Second: true}, access.Decision{Outcome: wire.Granted}},
	{"what cannot be judged does not open", access.Facts{Method: wire.MethodFace, Found: access.Unsure, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonNotJudged}},
	{"a photograph does not open", access.Facts{Method: wire.MethodFace, Found: access.NotLive, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonNotLive}},
	{"a wrong PIN does not open", access.Facts{Method: wire.MethodPIN, Found: access.WrongPIN}, access.Decision{Outcome: wire.Denied, Reason: wire.ReasonWrongPIN}},
	{"too many tries do not open", access.Facts{Method: wire.MethodPIN, Found: access.TooManyTries, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Limited, Reason: wire.ReasonTooManyTries}},
	{"a damaged record does not open", access.Facts{Method: wire.MethodPIN, Found: access.Damaged, Who: ana, MayIn: true}, access.Decision{Outcome: wire.NoAnswer, Reason: wire.ReasonDamaged}},
	{"a face rests while the time is not trusted", access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana, MayIn: true, Rests: wire.ReasonClock}, access.Decision{Outcome: wire.Suspended, Reason: wire.ReasonClock}},
	{"a PIN opens while the face rests", access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: ana, MayIn: true, Rests: wire.ReasonClock}, access.Decision{Outcome: wire.Granted}},
	{"a card opens while the face rests", access.Facts{Method: wire.MethodCard, Found: access.Somebody, Who: ana, MayIn: true, Rests: wire.ReasonUnconfined}, access.Decision{Outcome: wire.Granted}},
	{"no method is no request", access.Facts{Method: wire.MethodNone, Found: access.Somebody, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Rejected, Reason: wire.ReasonUnknown}},
	{"an unknown method is refused", access.Facts{Method: 99, Found: access.Somebody, Who: ana, MayIn: true}, access.Decision{Outcome: wire.Rejected, Reason: wire.ReasonUnknown}},
	{"an unknown finding is refused", access.Facts{Method: wire.MethodPIN, Found: 99, Who: ana, MayIn: true}, access.Decision{Outcome: wire.NoAnswer, Reason: wire.ReasonDamaged}},
}

func TestTheHouseRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			if got := access.Decide(rule.facts); got != rule.want {
				t.Errorf("%v, %v", got.Outcome, got.Reason)
			}
		})
	}
}

func facts(rt *rapid.T) access.Facts {
	return access.Facts{
		Door:   rapid.Uint8().Draw(rt, "door"),
		Method: wire.Method(rapid.IntRange(0, 6).Draw(rt, "method")),
		Found:  access.Found(rapid.IntRange(0, 9).Draw(rt, "found")),
		Who:    person.ID{rapid.ByteRange(0, 1).Draw(rt, "who")},
		MayIn:  rapid.Bool().Draw(rt, "may in"),
		Second: rapid.Bool().Draw(rt, "second"),
		Signed: rapid.Bool().Draw(rt, "signed"),
		Rests:  wire.Reason(rapid.IntRange(0, int(wire.ReasonAmbiguous)).Draw(rt, "rests")),
	}
}

// Consent cannot be told to Decide: no field's type or name has a place for it.
func TestConsentIsNotAnInput(t *testing.T) {
	allowed := map[string]reflect.Type{
		"Door": reflect.TypeFor[uint8](), "Method": reflect.TypeFor[wire.Method](), "Found": reflect.TypeFor[access.Found](),
		"Who": reflect.TypeFor[person.ID](), "MayIn": reflect.TypeFor[bool](), "Second": reflect.TypeFor[bool](), "Signed": reflect.TypeFor[bool](),
		"Rests": reflect.TypeFor[wire.Reason](),
	}
	f := reflect.TypeFor[access.Facts]()
	for field := range f.Fields() {
		if allowed[field.Name] != field.Type || strings.Contains(strings.ToLower(field.Name), "consent") {
			t.Errorf("%s %v: is it sure that this says nothing about consent?", field.Name, field.Type)
		}
	}
	if in := reflect.TypeOf(access.Decide); in.NumIn() != 1 || in.In(0) != f {
		t.Errorf("Decide takes %v", in)
	}
}

// Whatever becomes of somebody's face (agreed, refused, withdrawn, face at rest for any reason), their PIN and card
// open as before: measures article 10.
func TestRefusingTheFaceCostsNoRight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := facts(rt)
		if f.Method == wire.MethodFace {
			f.Method = wire.MethodPIN
		}
		other := f
		other.Rests = wire.Reason(rapid.IntRange(0, int(wire.ReasonAmbiguous)).Draw(rt, "what became of the face"))
		if access.Decide(f) != access.Decide(other) {
			rt.Fatalf("%+v: %v, but %v", f, access.Decide(f), access.Decide(other))
		}
	})
}

func TestPINAndCardAndFaceGrantTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := facts(rt)
		f.Rests, f.Second = wire.ReasonNone, false // who is marked is asked for more, never for less
		var got []access.Decision
		for _, f.Method = range []wire.Method{wire.MethodFace, wire.MethodPIN, wire.MethodCard} {
			got = append(got, access.Decide(f))
		}
		if got[0] != got[1] || got[1] != got[2] {
			rt.Fatalf("%+v: %v", f, got)
		}
	})
}

func TestTheDoorOpensOnlyForSomebodyWithARight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := facts(rt)
		granted := access.Decide(f).Outcome == wire.Granted
		if granted && f.Method != wire.MethodExit && (f.Found != access.Somebody || f.Who == (person.ID{}) || !f.MayIn) {
			rt.Fatalf("opened on %+v", f)
		}
	})
}

// P-24: whenever a face is refused there is a reason for it, and the PIN of the same person opens at the same moment.
func TestP24_EveryRefusalHasAReasonAndThePINOpensAllTheSame(t *testing.T) {
	refused := 0
	for found := access.Nobody; found <= access.Damaged; found++ {
		for rests := wire.ReasonNone; rests <= wire.ReasonUnmeasured; rests++ {
			for _, second := range []bool{false, true} {
				f := access.Facts{Method: wire.MethodFace, Found: found, Who: ana, MayIn: true, Second: second, Rests: rests}
				d := access.Decide(f)
				if d.Outcome == wire.Granted {
					continue
				}
				refused++
				if d.Reason == wire.ReasonNone {
					t.Errorf("%+v: %s without a reason", f, d.Outcome)
				}
				f.Method, f.Found = wire.MethodPIN, access.Somebody
				if d := access.Decide(f); d.Outcome != wire.Granted {
					t.Errorf("the face was refused, and then the PIN: %+v: %+v", f, d)
				}
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d refusals were tried", refused)
	}
}
