package rights_test

import (
	"slices"
	"testing"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/rights"
	"example.org/edged/internal/wire"
)

// M-7b, Y-36: the rule as a table.
func TestM7b_WhoMayLook(t *testing.T) {
	for _, tt := range []struct {
		age           wire.AgeBand
		asked         bool
		first, second string
		may           bool
	}{
		{wire.AgeAdult, true, "a", "", true},
		{wire.AgeAdult, false, "a", "b", false}, // nobody looks out of curiosity
		{wire.AgeAdult, true, "", "", false},
		{wire.AgeChild, true, "a", "", false},
		{wire.AgeChild, true, "a", "a", false},
		{wire.AgeChild, true, "a", "b", true},
		{wire.AgeChild, false, "a", "b", false},
		{wire.AgeMinor, true, "a", "", false},
		{wire.AgeMinor, true, "a", "b", true},
		{wire.AgeUnknown, true, "a", "", false}, // it may be a child
		{wire.AgeUnknown, true, "a", "b", true},
	} {
		if got := rights.MayLook(tt.age, tt.asked, tt.first, tt.second); got != tt.may {
			t.Errorf("%s, asked %v, by %q and %q: %v", tt.age, tt.asked, tt.first, tt.second, got)
		}
	}
}

// M-7b, Y-32, Y-36: somebody alone who reads a child's record is refused, there is an alarm, and the log says who it was.
func TestY32_AChildsRecordIsReadByTwoOnly(t *testing.T) {
	h := open(t)
	h.note(child, wire.Age{Born: 20160601})
	number := name(child).Number()
	h.Look(7, number, "porter", "night")
	h.says(wire.PromptNobody) // nobody asked for anything, so nobody looks
	h.Ask(child, wire.ReasonExplanation)
	for _, second := range []string{"", "porter"} {
		h.Look(7, number, "porter", second)
		h.says(wire.PromptTwo)
	}
	refused := h.log[len(h.log)-1]
	if h.alarms != 2 || refused.Kind != wire.KindLookRefused || refused.By != audit.Staff("porter") || refused.Who != name(child) {
		t.Errorf("%d alarms, the log says %+v", h.alarms, refused)
	}
	h.Look(7, number, "porter", "night")
	if r := last[*wire.Record](h); !r.Looker || r.Who != name(child) || r.Looks[0].Staff != 2 {
		t.Errorf("%+v", r)
	}
	h.Mine(8, child)
	if r := last[*wire.Record](h); r.Looks[1].Staff != 2 || r.Looks[0].Staff != 0 {
		t.Errorf("the child sees who looked: %+v", r.Looks)
	}
	h.full = true
	h.Look(7, number, "porter", "night")
	h.says(wire.PromptFaultAsk) // what cannot be written down is not shown
}

// J-1a: what recognition has generated, who went where, is shown to its person and to staff whom that person asked, and to
// nobody else. A member of staff who only wants to know is refused, and nothing of it was said on the way.
func TestJ1a_WhoWentWhereIsNotForWhoeverWantsToKnow(t *testing.T) {
	h := open(t)
	h.note(anna, wire.Age{Adult: true})
	number := name(anna).Number()
	h.said = nil
	h.Look(7, number, "porter", "")
	h.Look(7, number, "porter", "night") // nor do two of them help each other
	h.List(7)
	for _, w := range h.said {
		if r, ok := w.(*wire.Record); ok {
			t.Errorf("nobody asked, and they read %+v", r.Passages)
		}
	}
	if len(h.said) != 3 || slices.Contains(h.kinds(), wire.KindRecordLooked) {
		t.Errorf("said %d words, the log has %v", len(h.said), h.kinds())
	}
	h.Mine(8, anna)
	if r := last[*wire.Record](h); r.Passages[0].At != 5 {
		t.Errorf("their own: %+v", r.Passages)
	}
	h.Ask(anna, wire.ReasonExplanation)
	h.Look(7, number, "porter", "")
	if r := last[*wire.Record](h); r.Passages[0].At != 5 || !slices.Contains(h.kinds(), wire.KindRecordLooked) {
		t.Errorf("asked to explain: %+v, the log has %v", r.Passages, h.kinds())
	}
}

// P-44: nobody's record is shown to staff who name somebody else, or nobody.
func TestP44_StaffSeeOnlyWhoAsked(t *testing.T) {
	h := open(t)
	h.note(anna, wire.Age{Adult: true})
	h.note(bert, wire.Age{Adult: true})
	h.Ask(anna, wire.ReasonExplanation)
	h.Look(7, name(bert).Number(), "porter", "")
	h.says(wire.PromptNobody)
	h.Look(7, 999_999_999_999, "porter", "night")
	h.says(wire.PromptNobody)
	h.Look(7, name(anna).Number(), "porter", "")
	if r := last[*wire.Record](h); r.Who != name(anna) {
		t.Errorf("%+v", r)
	}
	if got := h.Decide(name(anna).Number(), "porter", true); got != wire.PromptDecided {
		t.Errorf("decided: %s", got)
	}
	h.Look(7, name(anna).Number(), "porter", "")
	h.says(wire.PromptNobody) // it is answered, and there is nothing to look for any more
}

// J-15, P-49: a relative's request lets the face rest at once; without a second member of staff it waits; granted, the
// face is erased and the PIN of the dead person opens nothing; not granted, all is as before.
func TestJ15_ARelativesRequestIsDecidedBySomebodyElse(t *testing.T) {
	h := open(t)
	h.note(anna, wire.Age{Adult: true})
	number := name(anna).Number()
	if got := h.Relative(999_999_999_999, "porter"); got != wire.PromptNobody || len(h.did) > 0 {
		t.Errorf("of nobody: %s, %v", got, h.did)
	}
	if got := h.Relative(number, "porter"); got != wire.PromptRecorded || !slices.Equal(h.did, []string{"rest 0a staff porter"}) {
		t.Fatalf("%s, %v", got, h.did)
	}
	h.begin() // a power cut: it is still pending, and still nobody decides alone
	if got := h.Decide(number, "porter", true); got != wire.PromptTwo || len(h.revoked) > 0 {
		t.Errorf("alone: %s, revoked %v", got, h.revoked)
	}
	if got := h.Decide(number, "night", true); got != wire.PromptDecided {
		t.Fatalf("by another: %s", got)
	}
	if !slices.Equal(h.did[1:], []string{"died 0a"}) || len(h.revoked) != 1 || h.revoked[0] != anna {
		t.Errorf("did %v, revoked %v", h.did, h.revoked)
	}
	end := h.log[len(h.log)-1]
	if end.Kind != wire.KindRequestDecided || end.Outcome != wire.Granted || end.Reason != wire.ReasonRelative || end.By != audit.Staff("night") {
		t.Errorf("the log says %+v", end)
	}
	if got := h.Decide(number, "night", true); got != wire.PromptNobody {
		t.Errorf("twice: %s", got)
	}

	h = open(t)
	h.Relative(number, "porter")
	if got := h.Decide(number, "night", false); got != wire.PromptDecided || !slices.Equal(h.did, []string{"rest 0a staff porter", "resume 0a staff night"}) || len(h.revoked) > 0 {
		t.Errorf("not granted: %s, %v, revoked %v", got, h.did, h.revoked)
	}
}

// What cannot be recorded is not done, whoever asks for it.
func TestM9c_NothingIsDecidedOffTheRecord(t *testing.T) {
	h := open(t)
	h.Ask(anna, wire.ReasonExplanation)
	h.full = true
	number := name(anna).Number()
	for what, got := range map[string]wire.Prompt{
		"a request":  h.Ask(bert, wire.ReasonCorrection),
		"a relative": h.Relative(name(bert).Number(), "porter"),
		"a decision": h.Decide(number, "porter", true),
		"an age":     h.Note(bert, wire.Age{Adult: true}, "porter"),
	} {
		if got != wire.PromptFaultAsk {
			t.Errorf("%s: %s", what, got)
		}
	}
	h.full = false
	h.List(3)
	if r := last[*wire.Requests](h); r.Open[0].What != wire.ReasonExplanation || r.Open[1].At != 0 {
		t.Errorf("%+v", r)
	}
}
