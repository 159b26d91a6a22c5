package template_test

import (
	"math"
	mathrand "math/rand/v2"
	"testing"

	"example.org/edged/internal/template"
	"pgregory.net/rapid"
)

func TestACodedCosineIsTheCosineToAThousandth(t *testing.T) {
	a := arena(t, 2)
	s := template.NewShelf(a)
	rapid.Check(t, func(t *rapid.T) {
		x, err1 := a.Put(face(rapid.Uint64().Draw(t, "one")))
		y, err2 := a.Put(face(rapid.Uint64().Draw(t, "other")))
		if err := s.Set(0, x); err1 != nil || err2 != nil || err != nil {
			t.Fatal(err1, err2, err)
		}
		defer a.Wipe(x)
		defer a.Wipe(y)
		for _, p := range []template.Template{x, y} {
			if got, want := s.Cosine(0, p), a.Cosine(x, p); math.Abs(float64(got-want)) > 1e-3 {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	})
}

// Numbers far from any face: one alone, all alike, some zero.
func TestOddFacesAreCodedToo(t *testing.T) {
	a := arena(t, 2)
	s := template.NewShelf(a)
	for name, draw := range map[string]func(i int) float32{
		"one number":    func(i int) float32 { return float32(max(0, 1-i)) },
		"all alike":     func(int) float32 { return -1 },
		"half is zero":  func(i int) float32 { return float32(i % 2) },
		"minus nothing": func(i int) float32 { return float32(math.Copysign(float64(max(0, 2-i)), -1)) },
	} {
		var v [template.Len]float32
		for i := range v {
			v[i] = draw(i)
		}
		h, err := a.Put(&v)
		if err := s.Set(0, h); err != nil {
			t.Fatal(err)
		}
		if c := s.Cosine(0, h); err != nil || math.Abs(float64(c)-1) > 1e-3 {
			t.Errorf("%s: like itself by %v, %v", name, c, err)
		}
		a.Wipe(h)
	}
}

func TestASearchSeesTheNearestOfEveryBlock(t *testing.T) {
	const people = 2500
	a := arena(t, 1)
	s := template.NewShelf(a)
	var probes []template.Template
	for i := range people {
		h := put(t, a, uint64(i))
		if err := s.Set(i, h); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			probes = append(probes, h)
		} else {
			a.Wipe(h)
		}
	}
	for _, n := range []int{0, 1, 3, 64, 65, 1024, 1025, people} {
		for i, p := range probes {
			best, at, calls := template.Nothing, -1, 0
			s.Search(p, n, func(i int, c float32) {
				calls++
				if c > best {
					best, at = c, i
				}
			})
			if 100*i < n && at != 100*i {
				t.Errorf("%d of %d: found %d at %v", 100*i, n, at, best)
			}
			// The same work whoever is looked for.
			want := n/1024*64 + min(n%1024, 64)
			if calls != want {
				t.Errorf("%d of %d: %d cosines, want %d", 100*i, n, calls, want)
			}
		}
	}
}

// Where there are many blocks, fewer from each are looked at closely: still as many for everybody.
func TestTheWorkIsTheSameForEverybody(t *testing.T) {
	const blocks, people = 9, 9 * 1024
	a := arena(t, 1)
	s := template.NewShelf(a)
	for i := range people {
		h := put(t, a, uint64(i%3000)) // many twice or more
		if err := s.Set(i, h); err != nil {
			t.Fatal(err)
		}
		a.Wipe(h)
	}
	for seed := range uint64(50) {
		p := put(t, a, seed*100) // some there, some not
		calls := 0
		s.Search(p, people, func(int, float32) { calls++ })
		if calls != blocks*2 {
			t.Fatalf("%d cosines", calls)
		}
		a.Wipe(p)
	}
}

func TestMovedFacesAreWhereTheyWereMovedAndNowhereElse(t *testing.T) {
	a := arena(t, 2)
	s := template.NewShelf(a)
	x, y := put(t, a, 1), put(t, a, 2)
	if err := s.Set(0, x); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(1500, y); err != nil {
		t.Fatal(err)
	}
	s.Move(0, 1500)
	if c := s.Cosine(0, y); c < .999 {
		t.Errorf("not where it was moved: %v", c)
	}
	if c := s.Cosine(1500, y); c != 0 {
		t.Errorf("still where it was: %v", c)
	}
	s.Move(0, 0)
	if c := s.Cosine(0, y); c != 0 {
		t.Errorf("not cleared: %v", c)
	}
}

func TestAShelfDiesWithItsArena(t *testing.T) {
	a, err := template.NewArena(1, [32]byte{9}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := template.NewShelf(a)
	h := put(t, a, 1)
	if err := s.Set(0, h); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if c := s.Cosine(0, h); c != template.Nothing {
		t.Error("answered after Close")
	}
	s.Search(h, 1, func(int, float32) { t.Error("searched after Close") })
	s.Move(0, 0)
	if err := s.Set(0, h); err == nil {
		t.Error("took a face after Close")
	}
}

func TestOnlyMadeUpPeopleLieInMemoryThatIsNotLocked(t *testing.T) {
	a := arena(t, 1)
	h := put(t, a, 1)
	sealed, err := a.Seal(h, new([32]byte), nil, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	a.MadeUp()
	if _, err := a.Open(sealed, new([32]byte), nil); err == nil {
		t.Error("a stored face was opened among made-up ones")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func BenchmarkCodedCosine(b *testing.B) {
	a := arena(b, 1)
	s := template.NewShelf(a)
	r := mathrand.New(mathrand.NewPCG(1, 2))
	var h template.Template
	for i := range 1024 {
		h = put(b, a, r.Uint64())
		if err := s.Set(i, h); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		s.Cosine(i%1024, h)
	}
}
