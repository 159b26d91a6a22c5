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
	s := &wire.Sighting{CapturedAt: int64(time.Hour), Verdict: wire.Good, Enrol: wire.Good, Model: [32]byte{7}, Live: live}
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
	if s.Take(first) != enrol.Taken || s.Take(sighting(0.9)) != enrol.Done {
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

func begin(t *testing.T, frames int) *enrol.Session {
	t.Helper()
	r := rules()
	r.Frames = frames
	a := arena(t)
	s, err := enrol.Begin(r, a, match.NewGallery(a), resident, given(resident), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnlyWhatATemplateMayBeMadeOfIsTaken(t *testing.T) {
	s := begin(t, 1)
	for v := range wire.Uneven + 1 {
		w := sighting(.9)
		if w.Enrol = v; v != wire.Good && s.Take(w) != enrol.Passed {
			t.Errorf("%s was taken", v)
		}
	}
	if s.Take(sighting(.9)) != enrol.Done {
		t.Error("a good one was not taken")
	}
}

// Eyes are compared with the same person's other frames and with nobody else's.
func TestEyes(t *testing.T) {
	for _, c := range []struct {
		name string
		open []float32
		want []enrol.Step
		left int
	}{
		{"narrow eyes are open eyes", []float32{.09, .08, .1, .07}, []enrol.Step{enrol.Taken, enrol.Taken, enrol.Taken, enrol.Done}, 4},
		{"eyes that the landmarks do not see", []float32{0, 0, 0, 0}, []enrol.Step{enrol.Taken, enrol.Taken, enrol.Taken, enrol.Done}, 4},
		{"a blink", []float32{.3, .1, .3}, []enrol.Step{enrol.Taken, enrol.EyesShut, enrol.Taken}, 2},
		{"a blink comes first", []float32{.1, .3, .3}, []enrol.Step{enrol.Taken, enrol.Taken, enrol.Taken}, 2},
		{"a blink comes last but one", []float32{.1, .1, .1, .3}, []enrol.Step{enrol.Taken, enrol.Taken, enrol.Taken, enrol.Taken}, 1},
	} {
		s := begin(t, 4)
		for i, open := range c.open {
			w := sighting(.9)
			w.Openness = open
			if got := s.Take(w); got != c.want[i] {
				t.Errorf("%s: frame %d: %v, want %v", c.name, i, got, c.want[i])
			}
		}
		if n, _ := s.Taken(); n != c.left {
			t.Errorf("%s: %d frames are kept, not %d", c.name, n, c.left)
		}
	}
}

// A face that is stored for somebody else is found also behind one's own older one, and is stored only for twins who
// both always show a second sign.
func TestAFaceUnderTwoNamesIsFound(t *testing.T) {
	other := person.ID{2}
	for _, c := range []struct {
		name  string
		held  []person.ID
		twins func(a, b person.ID) bool
		want  error
		alike int
	}{
		{"of nobody else", nil, nil, nil, 0},
		{"one's own older one", []person.ID{resident}, nil, nil, 0},
		{"somebody else's", []person.ID{other}, nil, enrol.ErrAnother, 1},
		{"somebody else's behind one's own", []person.ID{resident, other}, nil, enrol.ErrAnother, 1},
		{"of a twin", []person.ID{other}, func(a, b person.ID) bool { return a == resident && b == other }, nil, 1},
		{"of a twin and a third", []person.ID{other, {3}}, func(a, b person.ID) bool { return b == other }, enrol.ErrAnother, 2},
	} {
		a := arena(t)
		g := match.NewGallery(a)
		for _, p := range c.held {
			w := sighting(.9)
			h, err := a.Put(&w.Feature)
			if err == nil {
				err = g.Put(p, h, time.Now().Add(time.Hour))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		r := rules()
		r.Twins = c.twins
		s, err := enrol.Begin(r, a, g, resident, given(resident), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		s.Take(sighting(.9))
		s.Take(sighting(.9))
		if _, _, err := s.Finish(time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := s.Alike(); len(got) != c.alike {
			t.Errorf("%s: alike %v", c.name, got)
		}
	}
}
