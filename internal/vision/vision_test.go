package vision_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

func open(t *testing.T, zone room.Zone) *vision.Vision {
	t.Helper()
	v, err := vision.Open(modelstest.Pack(t), zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func picture(t *testing.T, name string) *capture.Frame {
	t.Helper()
	b, err := os.ReadFile(modelstest.Picture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	f, err := capture.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func cosine(a, b [wire.FeatureLen]float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// The figures are those of the reference pipeline on the same pictures (docs/measurements.md), narrow enough to tell
// the order of the colours: with red first the first cosine is 0.8797.
func TestPeopleAreToldApart(t *testing.T) {
	v := open(t, room.Zone{})
	names := []string{"face.jpg", "face-detect.jpg", "distortion.jpg", "distortion-correct.jpg", "astronaut.png"}
	who := []string{"one", "one", "two", "two", "three"}
	living := []bool{true, true, false, false, true}
	seen := make([]wire.Measured, len(names))
	for i, name := range names {
		f := picture(t, name)
		if err := v.Measure(f.Pix, f.W, f.H, true, &seen[i]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if seen[i].Finding != wire.FaceFound {
			t.Fatalf("%s: %v", name, seen[i].Finding)
		}
		if l := cosine(seen[i].Feature, seen[i].Feature); math.Abs(l-1) > 1e-4 {
			t.Errorf("%s: the feature's length is %v, not 1", name, math.Sqrt(l))
		}
		if live := float64(seen[i].Live); living[i] && live < 0.99 || !living[i] && live > 0.02 {
			t.Errorf("%s: liveness %.3f, living %v", name, live, living[i])
		}
		if s := seen[i].StageUS; s.DetectNet == 0 || s.DetectNet > s.Detect || s.FeatureNet == 0 || s.FeatureNet > s.Feature {
			t.Errorf("%s: stages do not hold their networks: %+v", name, s)
		}
	}
	for i := range names {
		for j := range i {
			c := cosine(seen[i].Feature, seen[j].Feature)
			switch {
			case who[i] != who[j] && c > 0.17:
				t.Errorf("%s and %s are two people, cosine %.3f", names[i], names[j], c)
			case who[i] == "one" && who[j] == "one" && math.Abs(c-0.8833) > 0.002:
				t.Errorf("%s and %s are one man, cosine %.4f instead of 0.8833", names[i], names[j], c)
			case who[i] == "two" && who[j] == "two" && math.Abs(c-0.9882) > 0.001:
				t.Errorf("%s and %s are one man, cosine %.4f instead of 0.9882", names[i], names[j], c)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	var none [wire.FeatureLen]float32
	for _, c := range []struct {
		name    string
		picture string
		zone    room.Zone
		change  func(*capture.Frame)
		want    wire.Verdict
		in, out uint8
	}{
		{name: "a good picture is good", picture: "face.jpg", want: wire.Good, in: 1},
		{name: "nobody is nobody", picture: "space_shuttle.jpg", want: wire.NoFace},
		{name: "a face outside the zone is counted and not looked at", picture: "face.jpg",
			zone: room.Zone{Left: 0, Top: 0, Right: 0.1, Bottom: 0.1}, want: wire.NoFace, out: 1},
		{name: "a small face is too far away", picture: "face.jpg", zone: room.Zone{MinEyeDistance: 100}, want: wire.TooFar, in: 1},
		{name: "a far smaller face than wanted passes by", picture: "face.jpg", zone: room.Zone{MinEyeDistance: 200},
			want: wire.NoFace, out: 1},
		{name: "somebody far behind does not make it several", picture: "face.jpg", change: behind, want: wire.Good, in: 2},
		{name: "a dark face is brightened", picture: "face.jpg", change: times(0.15), want: wire.Good, in: 1},
		{name: "a face in the dark is found, and too dark", picture: "face.jpg", change: times(0.03), want: wire.TooDark, in: 1},
		{name: "an over-exposed face is too bright", picture: "face.jpg", change: times(3.2), want: wire.TooBright, in: 1},
		{name: "a blurred face is blurred", picture: "astronaut.png", change: blur(9), want: wire.Blurred, in: 1},
		{name: "a face held askew is turned", picture: "face.jpg", change: turned, want: wire.TurnHead, in: 1},
		{name: "two faces are several", picture: "face.jpg", change: twice, want: wire.Several, in: 2},
		{name: "a face that fills the frame is too close", picture: "face.jpg", change: cropped(0.41, 0.25, 0.70, 0.875),
			want: wire.TooClose, in: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := open(t, c.zone)
			f := picture(t, c.picture)
			if c.change != nil {
				c.change(f)
			}
			s := wire.Sighting{Frame: 7, CapturedAt: 8, Live: 1, Feature: [wire.FeatureLen]float32{1}}
			if err := v.Look(f.Pix, f.W, f.H, &s); err != nil {
				t.Fatal(err)
			}
			if s.Verdict != c.want || s.InZone != c.in || s.Outside != c.out {
				t.Errorf("%v with %d in and %d outside, want %v with %d and %d (eye distance %d)", s.Verdict, s.InZone, s.Outside, c.want, c.in, c.out, s.EyeDistance)
			}
			if good := s.Verdict == wire.Good; good == (s.Feature == none) || good == (s.Live == 0) || good == (s.StageUS.FeatureNet == 0) {
				t.Errorf("verdict %v with live %v and a feature %v", s.Verdict, s.Live, s.Feature != none)
			}
			if s.Frame != 7 || s.CapturedAt != 8 || s.Model != v.Model() {
				t.Error("the frame's own words were changed")
			}
		})
	}
}

// What the last face left behind must not be seen when the next frame is empty, of another size, or after Forget.
func TestForget(t *testing.T) {
	v := open(t, room.Zone{})
	f := picture(t, "face.jpg")
	var before, after wire.Sighting
	if err := v.Look(f.Pix, f.W, f.H, &before); err != nil {
		t.Fatal(err)
	}
	if err := v.Forget(); err != nil {
		t.Fatal(err)
	}
	if err := v.Look(f.Pix, f.W, f.H, &after); err != nil {
		t.Fatal(err)
	}
	if after.Feature != before.Feature {
		t.Error("the same frame gives another feature after Forget")
	}
	black := make([]byte, 320*200*3)
	if err := v.Look(black, 320, 200, &after); err != nil || after.Verdict != wire.NoFace {
		t.Errorf("a black frame after a face: %v, %v", after.Verdict, err)
	}
}

func TestFramesThatOpenCVNeverSees(t *testing.T) {
	v := open(t, room.Zone{})
	for _, c := range []struct {
		name          string
		pix           int
		width, height int
		tooLarge      bool
		want          string
	}{
		{name: "no pixels", want: "frame of 0×0 pixels"},
		{name: "a negative size", width: -4, height: 4, want: "frame of -4×4 pixels"},
		{name: "fewer bytes than pixels", pix: 100, width: 10, height: 10, want: "has 100 bytes instead of 300"},
		{name: "a picture of 20,000 by 20,000", width: 20000, height: 20000, tooLarge: true, want: "20000×20000"},
		{name: "a long strip", width: 32769, height: 1, tooLarge: true, want: "32769×1"},
		{name: "a size that overflows", width: math.MaxInt, height: math.MaxInt, tooLarge: true, want: "more pixels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s wire.Sighting
			err := v.Look(make([]byte, c.pix), c.width, c.height, &s)
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, vision.ErrTooLarge) != c.tooLarge {
				t.Errorf("error %v, want %q, too large %v", err, c.want, c.tooLarge)
			}
		})
	}
	for _, size := range [][2]int{{1, 1}, {2, 900}, {900, 2}, {6000, 3}} {
		var s wire.Sighting
		if err := v.Look(make([]byte, size[0]*size[1]*3), size[0], size[1], &s); err != nil || s.Verdict != wire.NoFace {
			t.Errorf("%v: %v, %v", size, s.Verdict, err)
		}
	}
}

func TestModelsThatAreNotTheOnes(t *testing.T) {
	whole := modelstest.Pack(t)
	for _, c := range []struct {
		name   string
		change func(path string) error
		want   string
	}{
		{"a missing file is named", os.Remove, "fr_landmark.onnx (landmarks) is missing"},
		{"a truncated file is named", func(p string) error { return os.Truncate(p, 1000) }, "fr_landmark.onnx (landmarks) is not the file that the manifest names (1000 bytes"},
		{"a swapped file is named", func(p string) error { return os.Rename(filepath.Join(filepath.Dir(p), "fr_detect.onnx.bak"), p) }, "fr_landmark.onnx (landmarks) is not the file"},
		{"a folder in its place is named", func(p string) error { os.Remove(p); return os.Mkdir(p, 0o700) }, "fr_landmark.onnx (landmarks): not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pack := whole
			pack.Dir = t.TempDir()
			for _, f := range whole.Files {
				b, err := os.ReadFile(filepath.Join(whole.Dir, f.Name))
				if err != nil {
					t.Fatal(err)
				}
				for _, to := range []string{f.Name, f.Name + ".bak"} {
					if err := os.WriteFile(filepath.Join(pack.Dir, to), b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := c.change(filepath.Join(pack.Dir, "fr_landmark.onnx")); err != nil {
				t.Fatal(err)
			}
			v, err := vision.Open(pack, room.Zone{})
			if err == nil {
				v.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "edged models install") {
				t.Errorf("error %q does not say %q and what to do", err, c.want)
			}
		})
	}
}
