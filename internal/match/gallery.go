// Package match answers who somebody is, or whether they are who they say, among the people whose consent is in force
// now. It never tells a score, and never answers with somebody who has been removed.
//
// More than five names are exported: Gallery and Answer search, Threshold says how alike is alike enough, Votes and
// Vote ask several sightings.
package match

import (
	"sync"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
)

// A Gallery is everybody who can be found now. All its methods may be called at the same time.
type Gallery struct {
	arena *template.Arena
	mu    sync.RWMutex // read-held for a whole search, so that Remove waits for it
	all   []entry
	index map[person.ID]int
}

type entry struct {
	person   person.ID
	template template.Template
	until    time.Time
}

// An Answer is what a search found. Person is set only when Known.
type Answer struct {
	Person    person.ID
	Known     bool
	Ambiguous bool // somebody is alike enough, but so is somebody else
}

// NewGallery makes an empty gallery of templates that live in a.
func NewGallery(a *template.Arena) *Gallery {
	return &Gallery{arena: a, index: make(map[person.ID]int)}
}

// Put lets p be found until then, in place of what was there for p before. The caller wipes the template replaced.
func (g *Gallery) Put(p person.ID, t template.Template, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := entry{p, t, until}
	if i, ok := g.index[p]; ok {
		g.all[i] = e
		return
	}
	g.index[p] = len(g.all)
	g.all = append(g.all, e)
}

// Remove makes p unknown. When it returns, no search that could still answer with p is running, and none will start.
// The caller wipes the template.
func (g *Gallery) Remove(p person.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i, ok := g.index[p]
	if !ok {
		return
	}
	last := len(g.all) - 1
	g.all[i] = g.all[last]
	g.index[g.all[i].person] = i
	g.all[last] = entry{}
	g.all = g.all[:last]
	delete(g.index, p)
}

// While does something on the ground that p is in the gallery, and says whether it did. Remove waits for it: so when
// Remove has returned, nothing is done any more on the ground of a search that found p before.
func (g *Gallery) While(p person.ID, do func()) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if _, ok := g.index[p]; !ok {
		return false
	}
	do()
	return true
}

// Len is how many people are in the gallery, those past their time included.
func (g *Gallery) Len() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.all)
}

// Find looks for the person whom the probe shows: alike by at least threshold, and by at least margin more than
// anybody else. It compares with everybody, whoever is found, so its time tells nothing about who that was.
func (g *Gallery) Find(probe template.Template, at time.Time, threshold, margin float32) Answer {
	g.mu.RLock()
	defer g.mu.RUnlock()
	best, second, who := template.Nothing, template.Nothing, -1
	g.arena.Scan(probe, len(g.all),
		func(i int) template.Template { return g.all[i].template },
		func(i int, cosine float32) {
			switch {
			case !at.Before(g.all[i].until):
			case cosine > best:
				best, second, who = cosine, best, i
			case cosine > second:
				second = cosine
			}
		})
	// Every comparison asks for a yes: a threshold that is not a number, or was forgotten, lets nobody in.
	if who < 0 || !(threshold > 0) || !(best >= threshold) {
		return Answer{}
	}
	if !(best-second >= margin) {
		return Answer{Ambiguous: true}
	}
	return Answer{Person: g.all[who].person, Known: true}
}

// Verify tells whether the probe shows p.
func (g *Gallery) Verify(p person.ID, probe template.Template, at time.Time, threshold float32) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	i, ok := g.index[p]
	if !ok || !at.Before(g.all[i].until) || !(threshold > 0) {
		return false
	}
	return g.arena.Cosine(g.all[i].template, probe) >= threshold
}
