package passage_test

import (
	"math"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/match"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

var ana, bob = person.ID{1}, person.ID{2}

// stand is a door with one camera, and time that passes when it is told to.
type stand struct {
	*passage.Passage
	at      time.Duration
	alone   bool
	decided []access.Facts
}

func (s *stand) MayIn(person.ID) bool { return true }
func (s *stand) Guide(wire.Prompt)    {}
func (s *stand) Decided(f access.Facts, _ time.Duration, _ wire.Stages) {
	s.Expecting() // as the keeper asks, to tell the eye what to do
	s.decided = append(s.decided, f)
}

func newStand(t *testing.T, alone bool) *stand {
	t.Helper()
	a, err := template.NewArena(4, [32]byte{9}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	g, s := match.NewGallery(a), &stand{at: time.Hour, alone: alone}
	for i, p := range []person.ID{ana, bob} {
		f := feature(i, 1)
		h, err := a.Put(&f)
		if err == nil {
			err = g.Put(p, h, time.Now().Add(time.Hour))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Passage = passage.New(passage.Rules{Frames: 3, Within: 3 * time.Second, Live: .05, Threshold: func() float32 { return .55 },
		Margin: .05, Alone: func() bool { return s.alone }, Patience: 10 * time.Second, Again: time.Second},
		a, g, s, time.Now, func() time.Duration { return s.at })
	return s
}

func feature(who int, like float64) (v [template.Len]float32) {
	v[who], v[511] = float32(like), float32(math.Sqrt(1-like*like))
	return v
}

// see shows somebody for some frames, a tenth of a second apart.
func (s *stand) see(frames, who int, like float64, live float32) {
	for range frames {
		s.at += 100 * time.Millisecond
		s.See(&wire.Sighting{CapturedAt: int64(s.at - 50*time.Millisecond), Verdict: wire.Good, Live: live, Feature: feature(who, like)})
		s.Tick()
	}
}

func TestAFaceAloneOpensOnlyWhereTheCurveBearsIt(t *testing.T) {
	for _, alone := range []bool{true, false} {
		s := newStand(t, alone)
		s.see(5, 0, .9, 1)
		if got := len(s.decided) > 0; got != alone {
			t.Errorf("alone %v: %+v", alone, s.decided)
		}
	}
}

func TestWhoeverTypedAPINIsTheOnlyOneWhoIsLookedFor(t *testing.T) {
	in := access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: ana, MayIn: true, Signed: true}
	out := access.Facts{Method: wire.MethodFace, Found: access.Nobody, Who: ana, Signed: true}
	fake := access.Facts{Method: wire.MethodFace, Found: access.NotLive, Who: ana, Signed: true}
	unsure := access.Facts{Method: wire.MethodFace, Found: access.Unsure, Who: ana, Signed: true}
	for _, c := range []struct {
		name string
		see  func(*stand)
		want []access.Facts
	}{
		{"her own face", func(s *stand) { s.see(3, 0, .9, 1) }, []access.Facts{in}},
		{"two sightings are not three", func(s *stand) { s.see(2, 0, .9, 1) }, nil},
		{"a few bad frames first", func(s *stand) { s.see(9, 0, .3, 1); s.see(3, 0, .9, 1) }, []access.Facts{in}},
		{"somebody else of the list, until her time is up", func(s *stand) { s.see(120, 1, .9, 1) }, []access.Facts{out}},
		{"a stranger", func(s *stand) { s.see(120, 7, .9, 1) }, []access.Facts{out}},
		{"nobody", func(s *stand) { s.at += 11 * time.Second; s.Tick() }, []access.Facts{out}},
		{"a picture of her", func(s *stand) { s.see(120, 0, .9, 0) }, []access.Facts{fake}},
		{"a face that cannot be judged", func(s *stand) { s.see(120, 0, .9, .03) }, []access.Facts{unsure}},
		{"her face when her time is up", func(s *stand) { s.at += 11 * time.Second; s.Tick(); s.see(5, 0, .9, 1) }, []access.Facts{out}},
		{"she opens once", func(s *stand) { s.see(30, 0, .9, 1) }, []access.Facts{in}},
	} {
		s := newStand(t, false)
		s.Expect(ana)
		c.see(s)
		if len(s.decided) != len(c.want) || len(c.want) > 0 && s.decided[0] != c.want[0] {
			t.Errorf("%s: %+v", c.name, s.decided)
		}
		if s.Expecting() != (c.want == nil) {
			t.Errorf("%s: still expected: %v", c.name, s.Expecting())
		}
	}
}
