package template_test

import (
	"context"
	"encoding/csv"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/hall"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

// The tests are also the stage through which the eye is started.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == hall.StageWord {
		os.Exit(hall.Stage())
	}
	os.Exit(m.Run())
}

// The evaluation set is no part of this project (pictures of people never are): name its folder, with gallery.csv in
// it, in EDGED_FACES. bin/edged-eye must have been built.
func TestTwoDevicesCannotTellThatTheyKnowTheSameRealPeople(t *testing.T) {
	dir := os.Getenv("EDGED_FACES")
	if dir == "" {
		t.Skip("this machine has no evaluation set in EDGED_FACES")
	}
	first, second := features(t, dir)
	within, across := linked(t, first, second, 12)
	t.Logf("%d people, 12 pairs of devices: AUC within a device %.4f, across devices %.4f", len(first), within, across)
	if within < .99 || math.Abs(across-.5) > .02 {
		t.Errorf("AUC within a device %.4f, across devices %.4f", within, across)
	}
}

// features has the eye look at two pictures of each person.
func features(t *testing.T, dir string) (first, second [][template.Len]float32) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "gallery.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var pictures []string
	for i := 1; i+1 < len(rows); i += 2 {
		if rows[i][1] != rows[i+1][1] {
			t.Fatalf("line %d: not two pictures of one person", i+1)
		}
		pictures = append(pictures, rows[i][0], rows[i+1][0])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	programs, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	heard, stop, err := hall.Measure(ctx, programs, room.Eye{Models: modelstest.Pack(t),
		Measure: &room.Measure{Folder: dir, Pictures: pictures}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var last *wire.Measured
	for i := range pictures {
		w, err := heard.Hear()
		if err != nil {
			t.Fatal(err)
		}
		m, ok := w.(*wire.Measured)
		if !ok || int(m.Index) != i {
			t.Fatalf("the eye spoke of something else than picture %d", i)
		}
		if i%2 == 1 && m.Finding == wire.FaceFound && last.Finding == wire.FaceFound {
			first, second = append(first, last.Feature), append(second, m.Feature)
		}
		last = m
	}
	return first, second
}
