// Package kiosk is the page on the terminal: it shows what the keeper says and tells the keeper what was touched.
// It never decides anything, never writes a file, and never opens a socket: the hall bound the one it listens on.
//
// What a browser, or a test in place of one, may ask (all on the bound address, nothing from another origin):
//
//	GET  /                the page; its <meta name="page"> holds the token that those below need
//	GET  /events?page=T   server-sent events: "door", "screen", "issued", "record", "receipt", "piece", "requests", "cleared" (see words.go)
//	POST /touch           {"touch":"notice"|"read"|"decline"|"home"|"stay","notice":"<hash>"}; header X-Edged-Page: T
//	POST /pin             {"act":<wire.Act>,"pin":"123456","notice":"<hash>","age":"adult"|"20160601","hours":"8"}; same header; a
//	                      notice with "agree" and "informed", an age and hours with "newcomer"
//	POST /attest          {"act":<wire.Attest>,"first":"123456","second":…,"third":…,"notice":"<hash>","lang":"zh",
//	                      "relation":<wire.Relation>,"age":…,"number":"123456789012"}; same header; see wire.Attested
//	GET  /notice?lang=zh  {"hash","language","title","version","sections":[{"name","title","text"}]}
//	GET  /voice/zh/KEY    what the screen says aloud, where kiosk.voice is configured; 404 otherwise
//	GET  /preview         the picture of now as JPEG; 404 when there is none
//	GET  /healthz         204
//
// A POST answers 204 when the keeper was told, 400 for a body it does not understand, 403 for a stranger, 409 when
// another window has the turn or the notice was not shown in this turn, 503 when the keeper does not listen.
package kiosk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// patience is how long the keeper may take to accept a word. A screen that hangs longer is not calm.
const patience = 2 * time.Second

// Run shows the page until ctx ends or the keeper goes.
func Run(ctx context.Context, r *room.Room) error {
	var brief room.Kiosk
	if err := r.Brief(&brief); err != nil {
		return err
	}
	listen, err := r.File("listen")
	if err != nil {
		return err
	}
	keeper, err := r.File("keeper")
	if err != nil {
		return err
	}
	var eye *os.File
	if brief.Face && brief.Preview && r.Has("eye") {
		if eye, err = r.File("eye"); err != nil {
			return err
		}
	}
	var sound *os.File
	if len(brief.Voice) > 0 {
		if sound, err = r.File("voice"); err != nil {
			return err
		}
	}
	t, err := New(brief, listen, keeper, eye, sound, r.Log, time.Now)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	r.Ready(wire.PartScreen)
	return t.Run(ctx, ticker.C)
}

// A Terminal is the page with the wires behind it.
type Terminal struct {
	listener  net.Listener
	keeper    *wire.Conn[wire.KioskHears, wire.KioskSays]
	eye       *wire.Conn[wire.MirrorSays, wire.RoomHears] // nil without a preview; the kiosk says nothing to it but Hello
	log       *slog.Logger
	face      bool
	visit     int // hours
	zone      int // minutes east of UTC
	guard     *guard
	stage     *stage
	mirror    *mirror
	voice     *voice
	languages []language
	notices   map[string][]byte // the answers of GET /notice, by language
	hash      [32]byte
	now       func() time.Time
	alive     time.Time // when the keeper was told last that the pad is there
}

// New makes a terminal of what the hall handed over. eye and sound may be nil. It owns the files from here on.
func New(brief room.Kiosk, listen, keeper, eye, sound *os.File, log *slog.Logger, now func() time.Time) (*Terminal, error) {
	t := &Terminal{log: log, face: brief.Face, visit: int(brief.Visit / time.Hour), zone: int(brief.Offset / time.Minute), stage: newStage(now),
		mirror: newMirror(now), now: now}
	var err error
	if t.languages, err = speak(brief.Languages); err != nil {
		return nil, err
	}
	if t.voice, err = newVoice(sound, brief.Voice); err != nil {
		return nil, err
	}
	n, err := notice.Parse(brief.Notice)
	if err != nil {
		return nil, fmt.Errorf("kiosk: %w", err)
	}
	if t.hash, t.notices, err = readNotice(n, t.languages); err != nil {
		return nil, err
	}
	if t.listener, err = adopt(listen, brief.Address); err != nil {
		return nil, err
	}
	t.guard = newGuard(brief.Address, t.stage.known, t.voice.file != nil)
	if t.keeper, err = wire.Open[wire.KioskHears, wire.KioskSays](keeper, t.stage.forget); err != nil {
		return nil, fmt.Errorf("kiosk: greet the keeper: %w", err)
	}
	if eye != nil {
		if t.eye, err = wire.Open[wire.MirrorSays, wire.RoomHears](eye, t.mirror.forget); err != nil {
			return nil, fmt.Errorf("kiosk: greet the eye: %w", err)
		}
	}
	return t, nil
}

// Run serves until ctx ends (nil) or the keeper goes (an error). Each tick is a moment to look whether the person has
// left; idle time is judged by the clock given to New.
func (t *Terminal) Run(ctx context.Context, ticks <-chan time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, inner := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler:           t.guard.admit(t.routes()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(t.log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return inner }, // ends the event streams
	}
	g.Go(func() error {
		if err := server.Serve(few(t.listener, mostConns)); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("kiosk: serve: %w", err)
		}
		return nil
	})
	g.Go(func() error { return t.hearKeeper(inner) })
	g.Go(func() error { return t.watchTurn(inner, ticks) })
	if t.eye != nil {
		g.Go(func() error { t.hearEye(inner); return nil })
	}
	g.Go(func() error {
		<-inner.Done()
		t.keeper.Close()
		if t.eye != nil {
			t.eye.Close()
		}
		// Every stream ends with the context; whoever still hangs after patience is cut off.
		last, done := context.WithTimeout(context.WithoutCancel(inner), patience)
		defer done()
		if server.Shutdown(last) != nil {
			return server.Close()
		}
		return nil
	})
	return g.Wait()
}

func (t *Terminal) hearKeeper(ctx context.Context) error {
	for {
		w, err := t.keeper.Hear()
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return errors.New("kiosk: the keeper has gone")
		}
		if err != nil {
			return fmt.Errorf("kiosk: hear the keeper: %w", err)
		}
		if door, ok := w.(*wire.FrontDoor); ok && door.Face != wire.FaceOn && door.Face != wire.FaceVerify {
			t.mirror.forget()
		}
		t.stage.show(w)
	}
}

// hearEye never ends the room: without the eye the page loses its mirror, and the PIN pad stays.
func (t *Terminal) hearEye(ctx context.Context) {
	defer t.mirror.forget()
	for {
		w, err := t.eye.Hear()
		if err != nil {
			if ctx.Err() == nil {
				t.log.Warn("no more preview", slog.Any("why", err))
			}
			return
		}
		if p, ok := w.(*wire.Preview); ok {
			t.mirror.put(p.JPEG)
		}
	}
}

// watchTurn forgets a person who has walked away, on the screen and at the keeper.
func (t *Terminal) watchTurn(ctx context.Context, ticks <-chan time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
		if err := t.sayAlive(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("kiosk: tell the keeper that the pad is there: %w", err)
		}
		session := t.stage.forgetIdle()
		if session == 0 {
			continue
		}
		if err := t.keeper.SayWithin(&wire.Touched{Session: session, Touch: wire.TouchHome}, patience); err != nil && ctx.Err() == nil {
			return fmt.Errorf("kiosk: tell the keeper that a turn is over: %w", err)
		}
	}
}

// sayAlive tells the keeper every few seconds that PINs can be typed here. While it does not hear that, faces rest.
func (t *Terminal) sayAlive() error {
	now := t.now()
	if now.Sub(t.alive) < sayAgain {
		return nil
	}
	t.alive = now
	return t.keeper.SayWithin(&wire.Alive{}, patience)
}

// sayAgain is well below what the keeper takes for silence.
const sayAgain = 5 * time.Second
