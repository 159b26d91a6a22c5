package rights_test

import (
	"crypto/rand"
	"encoding/json"
	"iter"
	"log/slog"
	"slices"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/extract"
	"example.org/edged/internal/person"
	"example.org/edged/internal/rights"
	"example.org/edged/internal/wire"
)

var (
	anna  = person.ID{0xa, 1, 2, 3, 4, 5, 6}
	bert  = person.ID{0xb, 7, 8, 9}
	child = person.ID{0xc, 4, 4}
	noon  = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
)

// house is a desk with a real book of ages, a log in memory, and faces that write down what is asked of them.
type house struct {
	*rights.Desk
	t       *testing.T
	dir     string
	log     []audit.Entry
	full    bool
	trusted bool
	said    []wire.KioskHears
	did     []string
	alarms  int
	revoked []person.ID
	births  *birthday.Book
}

// faces are those of a house.
type faces struct{ *house }

func (h faces) WithdrawBy(_ wire.Session, p person.ID, by consent.Evidence) wire.Prompt {
	h.did = append(h.did, "withdraw "+p.String()[:2]+" "+string(by))
	return wire.PromptWithdrawn
}

func (h faces) Rest(p person.ID, by consent.Evidence, staff string) wire.Prompt {
	h.did = append(h.did, "rest "+p.String()[:2]+" "+string(by)+" "+staff)
	return wire.PromptRests
}

func (h faces) Resume(p person.ID, by consent.Evidence, staff string) wire.Prompt {
	h.did = append(h.did, "resume "+p.String()[:2]+" "+string(by)+" "+staff)
	return wire.PromptResumed
}

func (h faces) Describe(p person.ID, r *wire.Record) {
	r.Consent, r.EraseAt = wire.ConsentGiven, 1_800_000_000
}

func (h faces) Document(person.ID) (*consent.Document, error) {
	return consent.Describe(nil, nil)
}
func (h faces) Wards(p person.ID) []person.ID {
	if p == anna {
		return []person.ID{child}
	}
	return nil
}
func (h faces) Died(p person.ID) { h.did = append(h.did, "died "+p.String()[:2]) }

func (h *house) Recent(who wire.Pseudonym, n int) (all []audit.Entry) {
	for _, e := range slices.Backward(h.log) {
		if e.Who == who && len(all) < n {
			all = append(all, e)
		}
	}
	return all
}

func (h *house) write(e audit.Entry) (uint64, error) {
	if h.full {
		return 0, errFull
	}
	e.At = noon.UnixMilli() + int64(len(h.log))
	h.log = append(h.log, e)
	return uint64(len(h.log) - 1), nil
}

type full struct{}

func (full) Error() string { return "no space left on device" }

var errFull error = full{}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), trusted: true}
	var err error
	if h.births, err = birthday.Open(h.dir, [32]byte{1}, 8*time.Hour, birthday.Careful, rand.Reader); err != nil {
		t.Fatal(err)
	}
	h.begin()
	return h
}

// begin is a new life of the desk: what it knows it has from the log.
func (h *house) begin() {
	h.Desk = rights.New(rights.Parts{Device: "door-1", Births: h.births, Faces: faces{h}, Log: h,
		People: func() []person.ID { return []person.ID{anna, bert, child} },
		Revoke: func(p person.ID) error { h.revoked = append(h.revoked, p); return nil },
		Name:   name, Write: h.write, Recent: func(person.ID) [5]wire.Passage { return [5]wire.Passage{{At: 5}} },
		Say: func(w wire.KioskHears) { h.said = append(h.said, w) }, Alarm: func() { h.alarms++ },
		Now: func() (time.Time, bool) { return noon, h.trusted }, Slog: slog.New(slog.NewTextHandler(h.t.Output(), nil))})
	h.Desk.Recall(h.backwards())
}

func (h *house) backwards() iter.Seq2[uint64, audit.Entry] {
	return func(yield func(uint64, audit.Entry) bool) {
		for i, e := range slices.Backward(h.log) {
			if !yield(uint64(i), e) {
				return
			}
		}
	}
}

func name(p person.ID) wire.Pseudonym { return wire.Pseudonym(p) }

func (h *house) kinds() (all []wire.Kind) {
	for _, e := range h.log {
		all = append(all, e.Kind)
	}
	return all
}

// last is the last word that was said.
func last[W wire.KioskHears](h *house) W {
	h.t.Helper()
	w, ok := h.said[len(h.said)-1].(W)
	if !ok {
		h.t.Fatalf("said %+v", h.said[len(h.said)-1])
	}
	return w
}

func (h *house) says(want wire.Prompt) {
	h.t.Helper()
	if s := last[*wire.Screen](h); s.Prompt != want {
		h.t.Errorf("the screen said %s, want %s", s.Prompt, want)
	}
}

// note says that staff have seen how old somebody is.
func (h *house) note(p person.ID, a wire.Age) {
	h.t.Helper()
	if got := h.Note(p, a, "porter"); got != wire.PromptNoted {
		h.t.Fatalf("noting an age: %s", got)
	}
}

// P-44 to P-50: somebody sees their own record, with who looked; the reading stands in it afterwards, and before it is
// written down nothing is shown.
func TestP44_ReadingIsItselfRecorded(t *testing.T) {
	h := open(t)
	h.note(anna, wire.Age{Adult: true})
	h.Mine(7, anna)
	h.Mine(7, anna)
	r := last[*wire.Record](h)
	if r.Session != 7 || r.Who != name(anna) || r.Number != name(anna).Number() || r.Age != wire.AgeAdult || r.Looker || r.Passages[0].At != 5 {
		t.Errorf("%+v", r)
	}
	if r.Looks[0].At == 0 || r.Looks[1].At == 0 || r.Looks[2].At != 0 || r.Looks[0].Staff != 0 {
		t.Errorf("who looked: %+v", r.Looks)
	}
	h.full = true
	h.Mine(7, anna)
	h.says(wire.PromptFaultAsk)
}

// P-45: a copy is all that is kept, put together from its codes; taking it is recorded, and what is not recorded is not given.
func TestP45_ACopyIsAllThatIsKept(t *testing.T) {
	h := open(t)
	h.note(child, wire.Age{Born: 20160601})
	h.Mine(7, child)
	h.said = nil
	if got := h.Take(7, child); got != wire.PromptHome {
		t.Fatalf("the screen said %s", got)
	}
	var texts []string
	for i, w := range h.said {
		p := w.(*wire.Piece)
		if p.Session != 7 || !p.Copy || int(p.Part) != i || int(p.Last) != len(h.said)-1 {
			t.Errorf("piece %d is %d of %d in turn %d", i, p.Part, p.Last, p.Session)
		}
		texts = append(texts, extract.Text(p.Data[:p.Len]))
	}
	document, err := extract.Join(texts)
	if err != nil {
		t.Fatal(err)
	}
	var c rights.Copy
	if err := json.Unmarshal(document, &c); err != nil {
		t.Fatal(err)
	}
	if c.Schema != "edged-copy/1" || c.Born != 20160601 || c.Noted != "porter" || c.Age != "child" || !c.Face || c.Number != name(child).Number() || c.Consents == nil {
		t.Errorf("%+v", c)
	}
	var kinds []wire.Kind
	for _, e := range c.Log {
		kinds = append(kinds, e.Kind)
		if e.Who != name(child) {
			t.Errorf("a line about somebody else: %+v", e)
		}
	}
	if !slices.Equal(kinds, []wire.Kind{wire.KindCopyTaken, wire.KindRecordRead, wire.KindAgeNoted}) {
		t.Errorf("the copy has the lines %v", kinds)
	}
	h.full, h.said = true, nil
	if got := h.Take(7, child); got != wire.PromptFaultAsk || len(h.said) > 0 {
		t.Errorf("unrecorded: %s, %d pieces", got, len(h.said))
	}
}

// P-47, J-12: deleting takes the face and the birth date, asks nobody, and costs no way in.
func TestJ12_DeletingNeedsNobodysLeaveAndCostsNoWayIn(t *testing.T) {
	h := open(t)
	h.note(child, wire.Age{Born: 20160601})
	if got := h.Delete(7, child); got != wire.PromptDeleted {
		t.Errorf("the screen said %s", got)
	}
	if !slices.Equal(h.did, []string{"withdraw 0c pin"}) || len(h.revoked) > 0 {
		t.Errorf("did %v, revoked %v", h.did, h.revoked)
	}
	if h.Stands(child) != (birthday.Standing{}) {
		t.Error("the birth date is still known")
	}
}

// M-6b: a guardian takes back what they agreed to, and nothing of anybody else.
func TestM6b_AGuardianTakesBackWhatTheyGave(t *testing.T) {
	h := open(t)
	if got := h.Wards(7, bert); got != wire.PromptNothing || len(h.did) > 0 {
		t.Errorf("bert: %s, %v", got, h.did)
	}
	if got := h.Wards(7, anna); got != wire.PromptWithdrawn || !slices.Equal(h.did, []string{"withdraw 0c guardian-pin"}) {
		t.Errorf("anna: %s, %v", got, h.did)
	}
}

// P-46: a correction is recorded and goes to the staff, over a restart; the age is changed only for whoever asked.
func TestP46_ACorrectionIsAskedForAndMade(t *testing.T) {
	h := open(t)
	h.note(child, wire.Age{Born: 20160601})
	if got := h.Note(child, wire.Age{Born: 20060601}, "porter"); got != wire.PromptNobody {
		t.Errorf("nobody asked: %s", got)
	}
	for range 2 { // twice is one wish
		if got := h.Ask(child, wire.ReasonCorrection); got != wire.PromptRecorded {
			t.Fatalf("asked: %s", got)
		}
	}
	h.begin() // a power cut
	h.List(3)
	if r := last[*wire.Requests](h); r.Session != 3 || r.More || r.Open[0].What != wire.ReasonCorrection || r.Open[0].Number != name(child).Number() || r.Open[1].At != 0 {
		t.Errorf("%+v", r)
	}
	if got := h.Note(child, wire.Age{Born: 20060601}, "porter"); got != wire.PromptNoted || h.Stands(child).Band != wire.AgeAdult {
		t.Errorf("corrected: %s, %+v", got, h.Stands(child))
	}
	h.List(3)
	if r := last[*wire.Requests](h); r.Open[0].At != 0 {
		t.Errorf("still open: %+v", r)
	}
	h.begin()
	h.List(3)
	if r := last[*wire.Requests](h); r.Open[0].At != 0 {
		t.Errorf("open again after a restart: %+v", r)
	}
	if got := h.Note(child, wire.Age{Born: 20160601}, "porter"); got != wire.PromptNobody {
		t.Errorf("and back again, unasked: %s", got)
	}
}

// M-7a: staff note no age while the year is in doubt, and nobody is old enough then.
func TestM7a_NobodyIsOldEnoughWhileTheTimeIsInDoubt(t *testing.T) {
	h := open(t)
	h.note(anna, wire.Age{Adult: true})
	h.trusted = false
	if h.Stands(anna) != (birthday.Standing{}) {
		t.Error("she is grown up at a time that nobody trusts")
	}
	if got := h.Note(bert, wire.Age{Adult: true}, "porter"); got == wire.PromptNoted {
		t.Error("noted at a time that nobody trusts")
	}
}
