package keeper

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/wire"
)

// lobby is the way to the screen. It never makes the keeper wait: a screen that does not listen loses words, and
// gets the front door again when it is back.
type lobby struct {
	kiosk *wire.Conn[wire.KioskSays, wire.KioskHears]
	words chan wire.KioskHears
	log   *slog.Logger
	slow  atomic.Bool // said once, not for every word

	mu     sync.Mutex
	front  wire.FrontDoor
	advice wire.Prompt
	since  time.Time
}

func newLobby(kiosk *wire.Conn[wire.KioskSays, wire.KioskHears], log *slog.Logger) *lobby {
	return &lobby{kiosk: kiosk, words: make(chan wire.KioskHears, 64), log: log}
}

func (l *lobby) say(w wire.KioskHears) {
	select {
	case l.words <- w:
		l.slow.Store(false)
	default:
		if !l.slow.Swap(true) {
			l.log.Warn("the screen is slow; words to it are dropped")
		}
	}
}

// guide says a piece of advice once, and again only after a change or a second.
func (l *lobby) guide(p wire.Prompt) {
	l.mu.Lock()
	again := p != l.advice || time.Since(l.since) > time.Second
	if again {
		l.advice, l.since = p, time.Now()
	}
	l.mu.Unlock()
	if again {
		l.say(&wire.Screen{Prompt: p})
	}
}

func (l *lobby) frontDoor(face wire.FaceMode, open, late bool, now time.Time) {
	l.mu.Lock()
	l.front.Face, l.front.Open, l.front.Late, l.front.Now = face, open, late, now.Unix()
	w := l.front
	l.mu.Unlock()
	l.say(&w)
}

func (l *lobby) linked(up bool) {
	l.mu.Lock()
	l.front.Broker = up
	w := l.front
	l.mu.Unlock()
	l.say(&w)
}

// newcomer is a screen that has just begun its life.
func (l *lobby) newcomer() {
	l.mu.Lock()
	w := l.front
	l.mu.Unlock()
	l.say(&w)
}

func (l *lobby) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case w := <-l.words:
			if l.kiosk == nil {
				continue
			}
			if err := l.kiosk.SayWithin(w, time.Second); err != nil {
				l.log.Debug("the screen does not listen", slog.String("why", err.Error()))
			}
		}
	}
}
