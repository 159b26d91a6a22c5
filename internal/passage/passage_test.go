package passage_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/match"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

var model = [32]byte{7}

// face is always the same random direction for one seed; mixed with another it looks like both.
func face(seed uint64) (v [wire.FeatureLen]float32) {
	from := rand.New(rand.NewPCG(seed, 1))
	for i := range v {
		v[i] = float32(from.NormFloat64())
	}
	return v
}

func between(a, b [wire.FeatureLen]float32) [wire.FeatureLen]float32 {
	for i := range a {
		a[i] += b[i]
	}
	return a
}

// door is a door that writes down what it is told.
type door struct {
	in       map[person.ID]bool
	asked    func(person.ID)
	decided  []access.Facts
	guidance []wire.Prompt
}

func (d *door) MayIn(p person.ID) bool {
	if d.asked != nil {
		d.asked(p)
	}
	return d.in[p]
}
func (d *door) Decided(f access.Facts, _ time.Duration, _ wire.Stages) {
	d.decided = append(d.decided, f)
}
func (d *door) Guide(p wire.Prompt) { d.guidance = append(d.guidance, p) }

// porch is a passage with everything around it.
type porch struct {
	*passage.Passage
	door    *door
	gallery *match.Gallery
	arena   *template.Arena
	now     time.Time
	up      time.Duration
	frame   uint64
}

var (
	resident = person.ID{1}
	twin     = person.ID{2}
)

func newPorch(t *testing.T) *porch {
	t.Helper()
	a, err := template.NewArena(16, [32]byte{9}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	p := &porch{door: &door{in: map[person.ID]bool{resident: true}}, gallery: match.NewGallery(a), arena: a,
		now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), up: time.Hour}
	p.Passage = passage.New(passage.Rules{Model: model, Frames: 3, Within: 3 * time.Second, Live: 0.05,
		Threshold: func() float32 { return 0.6 }, Margin: 0.05, Alone: func() bool { return true }, Again: 2 * time.Second}, a, p.gallery, p.door,
		func() time.Time { return p.now }, func() time.Duration { return p.up })
	p.lives(t, resident, face(1))
	return p
}

func (p *porch) lives(t *testing.T, who person.ID, v [wire.FeatureLen]float32) {
	t.Helper()
	h, err := p.arena.Put(&v)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.gallery.Put(who, h, p.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

// step is one frame; the frame is 20 ms old when it is seen, and the next one comes 100 ms later.
func (p *porch) step(change func(*wire.Sighting)) *wire.Sighting {
	p.frame++
	s := &wire.Sighting{Frame: p.frame, CapturedAt: int64(p.up - 20*time.Millisecond), InZone: 1, Verdict: wire.Good, Live: 0.9,
		Model: model, Feature: face(1)}
	if change != nil {
		change(s)
	}
	p.See(s)
	p.wait(100 * time.Millisecond)
	return s
}

func (p *porch) wait(d time.Duration) { p.up, p.now = p.up+d, p.now.Add(d) }

func stranger(s *wire.Sighting) { s.Feature = face(99) }
func photo(s *wire.Sighting)    { s.Live = 0 }
func nobody(s *wire.Sighting)   { s.Verdict, s.Feature = wire.NoFace, [wire.FeatureLen]float32{} }
func far(s *wire.Sighting)      { s.Verdict, s.Feature = wire.TooFar, [wire.FeatureLen]float32{} }

func TestWhatSightingsLeadTo(t *testing.T) {
	type frames []func(*wire.Sighting)
	some := access.Facts{Method: wire.MethodFace, Found: access.Somebody, Who: resident, MayIn: true}
	none := access.Facts{Method: wire.MethodFace, Found: access.Nobody}
	dead := access.Facts{Method: wire.MethodFace, Found: access.NotLive}
	two := access.Facts{Method: wire.MethodFace, Found: access.Two}
	unsure := access.Facts{Method: wire.MethodFace, Found: access.Unsure}
	for _, c := range []struct {
		name  string
		saw   frames
		wants []access.Facts
	}{
		{"three sightings of a resident open", frames{nil, nil, nil}, []access.Facts{some}},
		{"two do not", frames{nil, nil}, nil},
		{"whoever stays is not decided on with every frame", frames{nil, nil, nil, nil, nil, nil, nil, nil}, []access.Facts{some}},
		{"a stranger in between begins anew", frames{nil, nil, stranger, nil, nil}, nil},
		{"a frame that cannot be used begins anew", frames{nil, nil, far, nil, nil}, nil},
		{"a frame with nobody does not count", frames{nil, nil, nobody, nil}, []access.Facts{some}},
		{"three sightings of a stranger are refused once", frames{stranger, stranger, stranger, stranger, stranger}, []access.Facts{none}},
		{"two sightings of a stranger are not yet", frames{stranger, stranger}, nil},
		{"a photograph of a resident is refused", frames{photo, photo, photo}, []access.Facts{dead}},
		{"one lively frame does not make a photograph live", frames{photo, photo, func(s *wire.Sighting) { s.Live = 0.02 }}, []access.Facts{dead}},
		{"what cannot be judged is refused by that word", frames{photo, photo, func(s *wire.Sighting) { s.Live = 0.1 }}, []access.Facts{unsure}},
		{"features of another model are not looked at", frames{otherModel, otherModel, otherModel, otherModel}, nil},
		{"frames older than a second are not looked at", frames{old, old, old, old}, nil},
		{"frames from the future are not looked at", frames{early, early, early, early}, nil},
		{"a feature of zeros is nobody's", frames{zeros, zeros, zeros, zeros}, nil},
		{"a feature that is not numbers is nobody's", frames{nan, nan, nan, nan}, nil},
		{"somebody between two residents is refused", frames{mixed, mixed, mixed}, []access.Facts{two}},
		{"a resident after a stranger is let in", frames{stranger, stranger, stranger, nil, nil, nil}, []access.Facts{none, some}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPorch(t)
			p.lives(t, twin, face(2))
			for _, change := range c.saw {
				p.step(change)
			}
			if len(p.door.decided) != len(c.wants) {
				t.Fatalf("decided %+v, not %+v", p.door.decided, c.wants)
			}
			for i, want := range c.wants {
				if p.door.decided[i] != want {
					t.Errorf("decision %d: %+v, not %+v", i+1, p.door.decided[i], want)
				}
			}
		})
	}
}

func otherModel(s *wire.Sighting) { s.Model = [32]byte{8} }
func old(s *wire.Sighting)        { s.CapturedAt -= int64(1100 * time.Millisecond) }
func early(s *wire.Sighting)      { s.CapturedAt += int64(time.Second) }
func zeros(s *wire.Sighting)      { s.Feature = [wire.FeatureLen]float32{} }
func nan(s *wire.Sighting)        { s.Feature[3] = float32(math.NaN()) }
func mixed(s *wire.Sighting)      { s.Feature = between(face(1), face(2)) }

func TestWhoGoesAndComesBackIsDecidedOnAnew(t *testing.T) {
	p := newPorch(t)
	for range 3 {
		p.step(nil)
	}
	p.wait(1600 * time.Millisecond)
	for range 3 {
		p.step(nil)
	}
	if len(p.door.decided) != 2 {
		t.Errorf("%d decisions, not 2", len(p.door.decided))
	}
}

func TestSightingsBeforeAPauseDoNotCount(t *testing.T) {
	p := newPorch(t)
	p.step(nil)
	p.step(nil)
	p.wait(1600 * time.Millisecond)
	p.step(nil)
	if len(p.door.decided) != 0 {
		t.Error("two sightings of somebody who left helped whoever came next")
	}
}

func TestAFaceHasNoMoreRightsThanItsPerson(t *testing.T) {
	p := newPorch(t)
	p.door.in = nil
	for range 3 {
		p.step(nil)
	}
	if len(p.door.decided) != 1 || p.door.decided[0].MayIn {
		t.Errorf("%+v", p.door.decided)
	}
}

func TestAnExpiredFaceIsAStrangers(t *testing.T) {
	p := newPorch(t)
	p.now = p.now.Add(2 * time.Hour)
	for range 3 {
		p.step(nil)
	}
	if len(p.door.decided) != 1 || p.door.decided[0].Found != access.Nobody {
		t.Errorf("%+v", p.door.decided)
	}
}

func TestNothingOfASightingIsLeft(t *testing.T) {
	p := newPorch(t)
	if s := p.step(nil); s.Feature != [wire.FeatureLen]float32{} {
		t.Error("the feature is still there")
	}
}

func TestTheScreenGuides(t *testing.T) {
	p := newPorch(t)
	p.step(far)
	if len(p.door.guidance) != 1 || p.door.guidance[0] != wire.PromptCloser {
		t.Errorf("%v", p.door.guidance)
	}
	for v := wire.NoFace; v <= wire.Several; v++ {
		silent := v == wire.NoFace || v == wire.Good
		if (passage.Advice(v) == wire.PromptHome) != silent {
			t.Errorf("%s: %s", v, passage.Advice(v))
		}
	}
}
