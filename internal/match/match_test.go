package match_test

import (
	"math"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/match"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"pgregory.net/rapid"
)

var (
	now   = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	until = now.Add(time.Hour)
	nan   = float32(math.NaN())
)

type room struct {
	t testing.TB
	a *template.Arena
	g *match.Gallery
}

func newRoom(t testing.TB, people int) room {
	t.Helper()
	a, err := template.NewArena(people, [32]byte{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return room{t, a, match.NewGallery(a)}
}

// face is a face that is like face x by the cosine, and unlike all with another y.
func (r room) face(x int, cosine float64, y int) template.Template {
	r.t.Helper()
	var v [template.Len]float32
	v[x] = float32(cosine)
	v[511-y] = float32(math.Sqrt(1 - cosine*cosine))
	t, err := r.a.Put(&v)
	if err != nil {
		r.t.Fatal(err)
	}
	return t
}

func who(n int) person.ID { return person.ID{byte(n), byte(n >> 8), 1} }

func TestFind(t *testing.T) {
	r := newRoom(t, 10)
	r.g.Put(who(30), r.face(3, .9, 30), until) // looks like 3, and stands before 3 in the list
	for i := range 5 {
		r.g.Put(who(i), r.face(i, 1, 0), until)
	}
	r.g.Put(who(20), r.face(0, .9, 20), until)             // looks like 0
	r.g.Put(who(21), r.face(1, .9, 21), now)               // looks like 1, past its time
	r.g.Put(who(22), r.face(22, 1, 0), now.Add(time.Hour)) // nobody like that
	dead := r.face(2, 1, 0)
	r.a.Wipe(dead)
	for _, c := range []struct {
		name              string
		probe             template.Template
		at                time.Time
		threshold, margin float32
		want              match.Answer
	}{
		{"the same face is found", r.face(2, 1, 1), now, .55, .05, match.Answer{Person: who(2), Known: true}},
		{"a face just alike enough is found", r.face(2, .56, 9), now, .55, .05, match.Answer{Person: who(2), Known: true}},
		{"a face just not alike enough is not", r.face(2, .54, 9), now, .55, .05, match.Answer{}},
		{"a stranger is nobody", r.face(100, 1, 1), now, .55, .05, match.Answer{}},
		{"two too close to each other are ambiguous", r.face(0, 1, 1), now, .55, .2, match.Answer{Ambiguous: true}},
		{"a rival who stood first is a rival too", r.face(3, 1, 1), now, .55, .2, match.Answer{Ambiguous: true}},
		{"two far enough apart are not", r.face(0, 1, 1), now, .55, .05, match.Answer{Person: who(0), Known: true}},
		{"who is past their time is no rival", r.face(1, 1, 1), now, .55, .2, match.Answer{Person: who(1), Known: true}},
		{"who is past their time is not found", r.face(21, .0, 21), now, .55, .0, match.Answer{}},
		{"the last second counts", r.face(2, 1, 1), until.Add(-1), .55, .05, match.Answer{Person: who(2), Known: true}},
		{"the second after does not", r.face(2, 1, 1), until, .55, .05, match.Answer{}},
		{"a wiped probe is nobody", dead, now, .55, .05, match.Answer{}},
		{"no probe is nobody", template.Template{}, now, .01, 0, match.Answer{}},
		{"a forgotten threshold lets nobody in", r.face(2, 1, 1), now, 0, 0, match.Answer{}},
		{"a threshold below zero lets nobody in", r.face(2, 1, 1), now, -1, 0, match.Answer{}},
		{"a threshold that is no number lets nobody in", r.face(2, 1, 1), now, nan, 0, match.Answer{}},
		{"a margin that is no number lets nobody in", r.face(2, 1, 1), now, .55, nan, match.Answer{Ambiguous: true}},
	} {
		if got := r.g.Find(c.probe, c.at, c.threshold, c.margin); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if got := match.NewGallery(r.a).Find(r.face(1, 1, 1), now, .01, 0); got != (match.Answer{}) {
		t.Errorf("an empty gallery knows %+v", got)
	}
}

func TestVerify(t *testing.T) {
	r := newRoom(t, 10)
	r.g.Put(who(1), r.face(1, 1, 0), until)
	r.g.Put(who(2), r.face(2, 1, 0), until)
	one := r.face(1, .8, 9)
	for _, c := range []struct {
		name      string
		p         person.ID
		at        time.Time
		threshold float32
		want      bool
	}{
		{"who they say", who(1), now, .55, true},
		{"somebody else", who(2), now, .55, false},
		{"nobody of ours", who(3), now, .55, false},
		{"not alike enough", who(1), now, .85, false},
		{"past their time", who(1), until, .55, false},
		{"no threshold", who(1), now, 0, false},
		{"no number", who(1), now, nan, false},
	} {
		if got := r.g.Verify(c.p, one, c.at, c.threshold); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The gallery against a plain list, through any sequence of acts.
func TestTheGalleryIsAListOfPeople(t *testing.T) {
	r := newRoom(t, 20)
	var faces []template.Template
	for i := range 8 {
		faces = append(faces, r.face(i, 1, 0))
	}
	rapid.Check(t, func(t *rapid.T) {
		g, list := match.NewGallery(r.a), make(map[int]int)
		for range rapid.IntRange(0, 40).Draw(t, "acts") {
			p, f := rapid.IntRange(0, 7).Draw(t, "person"), rapid.IntRange(0, 7).Draw(t, "face")
			if rapid.Bool().Draw(t, "put") {
				g.Put(who(p), faces[f], until)
				list[p] = f
			} else {
				g.Remove(who(p))
				delete(list, p)
			}
			if g.Len() != len(list) {
				t.Fatalf("%d people, want %d", g.Len(), len(list))
			}
			for f := range faces {
				var with []int
				for p, has := range list {
					if has == f {
						with = append(with, p)
					}
				}
				want := match.Answer{Ambiguous: len(with) > 1}
				if len(with) == 1 {
					want = match.Answer{Person: who(with[0]), Known: true}
				}
				if got := g.Find(faces[f], now, .5, .1); got != want {
					t.Fatalf("%+v, want %+v", got, want)
				}
			}
		}
	})
}

func TestWhoIsRemovedIsNotFoundByASearchInFlight(t *testing.T) {
	r := newRoom(t, 300)
	for i := range 200 {
		r.g.Put(who(i), r.face(i, 1, 0), until)
	}
	probe := r.face(199, 1, 1)
	var removed atomic.Bool
	var wait sync.WaitGroup
	var late atomic.Int64
	for range 4 {
		wait.Go(func() {
			for after := 0; after < 20; {
				was := removed.Load() // before the search began
				if r.g.Find(probe, now, .5, .1).Known && was {
					late.Add(1)
				}
				if was {
					after++
				}
			}
		})
	}
	r.g.Remove(who(199))
	removed.Store(true)
	wait.Wait()
	if late.Load() > 0 {
		t.Errorf("found %d times after Remove had returned", late.Load())
	}
}

func TestRemoveWaitsForSearches(t *testing.T) {
	r := newRoom(t, 10)
	r.g.Put(who(1), r.face(1, 1, 0), until)
	probe := r.face(1, 1, 1)
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for range 3 { // under -race a search that reads what Remove changes is found
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					r.g.Find(probe, now, .5, .1)
					r.g.Verify(who(1), probe, now, .5)
				}
			}
		})
	}
	for range 200 {
		r.g.Remove(who(1))
		r.g.Put(who(1), r.face(1, 1, 0), until)
	}
	close(stop)
	wait.Wait()
}

func TestVotes(t *testing.T) {
	ada, bob := match.Answer{Person: who(1), Known: true}, match.Answer{Person: who(2), Known: true}
	none, two := match.Answer{}, match.Answer{Ambiguous: true}
	type see struct {
		a    match.Answer
		at   int // milliseconds
		live float32
	}
	in, no, fake := match.Vote{Person: who(1), Agreed: true}, match.Vote{}, match.Vote{NotLive: true}
	unsure := match.Vote{Unsure: true}
	for _, c := range []struct {
		name string
		of   int
		see  []see
		want match.Vote // of the last
	}{
		{"three in a row", 3, []see{{ada, 0, 1}, {ada, 100, 1}, {ada, 200, 1}}, in},
		{"two are not three", 3, []see{{ada, 0, 1}, {ada, 100, 1}}, no},
		{"a fourth still agrees", 3, []see{{ada, 0, 1}, {ada, 100, 1}, {ada, 200, 1}, {ada, 300, 1}}, in},
		{"nobody between begins anew", 3, []see{{ada, 0, 1}, {ada, 1, 1}, {none, 2, 1}, {ada, 3, 1}}, no},
		{"a doubt between begins anew", 3, []see{{ada, 0, 1}, {ada, 1, 1}, {two, 2, 1}, {ada, 3, 1}, {ada, 4, 1}}, no},
		{"somebody else begins anew", 3, []see{{bob, 0, 1}, {bob, 1, 1}, {ada, 2, 1}, {ada, 3, 1}}, no},
		{"somebody else counts from there", 3, []see{{bob, 0, 1}, {bob, 1, 1}, {ada, 2, 1}, {ada, 3, 1}, {ada, 4, 1}}, in},
		{"exactly the window", 3, []see{{ada, 0, 1}, {ada, 1, 1}, {ada, 2000, 1}}, in},
		{"longer than the window", 3, []see{{ada, 0, 1}, {ada, 1, 1}, {ada, 2001, 1}}, no},
		{"the window slides", 3, []see{{ada, 0, 1}, {ada, 1900, 1}, {ada, 2100, 1}, {ada, 2200, 1}}, in},
		{"a clock that goes back begins anew", 3, []see{{ada, 9000, 1}, {ada, 9001, 1}, {ada, 0, 1}}, no},
		{"a print is not alive", 3, []see{{ada, 0, 0}, {ada, 1, 0}, {ada, 2, .02}}, fake},
		{"between a print and a person nothing is said", 3, []see{{ada, 0, 0}, {ada, 1, 0}, {ada, 2, .1}}, unsure},
		{"the mean is what counts", 3, []see{{ada, 0, 0}, {ada, 1, 0}, {ada, 2, .2}}, in},
		{"only the last three count", 3, []see{{ada, 0, 1}, {ada, 1, 0}, {ada, 2, 0}, {ada, 3, 0}}, fake},
		{"a liveness that is no number is not alive", 3, []see{{ada, 0, 1}, {ada, 1, nan}, {ada, 2, 1}}, unsure},
		{"one of one", 1, []see{{ada, 0, 1}}, in},
		{"none of none is nobody", 0, []see{{ada, 0, 1}}, no},
		{"fewer than none is nobody", -1, []see{{ada, 0, 1}}, no},
	} {
		v := match.NewVotes(c.of, 2*time.Second, .05)
		var got match.Vote
		for _, s := range c.see {
			got = v.Add(s.a, now.Add(time.Duration(s.at)*time.Millisecond), s.live, liveness.Live)
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	v := match.NewVotes(2, time.Second, 0)
	v.Add(ada, now, 1, liveness.Live)
	v.Reset()
	if v.Add(ada, now, 1, liveness.Live) != no {
		t.Error("a sighting of before Reset was counted")
	}
}

func BenchmarkFind10000(b *testing.B) {
	r := newRoom(b, 10_001)
	rng := mathrand.New(mathrand.NewPCG(1, 1))
	random := func() template.Template {
		var v [template.Len]float32
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		t, err := r.a.Put(&v)
		if err != nil {
			b.Fatal(err)
		}
		return t
	}
	for i := range 10_000 {
		r.g.Put(who(i), random(), until)
	}
	probe := random()
	for b.Loop() {
		r.g.Find(probe, now, .55, .05)
	}
}
