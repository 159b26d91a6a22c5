package bench_test

import (
	"testing"
	"time"

	"example.org/edged/internal/bench"
)

func TestEnrolmentsAreCountedByGateAndByPerson(t *testing.T) {
	dir := folder(t, "ana/good-lives1.jpg", "ana/far-away1.jpg", "bob/far-away1.jpg", "bob/nobody.jpg", "cyd/good-doubt1.jpg")
	r, err := bench.Enrol(t.Context(), bench.Job{Images: dir, Eyes: 1}, .05, drawn(t, nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  bench.Rate
		k, n int
	}{
		"taken": {r.Taken, 2, 5}, "passable": {r.Passable, 2, 5}, "people": {r.FTE, 1, 3}, "alive": {r.Live, 1, 2},
		"too far": {r.RefusedBy["too-far"], 2, 5}, "nobody": {r.RefusedBy["no-face"], 1, 5},
	} {
		if c.got.Of != c.n || int(c.got.Share*float64(c.n)+.5) != c.k || c.got.High <= c.got.Share {
			t.Errorf("%s: %+v, want %d of %d", name, c.got, c.k, c.n)
		}
	}
	if len(r.RefusedBy) != 2 || r.Pictures != 5 {
		t.Errorf("%+v", r)
	}
}
