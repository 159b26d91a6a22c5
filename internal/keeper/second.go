package keeper

import (
	"sync"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// both tells whether PIN and face are asked for together: from everybody who has a face stored, or from those who are
// marked.
func (k *keeper) both(p person.ID) bool {
	m := k.mode.get()
	return m == wire.FaceVerify || m == wire.FaceOn && k.book.Marked(p)
}

// second asks for the face of somebody whose PIN was right, where both are asked for and they have one stored. Nobody
// without a stored face is ever asked: whoever refused loses nothing (Measures for facial recognition 2025, article
// 10), and whoever is not recognised may withdraw at the same screen and use the PIN alone from then on.
func (k *keeper) second(turn wire.Session, p person.ID) bool {
	a := k.album()
	if a == nil || !k.both(p) || !a.gallery.While(p, k.now(), func() {}) {
		return false
	}
	k.asked.Store(uint64(turn))
	a.passage.Expect(p) // not inside While: a search holds both locks in the other order
	k.gazeChanged()
	k.screen(turn, wire.PromptLook, 0, 0, k.brief.Face.Frames)
	return true
}

// A right PIN with a face that is taken for a picture, or cannot be judged, opens nothing twice; the third time in a row
// the PIN opens alone: whom liveness does not suit is not locked out (Measures for facial recognition 2025, articles 5
// and 10). It is no way around the face: a face that is somebody else's does not count,
// and the log has the three refusals. That somebody who has stolen a PIN and holds up a picture of its owner comes in so is
// written in docs/threats.md; with the PIN of somebody who gave no face they come in at once.
const (
	unsuited     = 3
	unsuitedSpan = 10 * time.Minute
)

type refusals struct {
	mu   sync.Mutex
	who  person.ID
	n    int
	last time.Duration
}

// enough counts a decision about a face, and says whether it was the third such refusal of one person in a row.
func (r *refusals) enough(f access.Facts, at time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !f.Signed || f.Found != access.NotLive && f.Found != access.Unsure {
		if f.Signed {
			r.n = 0
		}
		return false
	}
	if f.Who != r.who || at-r.last > unsuitedSpan {
		r.n = 0
	}
	r.who, r.last = f.Who, at
	if r.n++; r.n < unsuited {
		return false
	}
	r.n = 0
	return true
}

// sayAlone writes into the log, at every start, what a face is worth at this door: by which liveness table it opens alone,
// that it does so without one, or that the model which judges liveness is switched off; and in a line more, that an infrared camera may deny.
func (k *keeper) sayAlone() error {
	f := k.brief.Face
	e := audit.Entry{Kind: wire.KindLiveness, Commit: f.Table}
	switch {
	case f.Unjudged:
		e.Reason = wire.ReasonSwitchedOff
		k.log.Warn("the liveness model is switched off, so PIN and face are asked for together")
	case !f.Alone:
		e.Reason = wire.ReasonSecondSign
		k.log.Warn("a face alone does not open this door; `edged check` says why")
	case f.Table == [32]byte{}:
		e.Reason = wire.ReasonUnmeasured
		k.log.Warn("a face alone opens this door, and nobody has measured liveness on its camera")
	}
	if _, err := k.scribe.Write(e); err != nil || !f.Infrared {
		return err
	}
	_, err := k.scribe.Write(audit.Entry{Kind: wire.KindLiveness, Reason: wire.ReasonInfrared})
	return err
}
