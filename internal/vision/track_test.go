package vision_test

import (
	"testing"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestAFaceIsTrackedBetweenDetections(t *testing.T) {
	v := open(t, room.Zone{})
	f := picture(t, "face.jpg")
	var first wire.Sighting
	for i := range 7 {
		s := wire.Sighting{Frame: uint64(i + 1), CapturedAt: int64(i + 1)}
		if err := v.Look(f.Pix, f.W, f.H, &s); err != nil {
			t.Fatal(err)
		}
		if s.Verdict != wire.Good || s.InZone != 1 {
			t.Fatalf("frame %d: %v, %d in the zone", i, s.Verdict, s.InZone)
		}
		if detected := s.StageUS.DetectNet > 0; detected != (i%3 == 0) {
			t.Errorf("frame %d: the detector ran: %v", i, detected)
		}
		if i == 0 {
			first = s
		}
		if c := cosine(s.Feature, first.Feature); c < 0.95 || s.Live < 0.9 {
			t.Errorf("frame %d: cosine %.3f with the detected face, liveness %.3f", i, c, s.Live)
		}
	}
	// Nobody stands where the face was: the detector looks in the same frame.
	s := wire.Sighting{CapturedAt: 8}
	if err := v.Look(make([]byte, f.W*f.H*3), f.W, f.H, &s); err != nil || s.Verdict != wire.NoFace || s.InZone != 0 || s.StageUS.DetectNet == 0 {
		t.Errorf("an empty frame after a tracked face: %v, %d in the zone, %v, detector %d µs", s.Verdict, s.InZone, err, s.StageUS.DetectNet)
	}
}

// Whoever stands there together with somebody else is detected in every frame.
func TestTwoFacesAreNotTracked(t *testing.T) {
	v := open(t, room.Zone{})
	f := picture(t, "face.jpg")
	twice(f)
	for i := range 4 {
		s := wire.Sighting{CapturedAt: int64(i + 1)}
		if err := v.Look(f.Pix, f.W, f.H, &s); err != nil || s.Verdict != wire.Several || s.StageUS.DetectNet == 0 {
			t.Errorf("frame %d: %v, detector %d µs, %v", i, s.Verdict, s.StageUS.DetectNet, err)
		}
	}
}

// A second face that comes while the first is tracked is seen two frames later at the latest.
func TestWhoComesBesideATrackedFaceIsSeen(t *testing.T) {
	v := open(t, room.Zone{})
	both := picture(t, "face.jpg")
	twice(both)
	alone := append([]byte(nil), both.Pix...)
	for y := range both.H {
		clear(alone[(y*both.W+both.W/2)*3:][:both.W/2*3])
	}
	for i := range 4 {
		pix := both.Pix
		if i == 0 {
			pix = alone
		}
		s := wire.Sighting{CapturedAt: int64(i + 1)}
		if err := v.Look(pix, both.W, both.H, &s); err != nil {
			t.Fatal(err)
		}
		if (s.Verdict == wire.Several) != (i == 3) {
			t.Errorf("frame %d: %v", i, s.Verdict)
		}
	}
}

func TestALookAllocatesNothing(t *testing.T) {
	v := open(t, room.Zone{})
	f := picture(t, "face.jpg")
	empty := make([]byte, len(f.Pix))
	var s wire.Sighting
	at := int64(0)
	for name, pix := range map[string][]byte{"somebody": f.Pix, "nobody": empty} {
		look := func() {
			at++
			s.CapturedAt = at
			if err := v.Look(pix, f.W, f.H, &s); err != nil {
				t.Fatal(err)
			}
		}
		look()
		if n := testing.AllocsPerRun(9, look); n != 0 {
			t.Errorf("%s: %v allocations a frame", name, n)
		}
	}
}
