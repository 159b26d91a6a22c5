package consent_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

var child = birthday.Standing{Band: wire.AgeChild, Comes: noon.Truncate(time.Second).Add(100 * day)}

// M-7a and J-2c: for a minor only a guardian's own act counts, with relation and verifier, and its end is the coming of age.
func TestM7a_AGuardianAgreesForAMinor(t *testing.T) {
	r, n := opened(t)
	rec, err := r.Give(anna, n.Hash(), "zh", byMother(child), noon, true)
	if err != nil {
		t.Fatal(err)
	}
	g := rec.Guardian
	if g == nil || g.Who != mother.String() || g.Relation != "parent" || g.Verifier != "porter" || rec.Evidence != consent.ByGuardian {
		t.Errorf("%+v", rec)
	}
	if !rec.Until.Equal(child.Comes) {
		t.Errorf("it ends on %v, and she comes of age on %v", rec.Until, child.Comes)
	}
	if w := r.Wards(mother); !slices.Equal(w, []person.ID{anna}) {
		t.Errorf("the mother's wards: %v", w)
	}
}

func TestJ2c_NobodyElseAgreesForAMinor(t *testing.T) {
	r, n := opened(t)
	for name, tt := range map[string]struct {
		change func(*consent.Basis)
		want   error
	}{
		"the child alone, with a PIN": {func(b *consent.Basis) {
			*b = consent.Basis{Evidence: consent.ByPIN, Age: child}
		}, consent.ErrGuardian},
		"the child alone, on paper": {func(b *consent.Basis) {
			*b = consent.Basis{Evidence: consent.ByPaper, Age: child, Staff: "porter", Document: [32]byte{1}}
		}, consent.ErrGuardian},
		"somebody whose age nobody has noted": {func(b *consent.Basis) {
			*b = consent.Basis{Evidence: consent.ByPIN}
		}, consent.ErrAge},
		"the child as its own guardian":          {func(b *consent.Basis) { b.Guardian = anna }, consent.ErrNotFor},
		"a guardian who is nobody":               {func(b *consent.Basis) { b.Guardian = person.ID{} }, consent.ErrNotFor},
		"a guardian who is a minor":              {func(b *consent.Basis) { b.Adult = birthday.Standing{Band: wire.AgeMinor} }, consent.ErrNotFor},
		"a guardian of 16 who agrees alone":      {func(b *consent.Basis) { b.Adult = birthday.Standing{Band: wire.AgeMinor, Alone: true} }, consent.ErrNotFor},
		"a guardian whose age nobody has noted":  {func(b *consent.Basis) { b.Adult = birthday.Standing{} }, consent.ErrNotFor},
		"a guardian without a relation":          {func(b *consent.Basis) { b.Relation = wire.RelationNone }, consent.ErrNotFor},
		"a relation that nobody has seen":        {func(b *consent.Basis) { b.Staff = "" }, consent.ErrNotFor},
		"a guardian for a grown-up":              {func(b *consent.Basis) { b.Age = birthday.Grown() }, consent.ErrNotFor},
		"a guardian smuggled into one's own act": {func(b *consent.Basis) { b.Evidence, b.Age = consent.ByPIN, birthday.Grown() }, consent.ErrNotFor},
		"staff in place of the person":           {func(b *consent.Basis) { b.Evidence = consent.ByStaff }, nil},
	} {
		b := byMother(child)
		tt.change(&b)
		_, err := r.Give(anna, n.Hash(), "zh", b, noon, true)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(history(t, r, anna)) != 0 {
			t.Fatalf("%s: something was recorded", name)
		}
	}
}

// T-7: when the child comes of age the guardian's word is over, the device notes that it has to ask anew, and the grown
// child agrees alone.
func TestT7_AskedAnewWhenTheChildComesOfAge(t *testing.T) {
	r, n := opened(t)
	rec, err := r.Give(anna, n.Hash(), "zh", byMother(child), noon, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.InForce(anna, child.Comes.Add(-time.Millisecond)); !ok {
		t.Error("over before the day")
	}
	if _, ok := r.InForce(anna, child.Comes); ok {
		t.Error("in force on the day itself")
	}
	if due := maps.Collect(r.Due(child.Comes)); due[anna] != wire.ReasonExpired {
		t.Errorf("due: %v", due)
	}
	if _, err := r.Mark(anna, consent.Erased, child.Comes, true); err != nil {
		t.Fatal(err)
	}
	var states []consent.State
	for _, rec := range history(t, r, anna) {
		states = append(states, rec.State)
	}
	if !slices.Equal(states, []consent.State{consent.Given, consent.Expired, consent.Requested, consent.Erased}) {
		t.Errorf("the story is %v", states)
	}
	if r.State(anna) != wire.ConsentExpired || len(maps.Collect(r.Due(child.Comes))) > 0 {
		t.Errorf("she stands at %v", r.State(anna))
	}
	give(t, r, anna, n, child.Comes.Add(time.Hour))
	if again, ok := r.InForce(anna, child.Comes.Add(2*time.Hour)); !ok || again.Guardian != nil || again.Hash() == rec.Hash() {
		t.Errorf("her own consent: %+v", again)
	}
}

// A minor takes it back without the guardian, and the guardian without the minor.
func TestM6b_BothChildAndGuardianCanTakeItBack(t *testing.T) {
	for _, by := range []consent.Evidence{consent.ByPIN, consent.ByGuardian} {
		r, n := opened(t)
		if _, err := r.Give(anna, n.Hash(), "zh", byMother(child), noon, true); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Withdraw(anna, by, noon.Add(time.Hour), true); err != nil || r.State(anna) != wire.ConsentWithdrawn {
			t.Errorf("by %s: %v, %v", by, err, r.State(anna))
		}
		if len(r.Wards(mother)) != 0 {
			t.Error("still a ward")
		}
	}
}

// J-2c: where a paper was signed, its hash and who has seen it stand in the record.
func TestJ2c_APaperHasAHashAndAWitness(t *testing.T) {
	r, n := opened(t)
	paper := consent.Basis{Evidence: consent.ByPaper, Age: birthday.Grown(), Staff: "porter", Document: [32]byte{9}}
	for name, change := range map[string]func(*consent.Basis){
		"no hash":    func(b *consent.Basis) { b.Document = [32]byte{} },
		"no witness": func(b *consent.Basis) { b.Staff = "" },
	} {
		b := paper
		change(&b)
		if _, err := r.Give(anna, n.Hash(), "zh", b, noon, true); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	rec, err := r.Give(anna, n.Hash(), "zh", paper, noon, true)
	if err != nil || rec.Document != [32]byte{9} || rec.Attested != "porter" || rec.Evidence != consent.ByPaper {
		t.Errorf("%+v, %v", rec, err)
	}
}

// P-44: somebody may let their face rest; it is kept. What the staff have put to rest the person cannot wake.
func TestP44_AFaceRestsAndIsKept(t *testing.T) {
	r, n := opened(t)
	if _, err := r.Rest(anna, consent.ByPIN, "", noon, true); !errors.Is(err, consent.ErrNothing) {
		t.Errorf("nothing to rest: %v", err)
	}
	given := give(t, r, anna, n, noon)
	at := noon.Add(time.Hour)
	if _, err := r.Rest(anna, consent.ByPIN, "", at, false); err != nil {
		t.Fatal(err)
	}
	if s := r.Stands(anna, at); !s.Kept || s.Rests != wire.ReasonRestricted || s.Consent.Hash() != given.Hash() {
		t.Errorf("%+v", s)
	}
	if _, ok := r.InForce(anna, at); ok || len(maps.Collect(r.Due(at))) > 0 {
		t.Error("used, or to be erased")
	}
	if len(maps.Collect(r.Due(given.Until))) != 1 {
		t.Error("a rest is longer than the consent")
	}
	if _, err := r.Resume(anna, consent.ByPIN, "", at, true); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.InForce(anna, at); !ok {
		t.Error("it rests on")
	}
	if _, err := r.Resume(anna, consent.ByPIN, "", at, true); !errors.Is(err, consent.ErrNothing) {
		t.Errorf("twice: %v", err)
	}
	if _, err := r.Rest(anna, consent.ByStaff, "porter", at, true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(anna, consent.ByPIN, "", at, true); !errors.Is(err, consent.ErrStaff) {
		t.Errorf("the person woke it: %v", err)
	}
	if _, err := r.Give(anna, n.Hash(), "zh", own, at, true); !errors.Is(err, consent.ErrStaff) {
		t.Errorf("or agreed anew: %v", err)
	}
	if _, err := r.Withdraw(anna, consent.ByPIN, at, true); err != nil {
		t.Errorf("whoever rests can still withdraw: %v", err)
	}
}

// changed opens the register again, with another text under the next version number.
func changed(t *testing.T, dir string, n *notice.Notice, change func(*notice.Text)) (*consent.Register, *notice.Notice) {
	t.Helper()
	next := *n
	next.Version++
	next.Text = maps.Clone(n.Text)
	text := next.Text["en"]
	change(&text)
	next.Text["en"] = text
	r := open(t, dir, &next)
	t.Cleanup(func() { r.Close() })
	return r, &next
}

// M-5c: a new phone number lets faces rest until people have read it; the consent and the face stay.
func TestM5c_InformOnlyRestsUntilRead(t *testing.T) {
	dir, n := t.TempDir(), example(t)
	r := open(t, dir, n)
	given := give(t, r, anna, n, noon)
	r.Close()
	r, next := changed(t, dir, n, func(x *notice.Text) { x.Contact = "Front desk, phone 021-5550-0199" })
	at := noon.Add(day)
	if ended, err := r.Review(at, true); len(ended) > 0 || err != nil {
		t.Errorf("ended: %v, %v", ended, err)
	}
	if s := r.Stands(anna, at); !s.Kept || s.Rests != wire.ReasonNoticeChanged || len(maps.Collect(r.Due(at))) > 0 {
		t.Errorf("%+v", s)
	}
	if _, err := r.Inform(anna, n.Hash(), "en", at, true); !errors.Is(err, consent.ErrOldNotice) {
		t.Errorf("informed of the old text: %v", err)
	}
	if _, err := r.Inform(bert, next.Hash(), "en", at, true); !errors.Is(err, consent.ErrNothing) {
		t.Errorf("somebody who never agreed: %v", err)
	}
	if _, err := r.Inform(anna, next.Hash(), "en", at, true); err != nil {
		t.Fatal(err)
	}
	if c, ok := r.InForce(anna, at); !ok || c.Hash() != given.Hash() {
		t.Error("the consent did not go on")
	}
	r.Close()
	r, _ = changed(t, dir, next, func(x *notice.Text) { x.Contact = "Front desk, phone 021-5550-0177" })
	if s := r.Stands(anna, at); s.Rests != wire.ReasonNoticeChanged {
		t.Errorf("informed of one change, and of the next too: %+v", s)
	}
}

// M-5c and P-14b: what was agreed to has changed, so the consent is void, the face is due, and the device has to ask anew.
func TestP14b_AskAgainInvalidates(t *testing.T) {
	dir, n := t.TempDir(), example(t)
	r := open(t, dir, n)
	give(t, r, anna, n, noon)
	r.Close()
	r, next := changed(t, dir, n, func(x *notice.Text) { x.Purpose = "The door, and attendance." })
	at := noon.Add(day)
	if s := r.Stands(anna, at); s.Kept {
		t.Errorf("before the review: %+v", s)
	}
	if due := maps.Collect(r.Due(at)); due[anna] != wire.ReasonNoConsent {
		t.Errorf("due: %v", due)
	}
	if ended, err := r.Review(at, true); err != nil || !slices.Equal(ended, []person.ID{anna}) {
		t.Fatalf("%v, %v", ended, err)
	}
	all := history(t, r, anna)
	if len(all) != 3 || all[1].State != consent.Invalidated || all[2].State != consent.Requested || all[1].NoticeVersion != 1 || all[2].NoticeVersion != 2 {
		t.Errorf("%+v", all)
	}
	if _, err := r.Inform(anna, next.Hash(), "en", at, true); !errors.Is(err, consent.ErrNothing) {
		t.Errorf("reading it is no consent: %v", err)
	}
	if again, err := r.Review(at, true); len(again) > 0 || err != nil {
		t.Errorf("twice: %v, %v", again, err)
	}
}

// M-5c: another text under a version number that was used is refused, by its hash, and so is a number of before it.
func TestM5c_ANewPurposeUnderAnOldVersionNumberIsRefused(t *testing.T) {
	dir, n := t.TempDir(), example(t)
	open(t, dir, n).Close()
	sneaky := example(t)
	text := sneaky.Text["en"]
	text.Purpose += " And for attendance."
	sneaky.Text["en"] = text
	device := consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}
	for range 2 { // it is not remembered by being tried
		if _, err := consent.Open(dir, device, sneaky); !errors.Is(err, consent.ErrVersion) {
			t.Fatalf("%v", err)
		}
	}
	sneaky.Version = 5
	r, err := consent.Open(dir, device, sneaky)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	between := example(t)
	between.Version, between.RetentionDays = 3, 300
	if _, err := consent.Open(dir, device, between); !errors.Is(err, consent.ErrVersion) {
		t.Errorf("a number between two: %v", err)
	}
	back, err := consent.Open(dir, device, n) // the very text of before may come back: its number leads to it
	if err != nil {
		t.Fatal(err)
	}
	back.Close()
}

// J-11: whatever the caller asks for, no record is endless, irrevocable or for others: the type has no field for it, and
// what is written is checked as what is read.
func TestJ11_NoEndlessIrrevocableOrTransferableConsent(t *testing.T) {
	typ := reflect.TypeFor[consent.Record]()
	for i := range typ.NumField() {
		name := strings.ToLower(typ.Field(i).Name + typ.Field(i).Tag.Get("json"))
		for _, word := range []string{"irrevocable", "transfer", "sublicen", "also", "terms", "bundle"} {
			if strings.Contains(name, word) {
				t.Errorf("field %s", typ.Field(i).Name)
			}
		}
	}
	if b := reflect.TypeFor[consent.Basis](); b.NumField() == 0 {
		t.Error("no basis")
	} else {
		for i := range b.NumField() { // one item, and no list of them
			if k := b.Field(i).Type.Kind(); k == reflect.Slice || k == reflect.Map || k == reflect.Bool {
				t.Errorf("field %s could hold a second item, or a box to tick", b.Field(i).Name)
			}
		}
	}
	swap(t, `"retention_until":"2027`, `"retention_until":"9999`)
	swap(t, `"retention_until":"2027-11-22T04:00:00.123Z",`, ``)
	swap(t, `"separate":true`, `"irrevocable":true,"separate":true`)
	swap(t, `"separate":true`, `"separate":false`)
	swap(t, `"recipients":[]`, `"recipients":["cloud"]`)
	swap(t, `"withdrawal":"at-the-terminal"`, `"withdrawal":"none"`)
}

// Somebody with an editor for bbolt and no key can make the hashes fit, and is found by the signature.
func TestM9c_ARecordOfAnotherHandIsFound(t *testing.T) {
	r, n := opened(t)
	rec := give(t, r, anna, n, noon)
	if err := rec.Verify(publicKey(t, 1)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*consent.Record){
		"a later end":     func(r *consent.Record) { r.Until = r.Until.Add(day) },
		"another person":  func(r *consent.Record) { r.Person = bert },
		"another moment":  func(r *consent.Record) { r.At = r.At.Add(time.Second) },
		"no signature":    func(r *consent.Record) { clear(r.Sig[:]) },
		"another number":  func(r *consent.Record) { r.ID[0] ^= 1 },
		"another text":    func(r *consent.Record) { r.Notice[0] ^= 1 },
		"the first form":  func(r *consent.Record) { r.Schema = "edged-consent/1" },
		"a made-up rule":  func(r *consent.Record) { r.Rules = "2021-08-01" },
		"staff's own act": func(r *consent.Record) { r.Evidence = consent.ByStaff },
	} {
		forged := rec
		change(&forged)
		if err := forged.Verify(publicKey(t, 1)); err == nil {
			t.Errorf("%s: believed", name)
		}
		if resealed := consent.Seal(forged); name != "no signature" && name != "another number" {
			if err := resealed.Verify(publicKey(t, 1)); err == nil {
				t.Errorf("%s, with hashes that fit: believed", name)
			}
		}
	}
}

// The ground of each consent, the rule set and the impact assessment, stands in its record.
func TestM20_TheRuleSetStandsInTheRecord(t *testing.T) {
	n := example(t)
	r, err := consent.Open(t.TempDir(), consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1}),
		Ground: func() consent.Ground { return consent.Ground{Rules: "2025-06-01", PIA: "4f5a"} }}, n)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if rec := give(t, r, anna, n, noon); rec.Rules != "2025-06-01" || rec.PIA != "4f5a" {
		t.Errorf("%+v", rec)
	}
	if s := fmt.Sprintf("%+v", r); strings.Contains(s, "[1 0 0 0") {
		t.Error("the key is printed with the register")
	}
}

// Records of before there were signatures are read, and a new one follows them.
func TestARecordOfTheFirstFormIsRead(t *testing.T) {
	for _, form := range []string{
		`{"schema":"edged-consent/1","record_id":"ID","sequence":1,"person":"0a000000000000000000000000000000","device":"door-1","notice_hash":"` + strings.Repeat("ab", 32) +
			`","notice_version":1,"language":"zh","purpose":"door-entry","data":"face-template","recipients":[],"storage":"this-device","jurisdiction":"CN","legal_basis":"consent","withdrawal":"at-the-terminal","separate":true,"refusal_offered":true,"event_state":"given","event_time":"2026-11-22T04:00:00.123Z","event_time_trusted":true,"evidence":"pin","retention_until":"2027-11-22T04:00:00.123Z","prev_hash":"` + strings.Repeat("00", 32) + `"}`,
	} {
		blank, ok := consent.Scan([]byte(strings.Replace(form, "ID", strings.Repeat("00", 32), 1)))
		if !ok {
			t.Fatal("not read the fast way")
		}
		blank.Person = anna
		sealed := consent.Seal(blank)
		b := strings.Replace(form, "ID", fmt.Sprintf("%x", sealed.ID), 1)
		r, err := consent.Parse([]byte(b))
		if err != nil || r.State != consent.Given || r.Guardian != nil {
			t.Fatalf("%+v, %v", r, err)
		}
		if err := r.Verify(publicKey(t, 1)); err == nil {
			t.Error("it has no signature, and one was found")
		}
	}
}
