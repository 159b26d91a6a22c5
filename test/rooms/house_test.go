// Package rooms_test is a keeper with this program in all other rooms, whatever those may do.
package rooms_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/sys/unix"

	"example.org/edged/configs"
	"example.org/edged/internal/access"
	"example.org/edged/internal/assess/assesstest"
	"example.org/edged/internal/keeper"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

const staffPIN = "58203917"

// staffHash is slow on purpose, so it is made once.
var staffHash = sync.OnceValue(func() string {
	hash, err := access.HashStaff(staffPIN, rand.Reader)
	if err != nil {
		panic(err)
	}
	return hash
})

// house is a keeper without walls, and this test in all other rooms.
type house struct {
	t       *testing.T
	relay   string
	eye     *os.File
	kiosk   *wire.Conn[wire.KioskHears, wire.KioskSays]
	courier *os.File
	ended   chan error
	stop    context.CancelFunc
	log     safeBuffer

	mu    sync.Mutex
	words []wire.KioskHears
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}
func (s *safeBuffer) String() string { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pair(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	must(t, err)
	ours, theirs = os.NewFile(uintptr(fd[0]), "ours"), os.NewFile(uintptr(fd[1]), "theirs")
	t.Cleanup(func() { ours.Close() })
	return ours, theirs
}

// makeKeys is the keysmith's room without its walls.
func makeKeys(t *testing.T, dir string, keeper *os.File) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	raw, err := json.Marshal(room.Keysmith{Folder: dir, Tier: "key-file"})
	must(t, err)
	r, err := room.New(slog.New(slog.DiscardHandler), raw, map[string]*os.File{"keeper": keeper})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); keysmith.Run(ctx, r) }()
	t.Cleanup(func() { cancel(); <-ended })
}

func brief(t *testing.T, dir string) room.Keeper {
	t.Helper()
	n := new(notice.Notice)
	must(t, yaml.Unmarshal(configs.Notice, n))
	b := room.Keeper{Device: "door-1", Site: "home", Folder: dir, Notice: n.Canonical(), Built: time.Now().Add(-time.Hour),
		Door: room.Door{Driver: "virtual", Pulse: time.Second}, Staff: []room.Staff{{Name: "desk", Hash: staffHash()}}, Fleet: true, Walls: true,
		Declared: &site.Declaration{ID: "home", Place: "office", Necessity: "This is a test of the rooms, and nobody stands at its door.", Sign: "none hangs in a test",
			Confirmed: time.Now(), Area: "in front of the test", By: "the test"},
		Face: &room.Face{Model: strings.Repeat("07", 32), Level: "default", Frames: 3, EnrolFrom: 3, Keep: n.Keep(), Live: 0.05, Margin: 0.05, Alone: true}}
	b.Assessment = assesstest.For(b, time.Now())
	return b
}

func begin(t *testing.T, b room.Keeper) *house {
	t.Helper()
	h := &house{t: t, relay: filepath.Join(t.TempDir(), "relay"), ended: make(chan error, 1)}
	relay, err := os.OpenFile(h.relay, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	must(t, err)
	files := map[string]*os.File{"relay": relay}
	h.eye, files["eye"] = pair(t)
	kiosk, theirs := pair(t)
	files["kiosk"] = theirs
	h.courier, files["courier"] = pair(t)
	smith, theirs := pair(t)
	files["keysmith"] = theirs
	makeKeys(t, filepath.Join(b.Folder, "..", "keysmith"), smith)
	raw, err := json.Marshal(b)
	must(t, err)
	r, err := room.New(slog.New(slog.NewTextHandler(&h.log, nil)), raw, files)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	h.stop = cancel
	over := make(chan struct{})
	go func() { defer close(over); h.ended <- keeper.Run(ctx, r) }()
	h.kiosk, err = wire.Open[wire.KioskHears, wire.KioskSays](kiosk, nil)
	must(t, err)
	go func() {
		for {
			w, err := h.kiosk.Hear()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.words = append(h.words, w)
			h.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-over // the folder must not go while somebody writes into it
		if t.Failed() {
			t.Log(h.log.String())
		}
	})
	return h
}

// hear waits for a word that the screen is told.
func hear[W wire.KioskHears](h *house, want func(W) bool) W {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		h.mu.Lock()
		for i, w := range h.words {
			if w, ok := w.(W); ok && want(w) {
				h.words = h.words[i+1:]
				h.mu.Unlock()
				return w
			}
		}
		h.mu.Unlock()
	}
	var none W
	h.t.Fatalf("the screen was not told: %T", none)
	return none
}

func (h *house) typed(act wire.Act, pin string) {
	h.t.Helper()
	w := &wire.PINTyped{Session: 1, Act: act, Lang: [2]byte{'z', 'h'}, Len: uint8(len(pin))}
	copy(w.Digits[:], pin)
	w.Age.Adult = act == wire.ActNewcomer
	must(h.t, h.kiosk.Say(w))
}

// newcomer gets a PIN.
func (h *house) newcomer() string {
	h.t.Helper()
	h.typed(wire.ActNewcomer, staffPIN)
	i := hear(h, func(*wire.Issued) bool { return true })
	return string(i.Digits[:i.Len])
}

func (h *house) opens(pin string) {
	h.t.Helper()
	h.typed(wire.ActOpen, pin)
	hear(h, func(s *wire.Screen) bool { return s.Prompt == wire.PromptWelcome })
	b, err := os.ReadFile(h.relay)
	must(h.t, err)
	if !strings.Contains(string(b), `"on"`) {
		h.t.Error("the relay did nothing")
	}
}

// close stops the keeper in order.
func (h *house) close() {
	h.t.Helper()
	h.stop()
	select {
	case err := <-h.ended:
		if err != nil {
			h.t.Errorf("stopped with %v", err)
		}
	case <-time.After(10 * time.Second):
		h.t.Fatal("the keeper does not stop")
	}
}
