package vision_test

import (
	"bytes"
	"testing"
	"time"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// three puts the picture beside itself twice.
func three(f *capture.Frame) {
	wide := make([]byte, 0, len(f.Pix)*3)
	for y := range f.H {
		row := f.Pix[y*f.W*3:][:f.W*3]
		wide = append(append(append(wide, row...), row...), row...)
	}
	f.Pix, f.W = wide, f.W*3
}

// M-13b: of three people only the one in the zone is looked at.
func TestM13b_OfThreePeopleTheOneInTheZoneIsLookedAt(t *testing.T) {
	var alone, s wire.Sighting
	f := picture(t, "face.jpg")
	if err := open(t, room.Zone{}).Look(f.Pix, f.W, f.H, &alone); err != nil {
		t.Fatal(err)
	}
	three(f)
	if err := open(t, room.Zone{Left: .33, Right: .67, Bottom: 1}).Look(f.Pix, f.W, f.H, &s); err != nil {
		t.Fatal(err)
	}
	if s.Verdict != wire.Good || s.InZone != 1 || s.Outside != 2 {
		t.Fatalf("%v with %d in the zone and %d outside", s.Verdict, s.InZone, s.Outside)
	}
	if c := cosine(s.Feature, alone.Feature); c < .9 {
		t.Errorf("the one in the middle is somebody else: cosine %.3f", c)
	}
}

// M-13b: a thousand sightings of passers-by, beside the zone, too far away and too short, give not one feature: no network
// but the detector so much as runs.
func TestM13b_OfAThousandPassersByNothingIsComputed(t *testing.T) {
	one, crowd := picture(t, "face.jpg"), picture(t, "face.jpg")
	three(crowd)
	sightings := 0
	for _, c := range []struct {
		name        string
		zone        room.Zone
		frame       *capture.Frame
		frames      int
		in, outside uint8 // in each frame
	}{
		{"beside the zone", room.Zone{Right: .02, Bottom: .02}, crowd, 200, 0, 3},
		{"too far away", room.Zone{MinEyeDistance: 200}, crowd, 125, 0, 3},
		{"there for a moment", room.Zone{Dwell: time.Hour}, one, 40, 1, 0},
	} {
		v, f := open(t, c.zone), c.frame
		wide := append(bytes.Clone(f.Pix), f.Pix[:64*3]...)
		for i := range c.frames {
			s := wire.Sighting{Frame: uint64(i), CapturedAt: int64(i+1) * int64(time.Second), Live: 1, Feature: [wire.FeatureLen]float32{1}}
			if err := v.Look(wide[i%64*3:][:len(f.Pix)], f.W, f.H, &s); err != nil { // each frame a little further
				t.Fatal(err)
			}
			if s.InZone != c.in || s.Outside != c.outside {
				t.Fatalf("%s: frame %d: %d in the zone and %d outside", c.name, i, s.InZone, s.Outside)
			}
			if ran := s.StageUS; s.Feature != [wire.FeatureLen]float32{} || s.Live != 0 || ran.FeatureNet+ran.LivenessNet+ran.LandmarkNet > 0 {
				t.Fatalf("%s: frame %d: something was computed of somebody who passes by: %+v", c.name, i, ran)
			}
			sightings += int(s.InZone) + int(s.Outside)
		}
	}
	if sightings < 1000 {
		t.Errorf("%d sightings", sightings)
	}
}
