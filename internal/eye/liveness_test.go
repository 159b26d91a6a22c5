package eye_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/models/modelstest"
)

// The real networks on the photographs of the demonstration: one man in two pictures lives, one picture does not look so.
func TestLivenessAndEnrolmentOnRealPictures(t *testing.T) {
	live, attack := t.TempDir(), t.TempDir()
	copyTo(t, live, "face.jpg", "face-detect.jpg")
	kind := filepath.Join(attack, "picture")
	if err := os.Mkdir(kind, 0o755); err != nil {
		t.Fatal(err)
	}
	copyTo(t, kind, "distortion.jpg")
	job := bench.Job{Models: modelstest.Pack(t), Eyes: 1}
	r, err := bench.Liveness(t.Context(), job, live, attack, .05, start(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if *r.APCER != 0 || *r.BPCER != 0 || *r.NotJudged != 0 || r.Worst != "picture" || r.NoFace != 0 || r.Rates.BPCER.Of != 2 || len(r.Model) != 64 {
		t.Errorf("%+v", r)
	}
	job.Images = live
	e, err := bench.Enrol(t.Context(), job, .05, start(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if e.Taken.Share != 1 || e.Live.Share != 1 || e.FTE.Share != 0 || len(e.RefusedBy) != 0 {
		t.Errorf("%+v", e)
	}
}
