package liveness_test

import (
	"math"
	"strings"
	"testing"

	"example.org/edged/internal/liveness"
)

func TestThreeWords(t *testing.T) {
	for _, c := range []struct {
		mean float32
		want liveness.Outcome
	}{
		{1, liveness.Live}, {.05, liveness.Live}, {.049, liveness.Unsure}, {.0101, liveness.Unsure}, {.0099, liveness.Attack}, {0, liveness.Attack},
		{float32(math.NaN()), liveness.Unsure},
	} {
		if got := liveness.Judge(c.mean, .05); got != c.want {
			t.Errorf("%v: %v, not %v", c.mean, got, c.want)
		}
	}
	if liveness.Outcome(0) != liveness.Unsure {
		t.Error("what was never judged must not be alive")
	}
}

func TestATableThatDoesNotBearIt(t *testing.T) {
	const good = `{"apcer_by_kind":{"print":{"share":0,"low":0,"high":0.1,"of":36},"phone":{"share":0.02,"low":0,"high":0.2,"of":50}},
		"rates":{"bpcer":{"share":0,"low":0,"high":0.1,"of":30}},"live_from":0.05,"model":"abcd","later":[]}`
	read := func(text string) error {
		table, err := liveness.ReadTable([]byte(text))
		if err != nil {
			return err
		}
		if table.Hash == ([32]byte{}) {
			t.Error("no hash")
		}
		return table.Bears("abcd", .05)
	}
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{good, "", "is not what"}, {good, "[1]", "is not what"}, {good, "{}", "counts no attacks"},
		{`"of":30`, `"of":0`, "no living people"},
		{`"high":0.1,"of":36`, `"of":36`, `no bound for the kind "print"`},
		{`"high":0.2,`, `"high":-3,`, `no bound for the kind "phone"`},
		{`"high":0.2,`, `"high":0.21,`, `of kind "phone"`},
		{`"abcd"`, `"abce"`, "another liveness model"},
		{`"live_from":0.05`, `"live_from":0.5`, "--live-from 0.05"},
	} {
		err := read(strings.Replace(good, c.from, c.to, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte(`{"apcer_by_kind":{"print":{"high":0.1,"of":36}},"rates":{"bpcer":{"of":30}},"live_from":0.05,"model":"abcd"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if table, err := liveness.ReadTable(b); err == nil {
			_ = table.Bears("abcd", .05)
		}
	})
}
