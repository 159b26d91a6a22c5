package match

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
)

// A Trial searches among people who do not exist, drawn so that they are as hard to tell apart as people are for the
// default model pack: the cosine between two of them has a standard deviation of a tenth, and that between two
// pictures of one of them lies around .70 ± .10, so that every fifteenth falls below .55 (docs/measurements.md). As at
// a door, the gallery has the mean of five pictures of each, which one more picture is more like than any single one.
type Trial struct {
	People    int
	Queries   int // of somebody in the gallery, and as many of nobody
	Threshold float32
	Margin    float32
	Seed      uint64
	Now       func() time.Time
	Spent     func() time.Duration // processor time of this thread
	Step      func(done, of int)   // may be nil
}

// Times are of one search on one core. Median and 99th in a hundred.
type Times struct{ P50, P99 time.Duration }

// A Result is what a Trial measured. Wrong counts the queries whose answer differs from the exact one.
type Result struct {
	Fast, FastCPU            Times // the gallery's search
	Exact, ExactCPU          Times // the plain scan's
	WrongGenuine, WrongOther int
	Found                    int // of the genuine queries, by the exact scan
	WorstError, MeanError    float64
	BytesPerPerson           float64
}

const timedAlone = 50 // exact scans that are timed; the others run on all cores at once

// Run needs 2.7 KiB of locked memory a person: the gallery and, beside it, the plain list of templates that it is compared with.
func (tr Trial) Run(ctx context.Context, a *template.Arena) (*Result, error) {
	draw := newCrowd(tr.Seed)
	g := NewGallery(a)
	total := tr.People + 4*tr.Queries // each person, and each query in both ways
	step := func(done int) error {
		if tr.Step != nil && done%256 == 0 {
			tr.Step(done, total)
		}
		return ctx.Err()
	}
	until := tr.Now().Add(time.Hour)
	plain := make([]template.Template, 0, tr.People)
	for i := range tr.People {
		t, err := a.Put(draw.person(uint64(i)))
		if err != nil {
			return nil, err
		}
		plain = append(plain, t)
		if err := errors.Join(g.Put(id(i), t, until), step(i)); err != nil {
			return nil, err
		}
	}
	r := &Result{}
	r.BytesPerPerson = float64(g.bytes()) / float64(tr.People)
	probes := make([]template.Template, 0, 2*tr.Queries)
	for q := range 2 * tr.Queries {
		v := draw.person(uint64(tr.People + q)) // nobody in the gallery
		if q < tr.Queries {
			v = draw.again(uint64(tr.whose(q)))
		}
		t, err := a.Put(v)
		if err != nil {
			return nil, err
		}
		probes = append(probes, t)
	}
	return r, tr.compare(ctx, a, g, plain, probes, r, step)
}

// compare asks the gallery and the plain list the same questions.
func (tr Trial) compare(ctx context.Context, a *template.Arena, g *Gallery, plain, probes []template.Template, r *Result, step func(int) error) error {
	now := tr.Now()
	fast, exact := make([]Answer, len(probes)), make([]Answer, len(probes))
	alone := min(timedAlone, len(probes))
	var err error
	r.Fast, r.FastCPU, err = tr.time(len(probes), func(q int) error {
		fast[q] = g.Find(probes[q], now, tr.Threshold, tr.Margin)
		return step(tr.People + q)
	})
	if err == nil {
		r.Exact, r.ExactCPU, err = tr.time(alone, func(q int) error {
			exact[q] = tr.exact(a, plain, probes[q])
			return ctx.Err()
		})
	}
	if err != nil {
		return err
	}
	tr.errors(a, g, plain, probes, r)
	var next, done atomic.Int64
	next.Store(int64(alone))
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for q := next.Add(1) - 1; int(q) < len(probes) && ctx.Err() == nil; q = next.Add(1) - 1 {
				exact[q] = tr.exact(a, plain, probes[q])
				step(tr.People + len(probes) + int(done.Add(1)))
			}
		})
	}
	all.Wait()
	for q := range probes {
		genuine := q < tr.Queries
		if genuine && exact[q].Known {
			r.Found++
		}
		if fast[q] != exact[q] && genuine {
			r.WrongGenuine++
		} else if fast[q] != exact[q] {
			r.WrongOther++
		}
	}
	return ctx.Err()
}

// time does something n times on one thread.
func (tr Trial) time(n int, do func(int) error) (wall, spent Times, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	by, used := make([]time.Duration, n), make([]time.Duration, n)
	for q := range n {
		began, at := tr.Now(), tr.Spent()
		if err := do(q); err != nil {
			return wall, spent, err
		}
		used[q], by[q] = tr.Spent()-at, tr.Now().Sub(began)
	}
	return Times{quantile(by, .50), quantile(by, .99)}, Times{quantile(used, .50), quantile(used, .99)}, nil
}

// exact is the plain search: every number of everybody.
func (tr Trial) exact(a *template.Arena, plain []template.Template, probe template.Template) Answer {
	best, second, who := template.Nothing, template.Nothing, -1
	a.Scan(probe, len(plain), func(i int) template.Template { return plain[i] }, func(i int, cosine float32) {
		switch {
		case cosine > best:
			best, second, who = cosine, best, i
		case cosine > second:
			second = cosine
		}
	})
	return decide(best, second, tr.Threshold, tr.Margin, func() person.ID { return id(who) })
}

// errors says how far a coded cosine is from the exact one.
func (tr Trial) errors(a *template.Arena, g *Gallery, plain, probes []template.Template, r *Result) {
	for q, p := range probes[:tr.Queries] {
		i := tr.whose(q)
		off := math.Abs(float64(g.shelf.Cosine(i, p) - a.Cosine(plain[i], p)))
		r.WorstError = max(r.WorstError, off)
		r.MeanError += off / float64(tr.Queries)
	}
}

// whose picture a genuine query is.
func (tr Trial) whose(q int) int { return q * tr.People / tr.Queries }

func quantile(of []time.Duration, q float64) time.Duration {
	sorted := slices.Clone(of)
	slices.Sort(sorted)
	return sorted[int(q*float64(len(sorted)-1)+.5)]
}

func id(i int) (p person.ID) {
	binary.LittleEndian.PutUint64(p[:], uint64(i)+1)
	return p
}

// bytes is the memory that the gallery holds.
func (g *Gallery) bytes() int {
	blocks := (g.n + pagePeople - 1) / pagePeople * pagePeople
	return blocks*template.CodeSize + len(g.pages)*binary.Size(page{}) + 4*len(g.index.slots)
}

// A crowd draws people: normally distributed numbers whose spread falls from one to the next, then turned.
type crowd struct {
	seed   uint64
	spread [template.Len]float32
	sign   [2][template.Len]float32
}

func newCrowd(seed uint64) *crowd {
	c := &crowd{seed: seed}
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range c.spread {
		c.spread[i] = float32(math.Pow(float64(i+8), -.55))
		for round := range c.sign {
			c.sign[round][i] = float32(r.IntN(2)*2 - 1)
		}
	}
	return c
}

// person draws number n, of unit length.
func (c *crowd) person(n uint64) *[template.Len]float32 {
	r := rand.New(rand.NewPCG(c.seed, n+1))
	v := new([template.Len]float32)
	for i := range v {
		v[i] = c.spread[i] * float32(r.NormFloat64())
	}
	for _, sign := range c.sign {
		for i := range v {
			v[i] *= sign[i]
		}
		walsh(v)
	}
	unit(v)
	return v
}

// again is another picture of person n.
func (c *crowd) again(n uint64) *[template.Len]float32 {
	v, other := c.person(n), c.person(n|1<<63)
	like := min(max(.70+.10*rand.New(rand.NewPCG(c.seed, n|1<<62)).NormFloat64(), .2), .98)
	like /= math.Sqrt((1 + 4*like) / 5) // the length of the mean of five that are alike by that much
	var along float32
	for i := range v {
		along += v[i] * other[i]
	}
	for i := range v {
		other[i] -= along * v[i]
	}
	unit(other)
	for i := range v {
		v[i] = float32(like)*v[i] + float32(math.Sqrt(1-like*like))*other[i]
	}
	return v
}

// walsh is the Walsh-Hadamard transform, which keeps angles.
func walsh(v *[template.Len]float32) {
	for h := 1; h < len(v); h *= 2 {
		for i := 0; i < len(v); i += 2 * h {
			for j := i; j < i+h; j++ {
				v[j], v[j+h] = v[j]+v[j+h], v[j]-v[j+h]
			}
		}
	}
}

func unit(v *[template.Len]float32) {
	var sum float64
	for _, f := range v {
		sum += float64(f) * float64(f)
	}
	for i := range v {
		v[i] *= float32(1 / math.Sqrt(sum))
	}
}
