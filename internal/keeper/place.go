package keeper

import (
	"fmt"
	"log/slog"
	"time"

	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

// declared is the installer's word about the place; without one nothing is declared.
func (k *keeper) declared() site.Declaration {
	if k.brief.Declared == nil {
		return site.Declaration{}
	}
	return *k.brief.Declared
}

// undeclared tells whether the place lets no face be used today. A measurement guards no place.
func (k *keeper) undeclared(now time.Time) bool {
	if k.brief.MadeUp > 0 {
		return false
	}
	what, _ := k.declared().Rest(now)
	return what != ""
}

// sayWhy tells whoever reads the system's log what to do so that faces are used again.
func (k *keeper) sayWhy(m wire.FaceMode) {
	var what, do string
	switch m {
	case wire.FaceRestSite:
		what, do = k.declared().Rest(k.now())
	case wire.FaceRestAssess:
		_, what, do = k.assessed.get()
	case wire.FaceRestWays:
		k.log.Error("faces rest: a face must never be the only way in", slog.String("why", fmt.Sprint(k.otherWay(uptime()))),
			slog.String("do", "put the PIN pad right, or let people in by hand meanwhile"))
		k.room.Fault(wire.FaultWays)
		return
	default:
		return
	}
	k.log.Warn("faces rest; PIN and card work", slog.String("why", what), slog.String("do", do))
}
