package enrol_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/match"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

var resident = person.ID{1}

func rules() enrol.Rules {
	return enrol.Rules{Model: [32]byte{7}, Purpose: "door-entry", Frames: 2, Live: 0.5, Same: 0.55, Within: time.Minute,
		Unique: func() float32 { return 0.6 }}
}

func given(p person.ID) consent.Record {
	return consent.Record{Person: p, State: consent.Given, Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func arena(t *testing.T) *template.Arena {
	t.Helper()
	a, err := template.NewArena(8, [32]byte{9}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func sighting(live float32) *wire.Sighting {
	s := &wire.Sighting{CapturedAt: int64(time.Hour), Verdict: wire.Good, Model: [32]byte{7}, Live: live}
	from := rand.New(rand.NewPCG(1, 1))
	for i := range s.Feature {
		s.Feature[i] = float32(from.NormFloat64())
	}
	return s
}

func TestNothingBeginsWithoutTheConsentOfThatPerson(t *testing.T) {
	a := arena(t)
	for name, r := range map[string]consent.Record{
		"none":                 {},
		"refused":              {Person: resident, State: consent.Refused},
		"withdrawn":            {Person: resident, State: consent.Withdrawn},
		"of somebody else":     given(person.ID{2}),
		"expired":              {Person: resident, State: consent.Expired},
		"of nobody, but given": given(person.ID{}),
	} {
		if _, err := enrol.Begin(rules(), a, match.NewGallery(a), resident, r, time.Hour); !errors.Is(err, enrol.ErrStaleAct) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATemplateCarriesItsConsent(t *testing.T) {
	a := arena(t)
	c := given(resident)
	s, err := enrol.Begin(rules(), a, match.NewGallery(a), resident, c, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	first := sighting(0.9)
	if s.Take(first) || !s.Take(sighting(0.9)) {
		t.Fatal("two frames were asked for")
	}
	if first.Feature != [wire.FeatureLen]float32{} {
		t.Error("the feature is still in the sighting")
	}
	label, made, err := s.Finish(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if label.Person != resident || label.Consent != c.Hash() || label.Expiry != c.Until || label.Purpose != "door-entry" || label.Model != [32]byte{7} {
		t.Errorf("%+v", label)
	}
	s.Close()
	s.Close()
	if n, _ := s.Taken(); n != 0 || a.Cosine(made, made) < 0.99 {
		t.Error("closing the session must wipe what was taken, and not the template")
	}
}

// What one lively frame brings in must not make up for photographs before it.
func TestLivenessIsOverAllFrames(t *testing.T) {
	a := arena(t)
	s, err := enrol.Begin(rules(), a, match.NewGallery(a), resident, given(resident), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.Take(sighting(0.01))
	s.Take(sighting(0.9))
	if _, _, err := s.Finish(time.Now()); !errors.Is(err, enrol.ErrNotJudged) {
		t.Errorf("%v", err)
	}
}

func TestASessionIsLateOnceItsTimeIsOver(t *testing.T) {
	a := arena(t)
	s, err := enrol.Begin(rules(), a, match.NewGallery(a), resident, given(resident), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if s.Late(time.Hour+time.Minute) || !s.Late(time.Hour+time.Minute+1) {
		t.Error("a minute is a minute")
	}
}
