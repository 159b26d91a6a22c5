package keeper

import (
	"log/slog"
	"sync"

	"example.org/edged/internal/curve"
	"example.org/edged/internal/room"
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
