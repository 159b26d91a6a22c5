package bench_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/bench"
)

func TestGroupsAreCountedApartAtOneThreshold(t *testing.T) {
	j := job(t, "a,b,same,group\na1,a2,1,north\na1,nobody,1,south\na1,b1,0,south\na2,a3,0,north\n", "a1", "a2", "a3", "b1", "nobody")
	r, err := bench.Accuracy(t.Context(), j, drawn(t, nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Groups) != 2 || r.Groups[0].Group != "north" || r.Groups[1].Group != "south" {
		t.Fatalf("%+v", r.Groups)
	}
	north, south := r.Groups[0], r.Groups[1]
	if north.FMR.Share != 1 || north.FNMR.Share != 0 || south.FMR.Share != 0 || south.FNMR.Share != 1 || south.FNMR.Of != 1 {
		t.Errorf("%+v", r.Groups)
	}
	if r.FMR.Share != .5 || r.FNMR.Share != .5 || r.At != .55 || math.Abs(r.FMR.Low-.0126) > 1e-4 || math.Abs(r.FMR.High-.9874) > 1e-4 {
		t.Errorf("over all: %+v %+v at %v", r.FMR, r.FNMR, r.At)
	}
	if r.Spread == nil || r.Spread.FMR != 1 || r.Spread.FMRSure || r.Spread.FNMR != 1 {
		t.Errorf("spread %+v: one pair each may be chance", r.Spread)
	}
}

func TestWithoutAGroupColumnThereAreNoGroups(t *testing.T) {
	r, err := bench.Accuracy(t.Context(), job(t, "a,b,same\na1,a2,1\na1,b1,0\n", "a1", "a2", "b1"), drawn(t, nil), time.Now)
	if err != nil || r.Groups != nil || r.Spread != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTheCurveIsDrawn(t *testing.T) {
	r, err := bench.Accuracy(t.Context(), job(t, "a,b,same\na1,a2,1\na1,b1,0\n", "a1", "a2", "b1"), drawn(t, nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := r.Plot(filepath.Join(dir, "d.svg")); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "d.svg"))
	if err != nil || !bytes.Contains(b, []byte("false match rate")) || !bytes.Contains(b, []byte("threshold 0.55")) {
		t.Errorf("no labels: %v", err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Plot(filepath.Join(dir, "d.png")); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "d.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	if err := r.Plot(filepath.Join(dir, "d.pdf")); err == nil || !strings.Contains(err.Error(), ".svg or .png") {
		t.Errorf("a PDF: %v", err)
	}
	one, err := bench.Accuracy(t.Context(), job(t, "a,b,same\na1,a2,1\n", "a1", "a2"), drawn(t, nil), time.Now)
	if err != nil || one.Plot(filepath.Join(dir, "e.svg")) == nil {
		t.Errorf("a curve of one kind of pairs was drawn, %v", err)
	}
}

func people(t *testing.T, gallery, probes string, pictures ...string) bench.Job {
	t.Helper()
	j := job(t, "", append(pictures, "gallery.csv", "probes.csv")...)
	j.Gallery, j.Probes = filepath.Join(j.Images, "gallery.csv"), filepath.Join(j.Images, "probes.csv")
	for path, csv := range map[string]string{j.Gallery: gallery, j.Probes: probes} {
		if err := os.WriteFile(path, []byte(csv), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func TestIdentification(t *testing.T) {
	j := people(t, "path,person\na1,ada\na2,ada\nb1,bob\nnobody,cyd\n", "path,person\na3,ada\na4,ada\nb2,bob\nc1,cyd\nz1,\nb3,\n",
		"a1", "a2", "a3", "a4", "b1", "b2", "b3", "c1", "z1", "nobody")
	r, err := bench.Identify(t.Context(), j, drawn(t, nil), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Enrolled != 3 || r.Failed != 1 || r.Genuine != 4 || r.Impostor != 2 || r.Rank1 != .75 {
		t.Errorf("%+v", r)
	}
	one, two := r.Table[3], r.Table[4] // margin .05, one and two sightings
	if one.FPIR.Share != .5 || one.FNIR.Share != .25 || one.Frames != 1 || one.Margin != .05 {
		t.Errorf("one sighting: %+v", one)
	}
	if two.FNIR.Of != 1 || two.FNIR.Share != 0 || two.FPIR.Of != 1 || two.FPIR.Share != 0 {
		t.Errorf("two sightings: %+v", two)
	}
}

func TestListsOfPeopleThatAreWrong(t *testing.T) {
	for _, c := range []struct{ name, gallery, want string }{
		{"no head", "a1,ada\n", "gallery.csv, line 1: the first line must be path,person"},
		{"nobody", "path,person\n", "gallery.csv names no picture"},
		{"a path that leads out", "path,person\n../a1,ada\n", "gallery.csv, line 2:"},
		{"three columns", "path,person\na1,ada,x\n", "gallery.csv, line 2:"},
		{"somebody without a name", "path,person\na1,\n", "a picture without a person"},
		{"a picture that is not there", "path,person\na9,ada\n", "there is no a9"},
	} {
		_, err := bench.Identify(t.Context(), people(t, c.gallery, "path,person\na1,\n", "a1"), drawn(t, nil), time.Now)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
