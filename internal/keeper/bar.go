package keeper

import (
	"log/slog"
	"sync"

	"example.org/edged/internal/curve"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// bar is how alike is alike enough now. It is worked out anew when the list has grown or shrunk.
type bar struct {
	face   *room.Face
	people func() int
	log    *slog.Logger

	mu    sync.Mutex
	known bool
	list  int
	now   curve.Setting
}

func (b *bar) need() curve.Need {
	return curve.Need{Level: b.face.Level, People: b.face.People, List: b.people(), Tries: b.face.Tries, Years: b.face.Years}
}

func (b *bar) get() curve.Setting {
	n := b.need()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known && n.List == b.list {
		return b.now
	}
	s, err := n.Set()
	if err != nil { // above every cosine: nobody is recognised at a door that cannot be worked out
		s = curve.Setting{Threshold: 2, Verify: true, Why: err.Error()}
	}
	if s.Verify && !b.now.Verify {
		b.log.Warn("a face alone no longer opens this door", slog.String("why", s.Why))
	}
	b.known, b.list, b.now = true, n.List, s
	return s
}

// second asks for the face of somebody whose PIN was right, where both are asked for and they have one stored. Nobody
// without a stored face is ever asked: whoever refused loses nothing (Measures for facial recognition 2025, article
// 10), and whoever is not recognised may withdraw at the same screen and use the PIN alone from then on.
func (k *keeper) second(turn wire.Session, p person.ID) bool {
	a := k.album()
	if a == nil || k.mode.get() != wire.FaceVerify || !a.gallery.While(p, k.now(), func() {}) {
		return false
	}
	a.passage.Expect(p) // not inside While: a search holds both locks in the other order
	k.gazeChanged()
	k.screen(turn, wire.PromptLook, 0, 0, k.brief.Face.Frames)
	return true
}
