package dossier_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/configs"
	"example.org/edged/internal/assess"
	"example.org/edged/internal/assess/assesstest"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/calendar"
	"example.org/edged/internal/dossier"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"

	"github.com/goccy/go-yaml"
)

// An office is a device with a log, an assessment and a notice.
type office struct {
	t      *testing.T
	dir    string
	log    *audit.Log
	at     time.Time
	pia    *assess.Assessment
	notice *notice.Notice
}

func open(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	l, err := audit.Open(dir, "edged/door-1", [32]byte{7}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	n := new(notice.Notice)
	if err := yaml.Unmarshal(configs.Notice, n); err != nil {
		t.Fatal(err)
	}
	a, err := assess.Parse(assesstest.For(room.Keeper{Device: "door-1", Site: "home", Face: &room.Face{Keep: 24 * time.Hour}}, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return &office{t, dir, l, time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC), a, n}
}

func (o *office) write(e audit.Entry) uint64 {
	o.t.Helper()
	o.at = o.at.Add(time.Minute)
	e.At, e.Trusted = o.at.UnixMilli(), true
	i, err := o.log.Append(e)
	if err != nil {
		o.t.Fatal(err)
	}
	return i
}

func (o *office) assessed() {
	o.write(audit.Entry{Kind: wire.KindAssessed, Commit: audit.Hash(o.pia.Hash())})
}

func (o *office) common() dossier.Common {
	var b json.RawMessage
	if err := json.Unmarshal(o.pia.Canonical(), &b); err != nil {
		o.t.Fatal(err)
	}
	return dossier.Common{Device: "door-1", Declared: site.Declaration{Place: "office"}, Notice: o.notice.Canonical(), Assessment: b}
}

var ada, bob = wire.Pseudonym{0xad, 0xaa}, wire.Pseudonym{0xb0, 0xbb}

// live enrols somebody, with or without a consent, and lets them pass.
func (o *office) live(who wire.Pseudonym, agreed bool) {
	consent := audit.Hash{who[0], 9}
	if agreed {
		o.write(audit.Entry{Kind: wire.KindConsentGiven, Who: who, Consent: consent, Notice: audit.Hash(o.notice.Hash())})
	}
	o.write(audit.Entry{Kind: wire.KindEnrolled, Who: who, Consent: consent, Until: o.at.AddDate(1, 0, 0).Unix()})
	o.write(audit.Entry{Kind: wire.KindDecision, Who: who, Method: wire.MethodFace, Outcome: wire.Granted})
}

func (o *office) evidence(who wire.Pseudonym, vouch bool) dossier.Evidence {
	o.t.Helper()
	v := dossier.Evidence{Common: o.common(), Who: who}
	if vouch {
		n := uint64(0)
		for range o.log.Backwards(audit.Query{Who: who}) {
			n++
		}
		i := o.write(audit.Entry{Kind: wire.KindEvidence, Who: who, Count: n})
		v.Vouch = &i
	}
	if err := v.Gather(o.dir); err != nil {
		o.t.Fatal(err)
	}
	return v
}

func pack(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (o *office) answers(v dossier.Evidence) map[string]dossier.Answer {
	o.t.Helper()
	all, err := dossier.CheckEvidence(pack(o.t, v), o.log.PublicKey())
	if err != nil {
		o.t.Fatal(err)
	}
	by := map[string]dossier.Answer{}
	for _, a := range all {
		by[a.Asks] = a
	}
	return by
}

const (
	whole, minor, told, needed, became = "whether these are all lines about this person", "whether the person was a minor", "how the person was told and agreed", "how necessary it was", "what became of the face"
)

func TestJ3_EvidenceAnswersTheCourtsQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		live   func(o *office)
		proved []string
		not    []string
		says   map[string]string
	}{
		"an adult": {func(o *office) {
			o.assessed()
			o.write(audit.Entry{Kind: wire.KindAgeNoted, Who: ada})
			o.live(ada, true)
		}, []string{whole, minor, told, needed, became}, nil, map[string]string{told: "agreed on 2026-01-05", minor: "they agreed for themselves", became: "stored, until"}},
		"a child": {func(o *office) {
			o.assessed()
			o.write(audit.Entry{Kind: wire.KindAgeNoted, Who: ada})
			o.write(audit.Entry{Kind: wire.KindConsentGiven, Reason: wire.ReasonGuardian, Who: ada, Consent: audit.Hash{ada[0], 9}, Notice: audit.Hash(o.notice.Hash())})
			o.live(ada, false)
		}, []string{whole, minor, told, needed, became}, nil, map[string]string{minor: "their guardian agreed on"}},
		"an age that was noted afterwards": {func(o *office) {
			o.assessed()
			o.live(ada, true)
			o.write(audit.Entry{Kind: wire.KindAgeNoted, Who: ada})
		}, []string{whole, told, needed, became}, []string{minor}, nil},
		"somebody who withdrew": {func(o *office) {
			o.assessed()
			o.live(ada, true)
			o.write(audit.Entry{Kind: wire.KindWithdrawn, Who: ada})
			o.write(audit.Entry{Kind: wire.KindErased, Who: ada, Reason: wire.ReasonWithdrawn, Tier: wire.TierTPM})
		}, []string{whole, told, needed, became}, []string{minor}, map[string]string{became: "erased on 2026-01-05 (withdrawn)"}},
		"a face that should have gone": {func(o *office) {
			o.assessed()
			o.live(ada, true)
			o.write(audit.Entry{Kind: wire.KindWithdrawn, Who: ada})
		}, []string{whole, told, needed}, []string{minor, became}, nil},
		"a face without a consent": {func(o *office) { o.assessed(); o.live(ada, false) }, []string{whole, needed, became}, []string{minor, told}, nil},
		"assessed afterwards":      {func(o *office) { o.live(ada, true); o.assessed() }, []string{whole, told, became}, []string{minor, needed}, nil},
		"never assessed":           {func(o *office) { o.live(ada, true) }, []string{whole, told, became}, []string{minor, needed}, nil},
		"a PIN only": {func(o *office) {
			o.assessed()
			o.write(audit.Entry{Kind: wire.KindDecision, Who: ada, Method: wire.MethodPIN, Outcome: wire.Granted})
		}, []string{whole, told, needed, became}, []string{minor}, map[string]string{told: "no face of theirs was ever stored"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.live(bob, true)
			c.live(o)
			v := o.evidence(ada, true)
			if strings.Contains(string(pack(t, v)), "b0bb0000") {
				t.Error("it speaks of somebody else")
			}
			by := o.answers(v)
			for _, asks := range c.proved {
				if !by[asks].Proved {
					t.Errorf("%s: %s", asks, by[asks].Says)
				}
			}
			for _, asks := range c.not {
				if by[asks].Proved || !strings.HasPrefix(by[asks].Says, "cannot be proved") {
					t.Errorf("%s is proved: %s", asks, by[asks].Says)
				}
			}
			for asks, says := range c.says {
				if !strings.Contains(by[asks].Says, says) {
					t.Errorf("%s: %s", asks, by[asks].Says)
				}
			}
		})
	}
}

func TestJ6_ALineThatIsMissingIsShownAndNeverGreen(t *testing.T) {
	o := open(t)
	o.assessed()
	o.live(ada, true)
	v := o.evidence(ada, true)
	if !o.answers(v)[whole].Proved {
		t.Fatal("whole evidence is not")
	}
	for i := range v.Log.Lines {
		less := v
		less.Log.Lines = append(append([]audit.ExtractedLine(nil), v.Log.Lines[:i]...), v.Log.Lines[i+1:]...)
		bad := 0
		for _, asks := range []string{whole, told, needed, became} {
			if a := o.answers(less)[asks]; !a.Proved && strings.HasPrefix(a.Says, "cannot be proved") {
				bad++
			}
		}
		if bad == 0 {
			t.Errorf("line %d was left out and everything is proved", v.Log.Lines[i].Index)
		}
	}
	if a := o.answers(o.evidence(ada, false))[whole]; a.Proved {
		t.Error("nobody vouched, and it is whole")
	}
	other := o.evidence(ada, true)
	other.Notice = []byte(strings.Replace(string(o.notice.Canonical()), "12377", "12378", 1))
	if a := o.answers(other)[told]; a.Proved {
		t.Error("another notice is the one that was agreed to")
	}
}

func TestJ6_ForgedEvidenceDoesNotVerify(t *testing.T) {
	o := open(t)
	o.assessed()
	o.live(ada, true)
	v := o.evidence(ada, true)
	good := pack(t, v)
	key := o.log.PublicKey()
	other, err := audit.Open(t.TempDir(), "edged/door-1", [32]byte{8}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := dossier.CheckEvidence(good, other.PublicKey()); err == nil {
		t.Error("another device's key verifies it")
	}
	for name, edit := range map[string]func(s string) string{
		"an outcome":         func(s string) string { return strings.Replace(s, `"granted"`, `"denied"`, 1) },
		"a time":             func(s string) string { return strings.Replace(s, `"at": 17`, `"at": 16`, 1) },
		"a number of a line": func(s string) string { return strings.Replace(s, `"index": 2`, `"index": 9`, 1) },
		"the head":           func(s string) string { return strings.Replace(s, `edged/door-1\n`, `edged/door-2\n`, 1) },
		"an unknown field":   func(s string) string { return strings.Replace(s, `"schema"`, `"approved": true, "schema"`, 1) },
		"another version":    func(s string) string { return strings.Replace(s, `"schema": 1`, `"schema": 2`, 1) },
		"cut off":            func(s string) string { return s[:len(s)/2] },
	} {
		bad := edit(string(good))
		if bad == string(good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := dossier.CheckEvidence([]byte(bad), key); err == nil {
			t.Errorf("%s was changed, and it verifies", name)
		}
	}
}

func (o *office) filing(last dossier.Filed) (dossier.Filing, error) {
	f := dossier.Filing{Common: o.common(), Handler: dossier.Handler{Name: "a", Contact: "b"}, Purpose: "door-entry", Way: assess.Way, Protection: []string{"c"}}
	f.Kind = "filing"
	return f, f.Complete(o.dir, calendar.Known(), last)
}

func TestM15b_AFilingHasItsFivePartsOrIsNotBuilt(t *testing.T) {
	o := open(t)
	o.write(audit.Entry{Kind: wire.KindConfigured, Commit: audit.Hash{1}})
	o.assessed()
	o.write(audit.Entry{Kind: wire.KindCounted, Count: 100_000, Head: 100_000, Reason: wire.ReasonReached})
	o.write(audit.Entry{Kind: wire.KindCounted, Count: 100_000, Head: 99_999, Reason: wire.ReasonReached})
	o.live(ada, true)
	f, err := o.filing(dossier.Filed{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Due != "2026-02-14" || f.Reached != "2026-01-05" || f.Now != 99_999 || f.HighMark != 100_000 {
		t.Errorf("%+v", f)
	}
	b := pack(t, f)
	if strings.Contains(string(b), "adaa0000") {
		t.Error("it names a person")
	}
	check := func(b []byte) ([]dossier.Answer, error) {
		return dossier.CheckFiling(b, o.log.PublicKey(), calendar.Known())
	}
	answers, err := check(b)
	if err != nil || len(answers) != 3 {
		t.Fatalf("%v %v", answers, err)
	}
	for _, a := range answers {
		if !a.Proved {
			t.Errorf("%s: %s", a.Asks, a.Says)
		}
	}
	for name, without := range map[string]func(f *dossier.Filing){
		"handler": func(f *dossier.Filing) { f.Handler = dossier.Handler{} }, "contact": func(f *dossier.Filing) { f.Handler.Contact = "" },
		"purpose": func(f *dossier.Filing) { f.Purpose = "" }, "protection": func(f *dossier.Filing) { f.Protection = nil },
		"rules": func(f *dossier.Filing) { f.Notice = nil }, "assessment": func(f *dossier.Filing) { f.Assessment = nil },
	} {
		g := f
		without(&g)
		if err := g.Complete(o.dir, calendar.Known(), dossier.Filed{}); err == nil {
			t.Errorf("built without %s", name)
		}
		if _, err := check(pack(t, g)); err == nil {
			t.Errorf("verifies without %s", name)
		}
	}
	for name, lie := range map[string]func(f *dossier.Filing){
		"fewer people": func(f *dossier.Filing) { f.HighMark = 99_999 }, "more time": func(f *dossier.Filing) { f.Due = "2026-03-14" },
		"another day": func(f *dossier.Filing) { f.Reached = "2026-02-05" },
		"another assessment": func(f *dossier.Filing) {
			f.Assessment = []byte(strings.Replace(string(f.Assessment), "desk", "boss", 1))
		},
	} {
		g := f
		lie(&g)
		answers, err := check(pack(t, g))
		bad := err != nil
		for _, a := range answers {
			bad = bad || !a.Proved
		}
		if !bad {
			t.Errorf("%s: it verifies", name)
		}
	}
}

func TestM15c_AChangeIsCountedAlsoWhenItIsTakenBack(t *testing.T) {
	o := open(t)
	o.assessed()
	o.write(audit.Entry{Kind: wire.KindCounted, Count: 5, Head: 5})
	o.write(audit.Entry{Kind: wire.KindConfigured, Commit: audit.Hash{1}})
	filed := o.at.Add(time.Second)
	o.write(audit.Entry{Kind: wire.KindConfigured, Commit: audit.Hash{2}}) // renamed
	o.write(audit.Entry{Kind: wire.KindConfigured, Commit: audit.Hash{1}}) // and back
	f, err := o.filing(dossier.Filed{Number: "7", On: filed})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Changes) != 2 || f.Changes[0] != (dossier.Change{At: "2026-01-05", Due: "2026-02-14"}) || f.Receipt != "7" || f.Due != "" {
		t.Errorf("%+v", f)
	}
	if f, _ := o.filing(dossier.Filed{}); len(f.Changes) != 0 {
		t.Errorf("nothing was filed, and there are changes of it: %+v", f.Changes)
	}
}

func TestM15d_WhoStopsCancelsWithTheCertificate(t *testing.T) {
	o := open(t)
	o.assessed()
	o.write(audit.Entry{Kind: wire.KindCounted, Count: 5, Head: 0})
	o.write(audit.Entry{Kind: wire.KindLeft, Reason: wire.ReasonLeaving})
	if f, err := o.filing(dossier.Filed{}); err == nil {
		t.Errorf("cancelled without a certificate: %+v", f.Kind)
	}
	signed, err := o.log.Certify(audit.CertificateTitle + "\nfaces erased 5 left 0\n")
	if err != nil {
		t.Fatal(err)
	}
	f := dossier.Filing{Common: o.common(), Certified: string(signed)}
	if err := f.Complete(o.dir, calendar.Known(), dossier.Filed{}); err != nil {
		t.Fatal(err)
	}
	if f.Kind != "cancellation" || f.Due != "2026-02-14" {
		t.Errorf("%+v", f)
	}
	if answers, err := dossier.CheckFiling(pack(t, f), o.log.PublicKey(), calendar.Known()); err != nil || len(answers) != 4 {
		t.Errorf("%v %v", answers, err)
	}
	f.Certified = strings.Replace(f.Certified, "left 0", "left 1", 1)
	if _, err := dossier.CheckFiling(pack(t, f), o.log.PublicKey(), calendar.Known()); err == nil {
		t.Error("a changed certificate verifies")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"schema":1,"kind":"evidence"}`))
	f.Add([]byte(`{"schema":1,"kind":"filing","log":{"head":"x","lines":[{}]}}`))
	key := "edged/door-1+00000000+AQ=="
	f.Fuzz(func(t *testing.T, b []byte) {
		dossier.Kind(b)
		if _, err := dossier.CheckEvidence(b, key); err == nil {
			t.Error("evidence by nobody")
		}
		if _, err := dossier.CheckFiling(b, key, calendar.Known()); err == nil {
			t.Error("a filing by nobody")
		}
	})
}

func TestTheLogIsTakenAsItIs(t *testing.T) {
	o := open(t)
	for range 100 { // over more than one bundle
		o.live(ada, true)
	}
	v := o.evidence(ada, true)
	if len(v.Log.Lines) != 301 || !o.answers(v)[whole].Proved {
		t.Errorf("%d lines", len(v.Log.Lines))
	}
	b, err := os.ReadFile(filepath.Join(o.dir, "tile", "entries", "001"))
	if err != nil {
		t.Fatal(err)
	}
	b[100] ^= 1
	if err := os.WriteFile(filepath.Join(o.dir, "tile", "entries", "001"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&dossier.Evidence{Common: o.common(), Who: ada}).Gather(o.dir); err == nil {
		t.Error("taken from a damaged log")
	}
	if err := (&dossier.Evidence{Common: o.common(), Who: wire.Pseudonym{99}}).Gather(t.TempDir()); err == nil {
		t.Error("taken from no log")
	}
}
