// Package match answers who somebody is, or whether they are who they say, among the people whose consent is in force
// now. It never tells a score, and never answers with somebody who has been removed.
//
// More than five names are exported: Gallery and Answer search, Votes and Vote ask several sightings, Trial,
// Times and Result measure the search on people who do not exist.
package match

import (
	"math"
	"sync"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
)

// A Gallery is everybody who can be found now. All its methods may be called at the same time.
type Gallery struct {
	mu    sync.RWMutex // read-held for a whole search, so that Remove waits for it
	shelf *template.Shelf
	pages []*page // a list that grows without leaving half of itself empty
	n     int
	index index
}

const pagePeople = 1024

type page struct {
	person [pagePeople]person.ID
	until  [pagePeople]int64 // nanoseconds
}

// An Answer is what a search found. Person is set only when Known.
type Answer struct {
	Person    person.ID
	Known     bool
	Ambiguous bool // somebody is alike enough, but so is somebody else
}

// NewGallery makes an empty gallery of templates that live in a.
func NewGallery(a *template.Arena) *Gallery { return &Gallery{shelf: template.NewShelf(a)} }

// Put lets p be found until then, in place of what was there for p before. It takes what it needs of the template,
// which the caller may then wipe. After an error p is not found any more.
func (g *Gallery) Put(p person.ID, t template.Template, until time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	i, ok := g.index.find(p, g.who)
	if !ok {
		i = g.n
	}
	if err := g.shelf.Set(i, t); err != nil {
		if ok {
			g.remove(i)
		}
		return err
	}
	if !ok {
		if i/pagePeople == len(g.pages) {
			g.pages = append(g.pages, new(page))
		}
		g.n++
		g.pages[i/pagePeople].person[i%pagePeople] = p
		g.index.set(p, i, g.who)
	}
	g.pages[i/pagePeople].until[i%pagePeople] = nanos(until)
	return nil
}

// Remove makes p unknown. When it returns, no search that could still answer with p is running, and none will start.
func (g *Gallery) Remove(p person.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i, ok := g.index.find(p, g.who); ok {
		g.remove(i)
	}
}

// remove puts the last of the list in the place of i.
func (g *Gallery) remove(i int) {
	last := g.n - 1
	g.index.remove(g.who(i), g.who)
	g.shelf.Move(i, last)
	to, from := g.pages[i/pagePeople], g.pages[last/pagePeople]
	if i != last {
		to.person[i%pagePeople], to.until[i%pagePeople] = from.person[last%pagePeople], from.until[last%pagePeople]
		g.index.set(g.who(i), i, g.who)
	}
	from.person[last%pagePeople], from.until[last%pagePeople] = person.ID{}, 0
	g.n--
}

// While does something that rests on p being known, and tells whether it was done: Remove waits until it is, so that
// nothing is done about p after Remove has returned. It must not use the gallery itself.
func (g *Gallery) While(p person.ID, at time.Time, do func()) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	i, ok := g.index.find(p, g.who)
	if !ok || nanos(at) >= g.until(i) {
		return false
	}
	do()
	return true
}

// Len is how many people are in the gallery, those past their time included.
func (g *Gallery) Len() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.n
}

// Find looks for the person whom the probe shows: alike by at least threshold, and by at least margin more than
// anybody else. It compares with everybody, and does the same work whoever is found (template.Shelf), so its time
// tells nothing about who that was.
func (g *Gallery) Find(probe template.Template, at time.Time, threshold, margin float32) Answer {
	g.mu.RLock()
	defer g.mu.RUnlock()
	best, second, who, now := template.Nothing, template.Nothing, -1, nanos(at)
	g.shelf.Search(probe, g.n, func(i int, cosine float32) {
		switch {
		case now >= g.until(i):
		case cosine > best:
			best, second, who = cosine, best, i
		case cosine > second:
			second = cosine
		}
	})
	return decide(best, second, threshold, margin, func() person.ID { return g.who(who) })
}

// Alike names those, apart from p, whose face the probe could be as well. It is asked before somebody is stored: a face
// under two names is one person twice, or twins.
func (g *Gallery) Alike(p person.ID, probe template.Template, at time.Time, threshold float32) (others []person.ID) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	now := nanos(at)
	g.shelf.Search(probe, g.n, func(i int, cosine float32) {
		if !(cosine < threshold) && now < g.until(i) && g.who(i) != p { // a threshold that is not a number finds everybody
			others = append(others, g.who(i))
		}
	})
	return others
}

// decide asks for a yes in every comparison: a threshold that is not a number, or was forgotten, lets nobody in.
func decide(best, second, threshold, margin float32, who func() person.ID) Answer {
	if best <= template.Nothing || !(threshold > 0) || !(best >= threshold) {
		return Answer{}
	}
	if !(best-second >= margin) {
		return Answer{Ambiguous: true}
	}
	return Answer{Person: who(), Known: true}
}

// Verify tells whether the probe shows p.
func (g *Gallery) Verify(p person.ID, probe template.Template, at time.Time, threshold float32) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	i, ok := g.index.find(p, g.who)
	if !ok || nanos(at) >= g.until(i) || !(threshold > 0) {
		return false
	}
	return g.shelf.Cosine(i, probe) >= threshold
}

func (g *Gallery) who(i int) person.ID { return g.pages[i/pagePeople].person[i%pagePeople] }
func (g *Gallery) until(i int) int64   { return g.pages[i/pagePeople].until[i%pagePeople] }

// nanos is a time as one number. Years that do not fit end at the edge, on the side that lets nobody stay longer.
func nanos(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < math.MinInt64/1_000_000_000+1:
		return math.MinInt64
	case s > math.MaxInt64/1_000_000_000-1:
		return math.MaxInt64
	}
	return t.UnixNano()
}
