package bench_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/bench"
)

// folder makes pictures of these names.
func folder(t *testing.T, pictures ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range pictures {
		at := filepath.Join(dir, p)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLivenessIsCountedByPresentation(t *testing.T) {
	live := folder(t, "lives1.jpg", "lives2.JPEG", "doubt.png", "dead.jpg", "LICENSE", ".hidden.jpg",
		"ana/lives1.jpg", "ana/dead2.jpg", // the mean lives
		"bob/far-away1.jpg", "bob/far-away2.jpg", "bob/lives3.jpg", // the door looks at the last alone
		"nobody/nobody1.jpg")
	attack := folder(t, "dead0.jpg", "print/dead1.jpg", "print/lives1.jpg", "screen/dead1.png", "screen/doubt2.png", "screen/one/lives.jpg",
		"screen/one/lives2.jpg", "live/dead1.jpg")
	for _, eyes := range []int{1, 3} {
		r, err := bench.Liveness(t.Context(), bench.Job{Eyes: eyes}, live, attack, .05, drawn(t, nil), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		at := func(rate bench.Rate) [2]int { return [2]int{int(rate.Share*float64(rate.Of) + .5), rate.Of} }
		for name, c := range map[string]struct{ got, want [2]int }{
			"BPCER":              {at(r.Rates.BPCER), [2]int{1, 7}},
			"living, not judged": {at(r.NotJudgedByKind["live"]), [2]int{2, 7}}, // the doubtful one, and the folder without a face
			"sent elsewhere":     {at(r.Rates.SentAway), [2]int{3, 7}},
			"APCER of prints":    {at(r.APCERByKind["print"]), [2]int{1, 2}},
			"APCER of screens":   {at(r.APCERByKind["screen"]), [2]int{1, 3}},
			"APCER of the rest":  {at(r.APCERByKind["attack"]), [2]int{0, 1}},
			"a kind called live": {at(r.APCERByKind["attack/live"]), [2]int{0, 1}},
			"all, not judged":    {at(r.Rates.NotJudged), [2]int{3, 14}},
		} {
			if c.got != c.want {
				t.Errorf("%d eyes, %s: %v, want %v", eyes, name, c.got, c.want)
			}
		}
		if r.Worst != "print" || *r.APCER != .5 || r.AttackBelow != .01 || r.Pictures != 18 || r.NoFace != 1 {
			t.Errorf("%+v", r)
		}
		if b := r.Bounds["apcer"]; b[0] > .013 || b[0] < .012 || b[1] < .987 { // Clopper and Pearson of 1 in 2
			t.Errorf("bounds %v", b)
		}
	}
}

func TestTheNamesOfTheLivenessReportAreStable(t *testing.T) {
	r, err := bench.Liveness(t.Context(), bench.Job{Eyes: 1}, folder(t, "lives.jpg"), folder(t, "print/dead.jpg"), .05, drawn(t, nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"apcer":0`, `"bpcer":0`, `"not_judged":0`, `"bounds":{"apcer":[0,`, `"apcer_by_kind":{"print":{"share":0,"low":0,"high":`,
		`"live_from":0.05`, `"attack_below":0.01`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
}

func TestAFolderWithoutPicturesIsNotMeasured(t *testing.T) {
	full, empty := folder(t, "lives.jpg"), folder(t, "readme.txt")
	for _, c := range [][2]string{{full, empty}, {empty, full}} {
		_, err := bench.Liveness(t.Context(), bench.Job{Eyes: 1}, c[0], c[1], .05, drawn(t, nil), time.Now)
		if err == nil || !strings.Contains(err.Error(), empty+" holds no .jpg") {
			t.Errorf("%v", err)
		}
	}
}

func TestAPictureThatEndsAnEyeIsNotJudged(t *testing.T) {
	r, err := bench.Liveness(t.Context(), bench.Job{Eyes: 1}, folder(t, "a-lives.jpg", "crash.jpg"), folder(t, "dead.jpg"), .05, drawn(t, nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.NotJudgedByKind["live"].Share != .5 || len(r.Troubles) != 1 || !strings.Contains(r.Troubles[0], "crash.jpg ended the eye") {
		t.Errorf("%+v", r)
	}
}
