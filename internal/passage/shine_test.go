package passage_test

import (
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/lights"
	"example.org/edged/internal/match"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

var asked = lights.Sequence{wire.LightWhite, wire.LightDark, wire.LightGreen, wire.LightBlue, wire.LightWhite}

// lit is what the light of the screen makes of a face, or of what stands at the same distance.
func lit(since time.Duration) (v [3]float32) {
	light := [3]float32{}
	if i := int((since - 200*time.Millisecond) / lights.Step); since >= 200*time.Millisecond && i < len(asked) {
		light = map[wire.Light][3]float32{wire.LightWhite: {1, 1, 1}, wire.LightGreen: {.08, .58, 0}, wire.LightBlue: {1, .08, .02}}[asked[i]]
	}
	for i := range v {
		v[i] = .3 + .2*light[i]
	}
	return v
}

func dull(time.Duration) [3]float32 { return [3]float32{.3, .3, .3} }

// newShining is a stand whose door has challenges.
func newShining(t *testing.T, shown bool) (s *stand, shone *int) {
	t.Helper()
	a, err := template.NewArena(4, [32]byte{9}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	g := match.NewGallery(a)
	s, shone = &stand{at: time.Hour, alone: true}, new(int)
	f := feature(0, 1)
	h, err := a.Put(&f)
	if err == nil {
		err = g.Put(ana, h, time.Now().Add(time.Hour))
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Passage = passage.New(passage.Rules{Frames: 3, Within: 3 * time.Second, Live: .05, Threshold: func() float32 { return .55 }, Margin: .05,
		Alone: func() bool { return s.alone }, Patience: 10 * time.Second, Again: time.Second,
		Shine: func() (lights.Sequence, bool) { *shone++; return asked, shown }}, a, g, s, time.Now, func() time.Duration { return s.at })
	return s, shone
}

// shine shows somebody for a while, a tenth of a second apart, in light that comes when the challenge has begun.
func (s *stand) shine(d time.Duration, who int, shone *int, skin, around func(time.Duration) [3]float32, verdict wire.Verdict) {
	var began time.Duration
	for end := s.at + d; s.at < end; {
		s.at += 100 * time.Millisecond
		if *shone > 0 && began == 0 {
			began = s.at - 100*time.Millisecond
		}
		w := &wire.Sighting{CapturedAt: int64(s.at), Verdict: verdict, Live: 1, Feature: feature(who, .9), Skin: dull(0), Around: dull(0)}
		if began > 0 {
			w.Skin, w.Around = skin(s.at-began), around(s.at-began)
		}
		s.See(w)
		s.Tick()
	}
}

func TestAChallengeMayOnlyDeny(t *testing.T) {
	in := access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana, MayIn: true}
	unsure, fake := in, in
	unsure.Found, fake.Found = access.Unsure, access.NotLive
	for _, c := range []struct {
		name  string
		shown bool
		play  func(*stand, *int)
		want  *access.Facts
		shone int
	}{
		{"the light is on the face and not behind it", true, func(s *stand, n *int) { s.shine(3500*time.Millisecond, 0, n, lit, dull, wire.Good) }, &in, 1},
		{"the light is on all of it", true, func(s *stand, n *int) { s.shine(3500*time.Millisecond, 0, n, lit, lit, wire.Good) }, &fake, 1},
		{"the light is nowhere", true, func(s *stand, n *int) { s.shine(3500*time.Millisecond, 0, n, dull, dull, wire.Good) }, &unsure, 1},
		{"the screen shows nothing", false, func(s *stand, n *int) { s.shine(400*time.Millisecond, 0, n, lit, dull, wire.Good) }, &unsure, 1},
		{"whoever stays is challenged once", true, func(s *stand, n *int) { s.shine(9*time.Second, 0, n, lit, dull, wire.Good) }, &in, 1},
		{"before the end nothing is decided", true, func(s *stand, n *int) { s.shine(2*time.Second, 0, n, lit, dull, wire.Good) }, nil, 1},
		{"a stranger is not challenged", true, func(s *stand, n *int) { s.shine(200*time.Millisecond, 7, n, lit, dull, wire.Good) }, nil, 0},
		{"somebody else steps in", true, func(s *stand, n *int) {
			s.shine(time.Second, 0, n, lit, dull, wire.Good)
			s.shine(200*time.Millisecond, 7, n, lit, dull, wire.Good)
		}, nil, 1},
		{"they turn away", true, func(s *stand, n *int) {
			s.shine(400*time.Millisecond, 0, n, lit, dull, wire.Good)
			s.shine(5*time.Second, 0, n, lit, dull, wire.TurnHead)
		}, &unsure, 1},
	} {
		s, shone := newShining(t, c.shown)
		c.play(s, shone)
		if *shone != c.shone {
			t.Errorf("%s: %d challenges", c.name, *shone)
		}
		if c.want == nil && len(s.decided) > 0 || c.want != nil && (len(s.decided) == 0 || s.decided[0] != *c.want || len(s.decided) > 1) {
			t.Errorf("%s: %+v", c.name, s.decided)
		}
	}
}
