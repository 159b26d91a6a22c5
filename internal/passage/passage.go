// Package passage turns what the eye sees into decisions at the door. It never keeps a face: a feature becomes a
// template for one search and is wiped before the answer is used.
package passage

import (
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/lights"
	"example.org/edged/internal/liveness"
	"example.org/edged/internal/match"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

// Rules say when a face counts.
type Rules struct {
	Model     [32]byte      // features of any other model are not looked at
	Frames    int           // sightings in a row that must agree
	Within    time.Duration // all of them within this time
	Live      float32       // least mean liveness over them
	Infrared  bool          // the door has an infrared camera, and each of them must show the face there too
	Threshold func() float32
	Margin    float32                        // more alike than anybody else by this much
	Alone     func() bool                    // a face opens without another sign; otherwise only that of whoever is expected is looked at
	Patience  time.Duration                  // how long whoever is expected may take
	Shine     func() (lights.Sequence, bool) // shows a challenge on the screen, and says whether it could; nil where the door has none
	Again     time.Duration                  // somebody who stays in front of the camera is decided on again after this
}

// staleAfter is the oldest that a frame may be: a door must not open on what was true a second ago.
const staleAfter = time.Second

// gone is how long nobody must be seen until the next face counts as somebody who has just come.
const gone = 1500 * time.Millisecond

// A Door is who acts on a decision: it opens, records and answers.
type Door interface {
	MayIn(person.ID) bool
	Decided(f access.Facts, since time.Duration, s wire.Stages)
	Guide(wire.Prompt)
}

// Passage watches one camera at one door. Its methods may be called at the same time.
type Passage struct {
	rules   Rules
	arena   *template.Arena
	gallery *match.Gallery
	votes   *match.Votes
	door    Door
	now     func() time.Time     // wall clock, for expiry
	uptime  func() time.Duration // CLOCK_MONOTONIC, as stamped by the eye

	mu        sync.Mutex
	waits     atomic.Bool   // expected is somebody
	expected  person.ID     // whose PIN was right a moment ago; nobody where a face opens alone
	until     time.Duration // and how long it counts
	seemed    access.Found  // what the last that was seen of them was: nobody, not alive, or not to be judged
	seen      time.Duration // when somebody was last seen
	strangers int           // good sightings in a row that nobody in the gallery fits
	challenge *challenge    // nil while there is none
	last      access.Facts  // the last decision about whoever stands there
	decided   time.Duration
}

// New watches for people in the gallery.
func New(rules Rules, arena *template.Arena, gallery *match.Gallery, door Door, now func() time.Time, uptime func() time.Duration) *Passage {
	return &Passage{rules: rules, arena: arena, gallery: gallery, door: door, now: now, uptime: uptime,
		votes: match.NewVotes(rules.Frames, rules.Within, rules.Live)}
}

// See takes one sighting.
func (p *Passage) See(s *wire.Sighting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.uptime()
	if p.expected == (person.ID{}) && !p.rules.Alone() {
		return
	}
	age := at - time.Duration(s.CapturedAt)
	if age > staleAfter || age < 0 {
		return
	}
	if at-p.seen > gone {
		p.forget()
	}
	if s.Verdict == wire.NoFace {
		return
	}
	p.seen = at
	if s.Verdict != wire.Good && p.challenge != nil { // a frame in which the light was measured on nobody
		return
	}
	if s.Verdict != wire.Good {
		p.votes.Reset()
		p.strangers = 0
		p.door.Guide(Advice(s.Verdict))
		return
	}
	if s.Model != p.rules.Model {
		return
	}
	answer, ok := p.find(s)
	if !ok {
		return
	}
	if p.challenge != nil {
		p.light(answer, s, at)
		return
	}
	facts, certain := p.weigh(answer, s.Live, p.cue(s))
	if !certain || p.repeats(facts, at) || p.challenged(facts, at) {
		return
	}
	p.decide(facts, time.Duration(s.CapturedAt), s.StageUS)
}

func (p *Passage) decide(f access.Facts, since time.Duration, s wire.Stages) {
	p.expect(person.ID{})
	p.last, p.decided = f, p.uptime()
	p.door.Decided(f, since, s)
}

// find searches with the feature and wipes it.
func (p *Passage) find(s *wire.Sighting) (match.Answer, bool) {
	probe, err := p.arena.Put(&s.Feature)
	if err != nil {
		return match.Answer{}, false
	}
	defer p.arena.Wipe(probe)
	if who := p.expected; who != (person.ID{}) {
		return match.Answer{Person: who, Known: p.gallery.Verify(who, probe, p.now(), p.rules.Threshold())}, true
	}
	return p.gallery.Find(probe, p.now(), p.rules.Threshold(), p.rules.Margin), true
}

// weigh asks several sightings; certain is false while more are needed.
func (p *Passage) weigh(a match.Answer, live float32, cue liveness.Outcome) (f access.Facts, certain bool) {
	f = access.Facts{Method: wire.MethodFace}
	vote := p.votes.Add(a, p.now(), live, cue)
	if p.expected != (person.ID{}) && !vote.Agreed {
		p.seemed = seemed(vote)
		return f, false // until their time is up: Tick
	}
	switch {
	case vote.Agreed:
		p.strangers = 0
		f.Found, f.Who, f.MayIn = access.Somebody, vote.Person, p.door.MayIn(vote.Person)
		f.Signed = vote.Person == p.expected
	case vote.NotLive, vote.Unsure:
		f.Found = seemed(vote)
	case a.Known:
		p.strangers = 0
		return f, false
	default:
		if p.strangers++; p.strangers < p.rules.Frames {
			return f, false
		}
		f.Found = access.Nobody
		if a.Ambiguous {
			f.Found = access.Two
		}
	}
	return f, true
}

// cue is what else than the model has to say of one sighting: nothing, where there is no infrared camera.
func (p *Passage) cue(s *wire.Sighting) liveness.Outcome {
	if !p.rules.Infrared {
		return liveness.Live
	}
	return liveness.Infrared(s.Infrared)
}

func seemed(v match.Vote) access.Found {
	switch {
	case v.NotLive:
		return access.NotLive
	case v.Unsure:
		return access.Unsure
	}
	return access.Nobody
}

// repeats tells whether the same was decided a moment ago about somebody who has not gone away.
func (p *Passage) repeats(f access.Facts, at time.Duration) bool {
	return p.decided > 0 && f == p.last && at-p.decided < p.rules.Again
}

// Expect looks for one person only, whose PIN was right, until they are recognised or their time is up.
func (p *Passage) Expect(who person.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	p.until, p.seemed = p.uptime()+p.rules.Patience, access.Nobody
	p.expect(who)
}

func (p *Passage) expect(who person.ID) {
	p.expected = who
	p.waits.Store(who != person.ID{})
}

// Expecting tells whether somebody is expected. The door may ask while it is told of a decision.
func (p *Passage) Expecting() bool {
	return p.waits.Load()
}

// Tick ends the time of somebody who was expected and not recognised. It must be called now and then.
func (p *Passage) Tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.challenge; c != nil {
		if at := p.uptime(); at-c.began > lights.Patience+time.Second { // they have gone, or cannot be seen
			p.concluded(at, wire.Stages{})
		}
		return
	}
	if at := p.uptime(); p.expected != (person.ID{}) && at > p.until {
		f := access.Facts{Method: wire.MethodFace, Found: p.seemed, Who: p.expected, Signed: true}
		p.forget()
		p.expect(person.ID{})
		p.door.Decided(f, at, wire.Stages{})
	}
}

// forget begins anew: somebody was withdrawn, or faces rest.
func (p *Passage) forget() {
	p.votes.Reset()
	p.challenge = nil
	p.strangers, p.decided = 0, 0
	p.last = access.Facts{}
}

// Advice is what the screen says about a frame that cannot be used.
func Advice(v wire.Verdict) wire.Prompt {
	switch v {
	case wire.TooFar:
		return wire.PromptCloser
	case wire.TooClose:
		return wire.PromptBack
	case wire.TurnHead:
		return wire.PromptStraight
	case wire.TooDark:
		return wire.PromptLight
	case wire.TooBright:
		return wire.PromptBright
	case wire.Blurred:
		return wire.PromptStill
	case wire.Several:
		return wire.PromptOne
	case wire.Uneven:
		return wire.PromptSideways
	}
	return wire.PromptHome
}
