package notice_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/notice"
)

// T-9: what changed decides what is due.
func TestT9_ChangeClasses(t *testing.T) {
	for field, want := range map[string]notice.Class{
		"handler": notice.AskAgain, "purpose": notice.AskAgain, "method": notice.AskAgain, "data": notice.AskAgain, "leaves_device": notice.AskAgain,
		"contact": notice.Inform, "complaint": notice.Inform, "at_end": notice.Inform, "necessity": notice.Inform,
		"effect": notice.Inform, "rights": notice.Inform, "other_ways": notice.Inform,
	} {
		for _, language := range notice.Languages {
			c := with(t, language, field, "Something else, phone 021-5550-0199").Since(example(t))
			if c.Class != want || !slices.Equal(c.Fields, []string{"text." + language + "." + field}) {
				t.Errorf("%s.%s: %v of %q, want %v", language, field, c.Class, c.Fields, want)
			}
		}
	}
}

// M-5c: a new phone number informs; M-5c and P-14b: another purpose, method or kind asks again, whatever else it hides behind.
func TestM5c_InformOnlyOrConsentAgain(t *testing.T) {
	old := example(t)
	if c := example(t).Since(old); c.Class != notice.Same || len(c.Fields) > 0 || c.Reassess {
		t.Errorf("no change at all is %+v", c)
	}
	for name, tt := range map[string]struct {
		change   func(*notice.Notice)
		class    notice.Class
		reassess bool
	}{
		"a phone number":                {func(n *notice.Notice) { edit(n, "zh", "contact", "电话 021-5550-0199") }, notice.Inform, false},
		"a version number alone":        {func(n *notice.Notice) { n.Version = 9 }, notice.Same, false},
		"a language more":               {func(n *notice.Notice) { n.Text["ja"] = n.Text["en"] }, notice.Same, false},
		"a language less":               {func(n *notice.Notice) { delete(n.Text, "en") }, notice.Inform, false},
		"the retention":                 {func(n *notice.Notice) { n.RetentionDays = 30 }, notice.Inform, true},
		"the purpose's code":            {func(n *notice.Notice) { n.Purpose = "attendance" }, notice.AskAgain, true},
		"the purpose in one language":   {func(n *notice.Notice) { edit(n, "en", "purpose", "The door, and attendance.") }, notice.AskAgain, true},
		"the method":                    {func(n *notice.Notice) { edit(n, "zh", "method", "云端比对。") }, notice.AskAgain, true},
		"a kind of data more":           {func(n *notice.Notice) { n.Data = append(n.Data, "liveness-video") }, notice.AskAgain, true},
		"who gets it":                   {func(n *notice.Notice) { n.Leaves = "face-template" }, notice.AskAgain, true},
		"a phone number and a purpose":  {func(n *notice.Notice) { edit(n, "en", "contact", "021-5550-0199"); n.Purpose = "attendance" }, notice.AskAgain, true},
		"the handler becomes a company": {func(n *notice.Notice) { edit(n, "en", "handler", "Another Ltd.") }, notice.AskAgain, false},
	} {
		n := example(t)
		tt.change(n)
		if c := n.Since(old); c.Class != tt.class || c.Reassess != tt.reassess {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func edit(n *notice.Notice, language, field, text string) {
	tx := n.Text[language]
	*fields[field](&tx) = text
	n.Text[language] = tx
}

// Whatever is changed beside it, a changed purpose, method, kind or handler asks again.
func TestP14b_NothingHidesWhatWasAgreedTo(t *testing.T) {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range fields {
			if !yield(name) {
				return
			}
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		old, n := example(t), example(t)
		asks := false
		for range rapid.IntRange(0, 6).Draw(rt, "edits") {
			field := rapid.SampledFrom(names).Draw(rt, "field")
			edit(n, rapid.SampledFrom(notice.Languages).Draw(rt, "language"), field, strings.Repeat("x", 1+len(field)))
			asks = asks || slices.Contains([]string{"handler", "purpose", "method", "data", "leaves_device"}, field)
		}
		if c := n.Since(old); (c.Class == notice.AskAgain) != asks {
			rt.Fatalf("%+v, and asking again is %v", c, asks)
		}
	})
}
