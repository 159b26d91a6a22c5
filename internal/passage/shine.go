package passage

import (
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/lights"
	"example.org/edged/internal/liveness"
	"example.org/edged/internal/match"
	"example.org/edged/internal/wire"
)

// A challenge is the time between having recognised somebody and having seen the screen's light on their face. It may
// only deny.
type challenge struct {
	asked lights.Sequence
	facts access.Facts
	began time.Duration
	seen  []lights.Sample
}

// rest is how long whoever was challenged, and has not gone away, is left in peace.
const rest = 10 * time.Second

// challenged begins a challenge where the door has them, for somebody whom it would otherwise let in.
func (p *Passage) challenged(f access.Facts, at time.Duration) bool {
	if p.rules.Shine == nil || f.Found != access.Somebody {
		return false
	}
	if p.decided > 0 && p.last.Who == f.Who && at-p.decided < rest {
		return true
	}
	c := &challenge{facts: f, began: at}
	var shown bool
	if c.asked, shown = p.rules.Shine(); !shown {
		p.decide(judged(f, liveness.Unsure), at, wire.Stages{})
		return true
	}
	p.challenge = c
	return true
}

// light takes one more sighting of whoever is challenged. Somebody else in their place ends it, and begins anew.
func (p *Passage) light(a match.Answer, s *wire.Sighting, at time.Duration) {
	c := p.challenge
	if !a.Known || a.Person != c.facts.Who {
		p.challenge = nil
		p.votes.Reset()
		return
	}
	c.seen = append(c.seen, lights.Sample{At: time.Duration(s.CapturedAt), Skin: s.Skin, Around: s.Around})
	if at-c.began >= lights.Patience {
		p.concluded(time.Duration(s.CapturedAt), s.StageUS)
	}
}

func (p *Passage) concluded(since time.Duration, s wire.Stages) {
	c := p.challenge
	p.challenge = nil
	p.votes.Reset()
	p.decide(judged(c.facts, lights.Judge(c.asked, c.began, c.seen)), since, s)
}

func judged(f access.Facts, o liveness.Outcome) access.Facts {
	switch o {
	case liveness.Attack:
		f.Found = access.NotLive
	case liveness.Unsure:
		f.Found = access.Unsure
	}
	return f
}
