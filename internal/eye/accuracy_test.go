package eye_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// start is bench.Start without walls, in this process.
func start(t testing.TB) bench.Start {
	return func(_ context.Context, e room.Eye) (*wire.Conn[wire.MeasureSays, wire.RoomHears], func() error, error) {
		ours, theirs := pair(t)
		_, ended := begin(t, e, map[string]*os.File{"measure": theirs})
		c, err := wire.Open[wire.MeasureSays, wire.RoomHears](ours, nil)
		return c, ended, err
	}
}

func TestAccuracyOnFourPictures(t *testing.T) {
	dir := t.TempDir()
	copyTo(t, dir, "face.jpg", "face-detect.jpg", "distortion.jpg", "distortion-correct.jpg")
	pairs := filepath.Join(dir, "pairs.csv")
	if err := os.WriteFile(pairs, []byte("a,b,same\nface.jpg,face-detect.jpg,1\ndistortion.jpg,distortion-correct.jpg,1\n"+
		"face.jpg,distortion.jpg,0\nface.jpg,distortion-correct.jpg,0\nface-detect.jpg,distortion.jpg,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := bench.Accuracy(t.Context(), bench.Job{Images: dir, Pairs: pairs, Models: modelstest.Pack(t), Eyes: 2}, start(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Genuine != 2 || r.Impostor != 3 || r.NotFound != 0 || r.EER != 0 || r.TAR["1e-4"] != 1 || r.Threshold["1e-4"] > 0.17 {
		t.Errorf("%+v", r)
	}
}

// The evaluation set is no part of this project (pictures of people never are): name its folder, with pairs.csv in
// it, in EDGED_FACES.
func TestAccuracyOnTheEvaluationSet(t *testing.T) {
	dir := os.Getenv("EDGED_FACES")
	if dir == "" {
		t.Skip("this machine has no evaluation set in EDGED_FACES")
	}
	r, err := bench.Accuracy(t.Context(), bench.Job{Images: dir, Pairs: filepath.Join(dir, "pairs.csv"), Models: modelstest.Pack(t),
		Eyes: runtime.NumCPU()}, start(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", line)
	for what, c := range map[string]struct{ got, want float64 }{
		"EER":         {r.EER, 0.0050},
		"TAR at 1e-2": {r.TAR["1e-2"], 0.9967},
		"TAR at 1e-3": {r.TAR["1e-3"], 0.9913},
		"TAR at 1e-4": {r.TAR["1e-4"], 0.978},
	} {
		if d := c.got - c.want; d > 0.002 || d < -0.002 {
			t.Errorf("%s is %.4f, want %.4f within 0.002", what, c.got, c.want)
		}
	}
	if r.NotFound != 0 {
		t.Errorf("%d pairs without a face", r.NotFound)
	}
}
