package passage_test

import (
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/match"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

// newWarm is a stand whose door has an infrared camera, or not.
func newWarm(t *testing.T, infrared bool) *stand {
	t.Helper()
	a, err := template.NewArena(4, [32]byte{9}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	g, s, f := match.NewGallery(a), &stand{at: time.Hour, alone: true}, feature(0, 1)
	h, err := a.Put(&f)
	if err == nil {
		err = g.Put(ana, h, time.Now().Add(time.Hour))
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Passage = passage.New(passage.Rules{Frames: 3, Within: 3 * time.Second, Live: .05, Infrared: infrared, Threshold: func() float32 { return .55 }, Margin: .05,
		Alone: func() bool { return s.alone }, Patience: 10 * time.Second, Again: time.Second}, a, g, s, time.Now, func() time.Duration { return s.at })
	return s
}

func TestInfraredMayOnlyDeny(t *testing.T) {
	const face, none, unknown = wire.InfraredFace, wire.InfraredNoFace, wire.InfraredUnknown
	for _, c := range []struct {
		name     string
		infrared bool
		live     float32
		saw      [3]wire.Infrared
		want     access.Found
	}{
		{"each sighting shows the face", true, 1, [3]wire.Infrared{face, face, face}, access.Somebody},
		{"one sighting does not", true, 1, [3]wire.Infrared{face, none, face}, access.NotLive},
		{"none does", true, 1, [3]wire.Infrared{none, none, none}, access.NotLive},
		{"nothing fresh came for one", true, 1, [3]wire.Infrared{face, unknown, face}, access.Unsure},
		{"the camera is dead", true, 1, [3]wire.Infrared{}, access.Unsure},
		{"whom the model refuses it does not make alive", true, 0, [3]wire.Infrared{face, face, face}, access.NotLive},
		{"nor whom the model cannot judge", true, .03, [3]wire.Infrared{face, face, face}, access.Unsure},
		{"where the key is left out it is not asked", false, 1, [3]wire.Infrared{unknown, none, unknown}, access.Somebody},
	} {
		for _, pin := range []bool{false, true} {
			s := newWarm(t, c.infrared)
			s.alone = !pin
			if pin {
				s.Expect(ana)
			}
			for _, seen := range c.saw {
				s.at += 100 * time.Millisecond
				s.See(&wire.Sighting{CapturedAt: int64(s.at), Verdict: wire.Good, Live: c.live, Infrared: seen, Feature: feature(0, .9)})
			}
			if pin && c.want != access.Somebody { // whoever has typed a PIN has some seconds
				s.at += 11 * time.Second
				s.Tick()
			}
			if len(s.decided) != 1 || s.decided[0].Found != c.want {
				t.Errorf("%s (with a PIN: %v): %+v", c.name, pin, s.decided)
			}
		}
	}
}
