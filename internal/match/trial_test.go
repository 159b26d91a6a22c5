package match_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"example.org/edged/internal/match"
)

func TestTheSearchAnswersAsTheExactScanDoes(t *testing.T) {
	people, queries := 12_000, 300
	if n, err := strconv.Atoi(os.Getenv("EDGED_TRIAL")); err == nil {
		people, queries = n, 1000
	}
	a := newRoom(t, 0).a
	tr := match.Trial{People: people, Queries: queries, Threshold: .75, Margin: .05, Seed: 1, Now: time.Now,
		Spent: func() time.Duration { return time.Duration(time.Now().UnixNano()) }}
	r, err := tr.Run(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", *r)
	if wrong := r.WrongGenuine + r.WrongOther; wrong > 0 {
		t.Errorf("%d answers differ", wrong)
	}
	if r.Found < queries*5/10 || r.Found == queries {
		t.Errorf("%d of %d found by the exact scan: the trial is too hard or too easy to mean anything", r.Found, queries)
	}
	if r.WorstError > 1e-3 || r.MeanError > 1e-4 || r.MeanError == 0 {
		t.Errorf("cosines are off by %v at worst, %v on average", r.WorstError, r.MeanError)
	}
	if r.BytesPerPerson > 700 {
		t.Errorf("%v bytes a person", r.BytesPerPerson)
	}
}
