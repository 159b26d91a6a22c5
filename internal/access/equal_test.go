package access_test

import (
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/access"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// M-10b, J-4a, P-16: the package that decides about doors cannot even be told of a consent: it does not reach the
// package that knows of any, and no field of what it decides on could hold one.
func TestM10b_ConsentIsNoInputOfADoor(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "example.org/edged/internal/access").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"consent", "faces", "vault", "notice", "rights", "birthday"} {
		if slices.Contains(strings.Fields(string(out)), "example.org/edged/internal/"+p) {
			t.Errorf("internal/access reaches internal/%s", p)
		}
	}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			for _, word := range []string{"consent", "agree", "enrol", "refus", "fee", "approv"} {
				if strings.Contains(strings.ToLower(f.Name+f.Type.String()), word) {
					t.Errorf("%s.%s %s", typ, f.Name, f.Type)
				}
			}
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[access.Facts]())
	walk(reflect.TypeFor[access.Health]())
}

// M-10b: whatever somebody agreed to, refused, or took back (which shows only in whether their face is found), their PIN
// and card open the same doors with the same answer; and a face opens nothing that the PIN does not.
func TestM10b_EqualRightsWithAndWithoutAFace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := person.ID{byte(rapid.IntRange(1, 255).Draw(t, "who"))}
		mayIn, door := rapid.Bool().Draw(t, "may in"), uint8(rapid.IntRange(0, 8).Draw(t, "door"))
		decide := func(m wire.Method, f access.Found, rests wire.Reason) access.Decision {
			return access.Decide(access.Facts{Door: door, Method: m, Found: f, Who: who, MayIn: mayIn, Rests: rests})
		}
		rests := wire.Reason(rapid.IntRange(0, int(wire.ReasonAlone)).Draw(t, "why faces rest"))
		pin, card := decide(wire.MethodPIN, access.Somebody, rests), decide(wire.MethodCard, access.Somebody, rests)
		if pin != card || pin != decide(wire.MethodPIN, access.Somebody, wire.ReasonNone) {
			t.Fatalf("PIN %+v, card %+v", pin, card)
		}
		if (pin.Outcome == wire.Granted) != mayIn {
			t.Fatalf("may in: %v, and the PIN is %s", mayIn, pin.Outcome)
		}
		// Consent shows in one place only: with it the face is found, without it it is nobody's.
		for _, found := range []access.Found{access.Somebody, access.Nobody} {
			if face := decide(wire.MethodFace, found, rests); face.Outcome == wire.Granted && pin.Outcome != wire.Granted {
				t.Fatalf("the face opens what the PIN does not: %+v", face)
			}
		}
	})
}

// M-10a, T-13: what is offered hangs on what works, and on nobody's person; the face is offered last, and never alone.
func TestT13_AFaceIsNeverOfferedAlone(t *testing.T) {
	for _, tt := range []struct {
		health access.Health
		want   []wire.Method
	}{
		{access.Health{PIN: true, Card: true, Face: true}, []wire.Method{wire.MethodPIN, wire.MethodCard, wire.MethodFace}},
		{access.Health{PIN: true, Face: true}, []wire.Method{wire.MethodPIN, wire.MethodFace}},
		{access.Health{Card: true, Face: true}, []wire.Method{wire.MethodCard, wire.MethodFace}},
		{access.Health{Face: true}, nil},
		{access.Health{PIN: true}, []wire.Method{wire.MethodPIN}},
		{access.Health{}, nil},
	} {
		if got := access.Offered(tt.health); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v", tt.health, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		h := access.Health{PIN: rapid.Bool().Draw(t, "pin"), Card: rapid.Bool().Draw(t, "card"), Face: rapid.Bool().Draw(t, "face")}
		if got := access.Offered(h); slices.Contains(got, wire.MethodFace) && len(got) < 2 {
			t.Fatalf("%+v: %v", h, got)
		}
	})
}

// M-10b: no delay stands in a PIN's way: a right one is tried once, whatever came before it, and costs one argon2id.
func TestM10b_TheOtherWayIsNotSlowedDown(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{}, time.Now)
	_, pin, err := b.Issue()
	if err != nil {
		t.Fatal(err)
	}
	digits := slices.Clone(pin.Digits())
	for range 3 {
		if _, r := b.Try(slices.Clone(digits)); r.Outcome != wire.Granted || r.Until != (time.Time{}) || r.TriesLeft != 0 {
			t.Errorf("%+v", r)
		}
	}
	if err := b.Sound(); err != nil {
		t.Error(err)
	}
}
