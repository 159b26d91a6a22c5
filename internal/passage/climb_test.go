package passage_test

import (
	"flag"
	"fmt"
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

var climbFrames = flag.Int("climb", 3_000, "frames that the climber may present")

const (
	climbPeople    = 100
	climbThreshold = .45 // lower than any door's, in the climber's favour
	perTry         = 3   // frames until the door says anything
)

// wall is a door as somebody in front of it sees it: words on a screen and a lock, and in which frame they came.
type wall struct {
	frame  int
	words  string
	opened bool
	pass   *passage.Passage
	up     time.Duration
}

func (w *wall) MayIn(person.ID) bool { return true }
func (w *wall) Guide(p wire.Prompt)  { w.words += fmt.Sprint(w.frame, p, ";") }
func (w *wall) Decided(f access.Facts, _ time.Duration, _ wire.Stages) {
	d := access.Decide(f)
	if w.opened = w.opened || d.Outcome == wire.Granted; w.opened {
		w.words += fmt.Sprint(w.frame, wire.PromptWelcome, ";")
		return
	}
	w.words += fmt.Sprint(w.frame, wire.PromptOtherWay, ";") // as the keeper says it, whatever the reason
}

// try presents one face for as many frames as a decision needs, goes away, and returns all that was to be seen.
func (w *wall) try(v [wire.FeatureLen]float32) string {
	w.words = ""
	for w.frame = range perTry {
		w.up += 100 * time.Millisecond
		w.pass.See(&wire.Sighting{CapturedAt: int64(w.up), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, Live: 1, Model: model, Feature: v})
	}
	w.up += 3 * time.Second
	return w.words
}

func newWall(t *testing.T, from *rand.Rand) (*wall, [][wire.FeatureLen]float32) {
	t.Helper()
	a, err := template.NewArena(16, [32]byte{9}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	g, w := match.NewGallery(a), &wall{up: time.Hour}
	list := make([][wire.FeatureLen]float32, climbPeople)
	for i := range list {
		list[i] = drawn(from)
		v := list[i]
		h, err := a.Put(&v)
		if err == nil {
			err = g.Put(person.ID{1, byte(i)}, h, time.Now().Add(time.Hour))
		}
		if err != nil {
			t.Fatal(err)
		}
		a.Wipe(h)
	}
	w.pass = passage.New(passage.Rules{Model: model, Frames: perTry, Within: 3 * time.Second, Live: .05, Threshold: func() float32 { return climbThreshold },
		Margin: .05, Alone: func() bool { return true }, Again: time.Second}, a, g, w, time.Now, func() time.Duration { return w.up })
	return w, list
}

func drawn(from *rand.Rand) (v [wire.FeatureLen]float32) {
	for i := range v {
		v[i] = float32(from.NormFloat64())
	}
	return unit(v)
}

func unit(v [wire.FeatureLen]float32) [wire.FeatureLen]float32 {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(square))
	}
	return v
}

func nearest(list [][wire.FeatureLen]float32, v *[wire.FeatureLen]float32) (best float64) {
	best = -1
	for i := range list {
		var sum float32
		for j := range v {
			sum += v[j] * list[i][j]
		}
		best = max(best, float64(sum))
	}
	return best
}

// climb goes uphill: it changes a face a little, shows it, and keeps the change when what came back is better. Without
// hints it has nothing to go by, and walks.
func climb(w *wall, list [][wire.FeatureLen]float32, tries int, from *rand.Rand, hint func(v *[wire.FeatureLen]float32, words string) float64) (opened int, best float64, seen map[string]int) {
	at, score, step := drawn(from), math.Inf(-1), float32(.15)
	seen, best = map[string]int{}, -1
	for range tries {
		next, by := at, drawn(from)
		for i := range next {
			next[i] += step * by[i]
		}
		next = unit(next)
		words := w.try(next)
		seen[words]++
		best = max(best, nearest(list, &next))
		if got := hint(&next, words); got >= score {
			at, score = next, got
		}
		if w.opened {
			return 1, best, seen
		}
	}
	return 0, best, seen
}

// An attacker may present as many faces made of numbers as they like, and sees the words alone. The words are the same
// for every face that nobody has, however near it comes, so there is no slope to climb: the nearest of all tries is no nearer
// than the nearest of as many faces drawn by lot. The same climber, told how alike each face was, gets in.
func TestAClimberGainsNothingFromTheWords(t *testing.T) {
	tries := *climbFrames / perTry
	from := rand.New(rand.NewPCG(3, 1))
	w, list := newWall(t, from)
	rank := map[string]float64{}
	opened, climbed, seen := climb(w, list, tries, from, func(_ *[wire.FeatureLen]float32, words string) float64 {
		if _, known := rank[words]; !known {
			rank[words] = float64(len(rank)) // whatever was never seen before may be better
		}
		return rank[words]
	})
	if len(seen) != 1 || opened != 0 {
		t.Fatalf("opened %d; the words differ between faces that nobody has: %v", opened, seen)
	}
	lot, n := -1.0, 0
	for range tries {
		v := drawn(from)
		words := w.try(v)
		lot = max(lot, nearest(list, &v))
		if seen[words] == 0 {
			n++
		}
	}
	if n != 0 || w.opened {
		t.Fatalf("%d faces drawn by lot got other words", n)
	}
	// The nearest of n faces drawn by lot lies about √(2 ln n/512) from anybody; .05 is five times what it differs by.
	if climbed > lot+.05 {
		t.Errorf("climbing came as near as %.3f, chance as near as %.3f", climbed, lot)
	}
	t.Logf("%d frames: climbing came as near as %.3f, as many faces drawn by lot as near as %.3f, the door opens at %.2f; opened 0 times; %d different answers",
		tries*perTry, climbed, lot, climbThreshold, len(seen))

	w, list = newWall(t, from)
	list = list[:5]
	opened, climbed, _ = climb(w, list, 40_000, from, func(v *[wire.FeatureLen]float32, _ string) float64 { return nearest(list, v) })
	if opened == 0 {
		t.Errorf("the climber cannot climb: told everything, it came as near as %.3f", climbed)
	}
}
