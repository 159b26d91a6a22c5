package consent_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

const day = 24 * time.Hour

// own is the act of a grown-up with their PIN.
var own = consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown()}

var (
	anna = person.ID{0xa}
	bert = person.ID{0xb}
	noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.FixedZone("", 8*3600))
)

func example(t rapid.TB) *notice.Notice {
	t.Helper()
	b, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := new(notice.Notice)
	if err := yaml.Unmarshal(b, n); err != nil {
		t.Fatal(err)
	}
	return n
}

func open(t rapid.TB, dir string, n *notice.Notice) *consent.Register {
	t.Helper()
	r, err := consent.Open(dir, consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func opened(t *testing.T) (*consent.Register, *notice.Notice) {
	n := example(t)
	r := open(t, t.TempDir(), n)
	t.Cleanup(func() { r.Close() })
	return r, n
}

func give(t rapid.TB, r *consent.Register, p person.ID, n *notice.Notice, at time.Time) consent.Record {
	t.Helper()
	rec, err := r.Give(p, n.Hash(), "zh", own, at, true)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func history(t rapid.TB, r *consent.Register, p person.ID) []consent.Record {
	t.Helper()
	all, err := r.History(p)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestM6a_OneActOnePurposeWithAnEnd(t *testing.T) {
	r, n := opened(t)
	rec := give(t, r, anna, n, noon)
	if rec.Purpose != notice.DoorEntry || rec.Data != notice.FaceTemplate || len(rec.Recipients) != 0 || !rec.Separate ||
		!rec.RefusalOffered || rec.Language != "zh" || rec.Evidence != consent.ByPIN || rec.Device != "door-1" || rec.NoticeVersion != 1 {
		t.Errorf("%+v", rec)
	}
	if want := noon.Truncate(time.Millisecond).Add(365 * day); !rec.Until.Equal(want) {
		t.Errorf("ends %v, want %v", rec.Until, want)
	}
	for at, want := range map[time.Time]bool{
		noon: true, noon.Add(365*day - time.Second): true, rec.Until: false, noon.Add(365 * day): false,
		noon.Add(-time.Second): false, noon.AddDate(50, 0, 0): false,
	} {
		if got, ok := r.InForce(anna, at); ok != want || ok && got.Hash() != rec.Hash() {
			t.Errorf("in force at %v: %v", at, ok)
		}
	}
	if _, ok := r.InForce(bert, noon); ok {
		t.Error("somebody who never agreed has agreed")
	}
}

func TestM5a_M6a_WhatIsNoConsent(t *testing.T) {
	r, n := opened(t)
	old := *n
	old.Version, old.RetentionDays = 2, 364
	tests := []struct {
		name    string
		who     person.ID
		notice  [32]byte
		lang    string
		on      consent.Basis
		trusted bool
		want    error
	}{
		{"to a notice of another version", anna, old.Hash(), "zh", own, true, consent.ErrOldNotice},
		{"to no notice at all", anna, [32]byte{}, "zh", own, true, consent.ErrOldNotice},
		{"at a time that nobody trusts", anna, n.Hash(), "zh", own, false, consent.ErrClock},
		{"in a language that the notice does not have", anna, n.Hash(), "fr", own, true, nil},
		{"by a touch alone", anna, n.Hash(), "zh", consent.Basis{Evidence: consent.ByNobody, Age: birthday.Grown()}, true, nil},
		{"by no sign at all", anna, n.Hash(), "zh", consent.Basis{Age: birthday.Grown()}, true, nil},
		{"of nobody", person.ID{}, n.Hash(), "zh", own, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.Give(tt.who, tt.notice, tt.lang, tt.on, noon, tt.trusted)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v", err)
			}
			if _, ok := r.InForce(tt.who, noon); ok || len(history(t, r, tt.who)) != 0 {
				t.Error("something was recorded")
			}
		})
	}
}

// J-5: public health, public safety, news and the like are no basis that a register takes, whoever noted it and however
// grown up the person is; the person's own act is.
func TestJ5_NothingStandsInForTheirOwnAct(t *testing.T) {
	r, n := opened(t)
	for _, e := range []consent.Evidence{"emergency", "public-safety", "public-health", "news", "law", "contract", "staff"} {
		if _, err := r.Give(anna, n.Hash(), "zh", consent.Basis{Evidence: e, Age: birthday.Grown()}, noon, true); err == nil {
			t.Errorf("%s is taken", e)
		}
		if _, ok := r.InForce(anna, noon); ok || len(history(t, r, anna)) != 0 {
			t.Errorf("%s left a record", e)
		}
	}
	give(t, r, anna, n, noon)
	if _, ok := r.InForce(anna, noon); !ok {
		t.Error("their own act is none")
	}
}

// Whoever is here for some hours agrees for no longer, whatever the notice allows everybody else.
func TestM8c_AConsentEndsWithTheStay(t *testing.T) {
	r, n := opened(t)
	agree := func(p person.ID, end time.Time) (consent.Record, error) {
		return r.Give(p, n.Hash(), "zh", consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown(), End: end}, noon, true)
	}
	end := noon.Add(8 * time.Hour).Truncate(time.Second)
	rec, err := agree(anna, end)
	if err != nil || !rec.Until.Equal(end) {
		t.Fatalf("until %v, %v", rec.Until, err)
	}
	if _, ok := r.InForce(anna, end.Add(-time.Second)); !ok {
		t.Error("it ended early")
	}
	if _, ok := r.InForce(anna, end); ok {
		t.Error("it outlived the visit")
	}
	if next, ok := r.Next(noon); !ok || !next.Equal(end) {
		t.Errorf("next due at %v", next)
	}
	if rec, err := agree(bert, noon.Add(900*day)); err != nil || !rec.Until.Equal(noon.Truncate(time.Millisecond).Add(365*day)) {
		t.Errorf("a long lease: until %v, %v", rec.Until, err)
	}
	if _, err := agree(person.ID{9}, noon); !errors.Is(err, consent.ErrOver) || len(history(t, r, person.ID{9})) != 0 {
		t.Errorf("after the end of the stay: %v", err)
	}
}

func TestAConsentBeforeAnEarlierRecordIsAClockGoneBack(t *testing.T) {
	r, n := opened(t)
	give(t, r, anna, n, noon)
	if _, err := r.Give(anna, n.Hash(), "en", own, noon.Add(-time.Hour), true); !errors.Is(err, consent.ErrClock) {
		t.Errorf("error %v", err)
	}
}

func TestM6b_WithdrawingWorksAtAnyTimeAndOnce(t *testing.T) {
	r, n := opened(t)
	if _, err := r.Withdraw(anna, consent.ByPIN, noon, true); !errors.Is(err, consent.ErrNothing) {
		t.Errorf("nothing given, and withdrawing says %v", err)
	}
	give(t, r, anna, n, noon)
	if _, err := r.Withdraw(anna, consent.ByNobody, noon, true); err == nil {
		t.Error("a passer-by withdrew for somebody")
	}
	first, err := r.Withdraw(anna, consent.ByPIN, noon.Add(-time.Hour), false) // clock gone mad: still
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.InForce(anna, noon); ok || r.State(anna) != wire.ConsentWithdrawn {
		t.Error("withdrawn and in force")
	}
	if again, err := r.Withdraw(anna, consent.ByPIN, noon, true); err != nil || again.Hash() != first.Hash() {
		t.Errorf("again: %v", err)
	}
	if due := maps.Collect(r.Due(noon)); due[anna] != wire.ReasonWithdrawn {
		t.Errorf("due: %v", due)
	}
	if _, err := r.Mark(anna, consent.Erased, noon, true); err != nil {
		t.Fatal(err)
	}
	if due := maps.Collect(r.Due(noon)); len(due) != 0 || r.State(anna) != wire.ConsentWithdrawn {
		t.Errorf("after erasing due %v, state %v", due, r.State(anna))
	}
	if _, err := r.Withdraw(anna, consent.ByPIN, noon, true); !errors.Is(err, consent.ErrNothing) {
		t.Errorf("erased, and withdrawing says %v", err)
	}
	give(t, r, anna, n, noon) // somebody may change their mind
	if _, ok := r.InForce(anna, noon); !ok {
		t.Error("given anew, and not in force")
	}
}

func TestM6c_WithdrawingAppendsAndChangesNothingBefore(t *testing.T) {
	r, n := opened(t)
	given := give(t, r, anna, n, noon)
	if _, err := r.Withdraw(anna, consent.ByPIN, noon, true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Mark(anna, consent.Erased, noon, true); err != nil {
		t.Fatal(err)
	}
	all := history(t, r, anna)
	if len(all) != 3 || all[0].Hash() != given.Hash() || all[1].Prev != all[0].Hash() || all[2].Prev != all[1].Hash() {
		t.Errorf("history: %+v", all)
	}
	if all[1].Notice != given.Notice || all[2].State != consent.Erased {
		t.Errorf("what followed: %+v", all[1:])
	}
}

func TestT8_RefusingAsksForNoName(t *testing.T) {
	r, n := opened(t)
	rec, err := r.Refuse(n.Hash(), noon, false)
	if err != nil || rec.State != consent.Refused || rec.Person != (person.ID{}) {
		t.Errorf("%+v, %v", rec, err)
	}
	if _, err := r.Refuse([32]byte{1}, noon, true); !errors.Is(err, consent.ErrOldNotice) {
		t.Errorf("to an unknown notice: %v", err)
	}
	if due := maps.Collect(r.Due(noon.AddDate(9, 0, 0))); len(due) != 0 {
		t.Errorf("a refusal has a face to erase: %v", due)
	}
}

func TestM8c_WhatIsDueAndWhen(t *testing.T) {
	r, n := opened(t)
	a := give(t, r, anna, n, noon)
	give(t, r, bert, n, noon.Add(day))
	if next, ok := r.Next(noon); !ok || !next.Equal(a.Until) {
		t.Errorf("next %v, %v", next, ok)
	}
	if due := maps.Collect(r.Due(a.Until.Add(-time.Millisecond))); len(due) != 0 {
		t.Errorf("due early: %v", due)
	}
	if due := maps.Collect(r.Due(a.Until)); len(due) != 1 || due[anna] != wire.ReasonExpired {
		t.Errorf("due: %v", due)
	}
	if _, err := r.Mark(anna, consent.Expired, a.Until.Add(-time.Hour), true); err == nil {
		t.Error("expired before its end")
	}
	if _, err := r.Mark(anna, consent.Erased, a.Until, true); err != nil {
		t.Fatal(err)
	}
	if s := r.State(anna); s != wire.ConsentExpired {
		t.Errorf("erased at its end, and the state is %v", s)
	}
	if due := maps.Collect(r.Due(a.Until)); len(due) != 0 {
		t.Errorf("still due: %v", due)
	}
	if _, err := r.Mark(bert, consent.Given, noon, true); err == nil {
		t.Error("a program agreed for somebody")
	}
	if _, err := r.Mark(person.ID{9}, consent.Erased, noon, true); err == nil {
		t.Error("erased somebody unknown")
	}
}

func TestM5c_ANewTextAsksAgainAndTheOldTextStaysKnown(t *testing.T) {
	dir := t.TempDir()
	n := example(t)
	r := open(t, dir, n)
	give(t, r, anna, n, noon)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	sneaky := example(t)
	sneaky.Version++
	text := sneaky.Text["en"]
	text.Purpose += " And for the newsletter."
	sneaky.Text["en"] = text
	r = open(t, dir, sneaky)
	defer r.Close()
	if _, ok := r.InForce(anna, noon); ok {
		t.Error("agreed to one text, used under another")
	}
	if old, ok := r.Notice(n.Hash()); !ok || old.Hash() != n.Hash() {
		t.Error("the text that anna agreed to is lost")
	}
	if _, ok := r.Notice([32]byte{7}); ok {
		t.Error("a notice that never was is known")
	}
}

func TestJ11_ANoticeWithoutAnEndOpensNoRegister(t *testing.T) {
	n := example(t)
	n.RetentionDays = 0
	if _, err := consent.Open(t.TempDir(), consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n); err == nil {
		t.Error("opened")
	}
}

func TestJ4b_ARecordThatAgreesToMoreIsDamage(t *testing.T) {
	swap(t, `"separate":true`, `"separate":true,"also_agrees":["newsletter"]`)
}

// Whatever is done in whatever order, over restarts: the chain holds, what is in force was given and not ended since,
// and it never is in force at or after its end.
func TestAChainTellsTheWholeStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "consent")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		n := example(t)
		r := open(t, dir, n)
		defer func() { r.Close() }()
		at, until := noon, time.Time{} // until is the model: zero when there is no consent
		for range rapid.IntRange(1, 8).Draw(t, "acts") {
			at = at.Add(time.Duration(rapid.Int64Range(0, 200).Draw(t, "days")) * day)
			switch act := rapid.SampledFrom([]string{"give", "withdraw", "expire", "invalidate", "erase", "restart"}).Draw(t, "act"); act {
			case "give":
				until = give(t, r, anna, n, at).Until
			case "withdraw":
				if _, err := r.Withdraw(anna, consent.ByPIN, at, rapid.Bool().Draw(t, "trusted")); err == nil {
					until = time.Time{}
				} else if !until.IsZero() {
					t.Fatalf("could not withdraw: %v", err)
				}
			case "expire":
				if _, err := r.Mark(anna, consent.Expired, at, true); err == nil {
					until = time.Time{}
				}
			case "invalidate":
				if _, err := r.Mark(anna, consent.Invalidated, at, true); err == nil {
					until = time.Time{}
				}
			case "erase":
				r.Mark(anna, consent.Erased, at, true)
			case "restart":
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				r = open(t, dir, n)
			}
			if _, ok := r.InForce(anna, at); ok != at.Before(until) {
				t.Fatalf("at %v, until %v: in force %v", at, until, ok)
			}
			var prev [32]byte
			for i, rec := range history(t, r, anna) {
				if rec.Sequence != uint64(i+1) || rec.Prev != prev {
					t.Fatalf("record %d: %+v", i+1, rec)
				}
				prev = rec.Hash()
			}
		}
	})
}

// swap changes bytes in the stored file and expects it to be noticed.
func swap(t *testing.T, from, to string) {
	t.Helper()
	dir := t.TempDir()
	n := example(t)
	r := open(t, dir, n)
	give(t, r, anna, n, noon)
	r.Close()
	edit(t, dir, from, to)
	wantSetAside(t, dir, n)
}

func wantSetAside(t *testing.T, dir string, n *notice.Notice) {
	t.Helper()
	file := filepath.Join(dir, "consent.db")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := consent.Open(dir, consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n)
	if r == nil || !errors.Is(err, consent.ErrSetAside) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("register %v, error %v", r, err)
	}
	defer r.Close()
	if aside, err := os.ReadFile(file + ".damaged-1"); err != nil || string(aside) != string(before) {
		t.Errorf("what was set aside differs: %v", err)
	}
	if _, ok := r.InForce(anna, noon); ok {
		t.Error("in force out of a damaged file")
	}
	give(t, r, anna, n, noon) // and the door goes on
}
