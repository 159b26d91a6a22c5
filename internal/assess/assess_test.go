package assess_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/assess/assesstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func door() room.Keeper {
	return room.Keeper{Device: "door-1", Site: "home", Declared: &site.Declaration{Place: "office", Area: "one metre before it"},
		Face: &room.Face{Model: "ab", Level: "default", Frames: 3, Keep: 365 * 24 * time.Hour, Live: .05, Margin: .05}}
}

var self = assess.Self{RetentionDays: 365, Encrypted: true, OtherWay: true, RoomsApart: true, Keys: wire.TierFile}

func signed(t *testing.T) *assess.Assessment {
	t.Helper()
	a, err := assess.Parse(assesstest.For(door(), now))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func rest(t *testing.T, a *assess.Assessment, k room.Keeper, s assess.Self, incident time.Time) string {
	t.Helper()
	what, do := a.Rest(now, assess.Of(k, "door-entry"), s, incident)
	if (what == "") != (do == "") {
		t.Errorf("half an answer: %q %q", what, do)
	}
	return what
}

func TestM9b_EachBlockIsNeededAndNoneCanBeBoilerplate(t *testing.T) {
	if wrong := assesstest.Form(365).Check(); len(wrong) > 0 {
		t.Fatalf("the whole form: %+v", wrong)
	}
	texts := 0
	for _, block := range []string{"Purpose", "Effect", "Risk", "Protection"} {
		for i := range reflect.ValueOf(assess.Form{}).FieldByName(block).NumField() {
			for _, hollow := range []string{"", "  \u200b ", "TBD", "n/a", "None.", "for security reasons", "待定待定待定待定待定待定", "aaaaaaaaaaaaaaaaaaaaaaaaa"} {
				f := assesstest.Form(365)
				reflect.ValueOf(&f).Elem().FieldByName(block).Field(i).SetString(hollow)
				if wrong := f.Check(); len(wrong) != 1 || !strings.HasPrefix(wrong[0].Field, strings.ToLower(block)+".") || wrong[0].Fix == "" {
					t.Errorf("%s, answer %d is %q: %+v", block, i, hollow, wrong)
				}
				if _, err := assess.Sign(f, assess.Bound{}, assess.Facts{}, "a", "b", now); err == nil {
					t.Errorf("%s, answer %d is %q, and it was signed", block, i, hollow)
				}
			}
			texts++
		}
	}
	if texts != 13 {
		t.Errorf("%d questions", texts)
	}
	f := assesstest.Form(365)
	f.Risk.Loss = f.Risk.Leak
	if wrong := f.Check(); len(wrong) != 1 || !strings.Contains(wrong[0].What, "risk.leak") {
		t.Errorf("one answer to two questions: %+v", wrong)
	}
}

func TestM9b_AClaimThatIsBetterThanTheTruthIsAConflict(t *testing.T) {
	if what := rest(t, signed(t), door(), self, time.Time{}); what != "" {
		t.Fatal(what)
	}
	for name, change := range map[string]func(s *assess.Self){
		"encryption is off":        func(s *assess.Self) { s.Encrypted = false },
		"kept longer":              func(s *assess.Self) { s.RetentionDays = 366 },
		"no other way in":          func(s *assess.Self) { s.OtherWay = false },
		"the rooms are not apart":  func(s *assess.Self) { s.RoomsApart = false },
		"a broker is told nothing": nil,
	} {
		a, s, k := signed(t), self, door()
		if change == nil { // it was claimed that nobody is told
			f := assesstest.Form(365)
			f.Claims.TellsABroker = false
			a, _ = assess.Sign(f, assess.Of(k, "door-entry"), assess.Facts{}, "desk", "staff", now)
			s.TellsABroker = true
		} else {
			change(&s)
		}
		if what := rest(t, a, k, s, time.Time{}); !strings.Contains(what, "contradict") {
			t.Errorf("%s: %q", name, what)
		}
	}
	f := assesstest.Form(365)
	f.Claims.Keys = "tpm"
	a, err := assess.Sign(f, assess.Of(door(), "door-entry"), assess.Facts{}, "desk", "staff", now)
	if err != nil {
		t.Fatal(err)
	}
	for tier, ok := range map[wire.Tier]bool{wire.TierFile: false, wire.TierPassphrase: false, wire.TierCredential: false, wire.TierTPM: true} {
		s := self
		s.Keys = tier
		if what := rest(t, a, door(), s, time.Time{}); (what == "") != ok {
			t.Errorf("a TPM is claimed and it is %s: %q", tier, what)
		}
	}
	for _, f := range []func(*assess.Claims){func(c *assess.Claims) { c.PicturesKept = true }, func(c *assess.Claims) { c.LeavesDevice = true },
		func(c *assess.Claims) { c.RetentionDays = 0 }, func(c *assess.Claims) { c.Keys = "vault" }} {
		form := assesstest.Form(365)
		f(&form.Claims)
		if len(form.Check()) != 1 {
			t.Errorf("%+v can be signed", form.Claims)
		}
	}
}

func TestM9e_AnotherPurposeWayModelOrThresholdIsAnotherDoor(t *testing.T) {
	changes := map[string]func(k *room.Keeper){
		"model":           func(k *room.Keeper) { k.Face.Model = "cd" },
		"level":           func(k *room.Keeper) { k.Face.Level = "strict" },
		"people":          func(k *room.Keeper) { k.Face.People = "mixed" },
		"tries_per_day":   func(k *room.Keeper) { k.Face.Tries = .01 },
		"years_per_error": func(k *room.Keeper) { k.Face.Years = .1 },
		"frames":          func(k *room.Keeper) { k.Face.Frames = 1 },
		"liveness":        func(k *room.Keeper) { k.Face.Live = .01 },
		"margin":          func(k *room.Keeper) { k.Face.Margin = 0 },
		"unjudged":        func(k *room.Keeper) { k.Face.Unjudged = true },
		"keep_days":       func(k *room.Keeper) { k.Face.Keep = 364 * 24 * time.Hour },
		"inactive":        func(k *room.Keeper) { k.Face.Inactive = time.Hour },
		"max_age":         func(k *room.Keeper) { k.Face.Age = time.Hour },
		"place":           func(k *room.Keeper) { k.Declared.Place = "school" },
		"public":          func(k *room.Keeper) { k.Declared.Public = true },
		"area":            func(k *room.Keeper) { k.Declared.Area = "the whole street" },
	}
	for name, change := range changes {
		k := door()
		change(&k)
		if what := rest(t, signed(t), k, self, time.Time{}); !strings.Contains(what, name+" was ") {
			t.Errorf("%s has changed: %q", name, what)
		}
	}
	if what, _ := signed(t).Rest(now, assess.Of(door(), "attendance"), self, time.Time{}); !strings.Contains(what, "purpose was door-entry and is attendance") {
		t.Errorf("another purpose: %q", what)
	}
	// Every field of what it is bound to is tried above, but for the door's own name and the way of this release.
	if n := reflect.TypeFor[assess.Bound]().NumField(); n != len(changes)+4 {
		t.Errorf("%d fields, %d changes", n, len(changes))
	}
}

func TestM9e_AnIncidentVoidsWhatWasSignedBefore(t *testing.T) {
	for after, ok := range map[time.Duration]bool{-time.Hour: true, 0: false, time.Hour: false} {
		if what := rest(t, signed(t), door(), self, now.Add(after)); (what == "") != ok {
			t.Errorf("an incident %s after it was signed: %q", after, what)
		}
	}
}

func TestM4b_AnotherSitesAssessmentIsRefused(t *testing.T) {
	for name, change := range map[string]func(k *room.Keeper){"device": func(k *room.Keeper) { k.Device = "door-2" }, "site": func(k *room.Keeper) { k.Site = "school" }} {
		k := door()
		change(&k)
		if what := rest(t, signed(t), k, self, time.Time{}); !strings.Contains(what, "another door") {
			t.Errorf("another %s: %q", name, what)
		}
	}
	// Nor does it help to write the other door's name into it.
	a := signed(t)
	a.Bound.Device = "door-2"
	k := door()
	k.Device = "door-2"
	if what := rest(t, a, k, self, time.Time{}); !strings.Contains(what, "changed after it was signed") {
		t.Errorf("renamed: %q", what)
	}
}

func TestM9a_WithoutASignatureNothingHolds(t *testing.T) {
	var none *assess.Assessment
	if what := rest(t, none, door(), self, time.Time{}); !strings.Contains(what, "no signed impact assessment") {
		t.Errorf("none: %q", what)
	}
	for name, change := range map[string]func(a *assess.Assessment){
		"a word of the form": func(a *assess.Assessment) { a.Form.Risk.Leak += "!" },
		"a fact":             func(a *assess.Assessment) { a.Facts.Threshold = .1 },
		"the name":           func(a *assess.Assessment) { a.Signed.Name = "somebody else" },
		"the date":           func(a *assess.Assessment) { a.Signed.At = a.Signed.At.AddDate(-1, 0, 0) },
		"the seal":           func(a *assess.Assessment) { a.Signed.Seal = "" },
	} {
		a := signed(t)
		change(a)
		if what := rest(t, a, door(), self, time.Time{}); !strings.Contains(what, "changed after it was signed") {
			t.Errorf("%s was changed: %q", name, what)
		}
	}
	for _, who := range [][2]string{{"", "post"}, {"name", ""}} {
		if _, err := assess.Sign(assesstest.Form(365), assess.Bound{}, assess.Facts{}, who[0], who[1], now); err == nil {
			t.Errorf("%q signed", who)
		}
	}
	late, err := assess.Sign(assesstest.Form(365), assess.Of(door(), "door-entry"), assess.Facts{}, "desk", "staff", now.Add(48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if what := rest(t, late, door(), self, time.Time{}); !strings.Contains(what, "in the future") {
		t.Errorf("signed in two days: %q", what)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(assesstest.For(door(), now))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := assess.Parse(b)
		if err != nil {
			return
		}
		again, err := assess.Parse(a.Canonical())
		if err != nil || again.Hash() != a.Hash() {
			t.Errorf("it reads back otherwise: %v", err)
		}
		a.Rest(now, assess.Of(door(), "door-entry"), self, time.Time{})
	})
}

func TestAnAssessmentIsReadStrictly(t *testing.T) {
	good := assesstest.For(door(), now)
	var m map[string]any
	if err := json.Unmarshal(good, &m); err != nil {
		t.Fatal(err)
	}
	m["approved"] = true
	odd, _ := json.Marshal(m)
	for name, bad := range map[string][]byte{"an unknown field": odd, "nothing": nil, "two": append(good, good...), "too long": make([]byte, 1<<20)} {
		if _, err := assess.Parse(bad); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
