package keeper_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/access"
	"example.org/edged/internal/assess/assesstest"
	"example.org/edged/internal/confine"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

// stageWord makes this test binary what the hall starts first: it raises the walls and becomes the room.
const stageWord = "stage-of-the-keeper-test"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == stageWord {
		mandate, err := room.ReadMandate()
		if err == nil {
			err = mandate.Walls.Enter(mandate.Program, os.Environ())
		}
		fmt.Fprintln(os.Stderr, "stage:", err)
		os.Exit(room.ExitWalls)
	}
	os.Exit(m.Run())
}

const (
	staffPIN = "40718264"
	keepDays = 180
)

var (
	model = [32]byte{1, 2, 3}
	text  = func() *notice.Notice {
		words := func(s string) map[string]string {
			return map[string]string{"handler": s + " 1", "contact": "+86 10 1234 5678", "complaint": "12345", "purpose": s, "method": s,
				"data": s, "at_end": s, "necessity": s, "effect": s, "rights": s, "other_ways": s, "leaves_device": s}
		}
		b, err := json.Marshal(map[string]any{"version": 1, "purpose": "door-entry", "data": []string{"face-template"},
			"retention_days": keepDays, "leaves_device": "nothing",
			"text": map[string]any{"zh": words("本小区物业用人脸打开这扇门，不作他用。"), "en": words("The property office uses faces to open this door and for nothing else.")}})
		if err != nil {
			panic(err)
		}
		n, err := notice.Parse(b)
		if err != nil {
			panic(err)
		}
		return n
	}()
)

// A house is the real program behind its real walls. The other ends of its wires are in the test's hands: it is the
// eye, the screen and the hall.
type house struct {
	t      *testing.T
	folder string
	relay  string
	pid    int
	eye    *wire.Conn[wire.EyeHears, wire.EyeSays]
	screen chan wire.KioskHears
	kiosk  *wire.Conn[wire.KioskHears, wire.KioskSays]
	hall   chan wire.RoomSays
	orders *wire.Conn[wire.RoomSays, wire.RoomHears]
	stop   func()
	frame  uint64
}

func program(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "edged-keeper")
	build := exec.Command("go", "build", "-o", program, "../../cmd/edged-keeper")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// folder is one that the keeper's user can walk to, as below /var/lib.
func folder(t *testing.T) string {
	t.Helper()
	top, err := os.MkdirTemp("", "keeper-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	dir := filepath.Join(top, "keeper")
	if err := errors.Join(os.Chmod(top, 0o711), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// openHouse starts a keeper on a folder. The calling goroutine keeps its thread: the room dies with the thread that
// started it.
func openHouse(t *testing.T, program, folder string, told ...func(*room.Keeper)) *house {
	t.Helper()
	return openHouseWith(t, program, folder, func(keeper *os.File) {
		makeKeys(t, filepath.Join(filepath.Dir(folder), "keysmith"), keeper)
	}, told...)
}

// openHouseWith has keysmith look after the keysmith's end of its wire.
func openHouseWith(t *testing.T, program, folder string, keysmith func(keeper *os.File), told ...func(*room.Keeper)) *house {
	t.Helper()
	hash, err := access.HashStaff(staffPIN, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, folder: folder, relay: filepath.Join(t.TempDir(), "relay"), screen: make(chan wire.KioskHears, 1024), hall: make(chan wire.RoomSays, 1024)}
	brief := room.Keeper{Device: "door-1", Site: "here", Folder: folder, Notice: text.Canonical(), Built: time.Now().Add(-time.Hour),
		Door: room.Door{Driver: "virtual", Pulse: 100 * time.Millisecond}, PIN: room.PIN{Digits: 8}, Walls: true,
		Face: &room.Face{Model: fmt.Sprintf("%x", model), Level: "default", Frames: 3, EnrolFrom: 5, Keep: keepDays * 24 * time.Hour, Live: .05, Margin: .05, Alone: true},
		Declared: &site.Declaration{ID: "here", Place: "office", Necessity: "This is a test of the room, and nobody stands at its door.", Sign: "none hangs in a test",
			Confirmed: time.Now(), Area: "in front of the test", By: "the test"},
		Staff: []room.Staff{{Name: "desk", Hash: hash}}, Visit: 24 * time.Hour}
	for _, tell := range told {
		tell(&brief)
	}
	if brief.Assessment == nil && brief.Face != nil {
		brief.Assessment = assesstest.For(brief, time.Now())
	}
	raw, err := json.Marshal(brief)
	if err != nil {
		t.Fatal(err)
	}
	walls := confine.Walls{Net: confine.NetNone, Write: []string{folder}, MemLock: true, Parent: os.Getpid(), Run: []string{program},
		Files: confine.Kernel().Landlock > 0}
	if os.Geteuid() == 0 {
		walls.User = 60710
		if err := os.Chown(folder, walls.User, walls.User); err != nil {
			t.Fatal(err)
		}
	}
	m := room.Mandate{Room: "keeper", Program: program, Walls: walls, Brief: raw,
		Files: map[string]int{"hall": 4, "eye": 5, "kiosk": 6, "relay": 7, "keysmith": 8}}
	relay, err := os.OpenFile(h.relay, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	mandate, err := os.Create(filepath.Join(t.TempDir(), "mandate"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(mandate).Encode(m); err != nil {
		t.Fatal(err)
	}
	hall, hall2 := pair(t)
	eye, eye2 := pair(t)
	kiosk, kiosk2 := pair(t)
	smith, smith2 := pair(t)
	keysmith(smith)
	runtime.LockOSThread()
	cmd := exec.Command("/proc/self/exe", stageWord)
	cmd.ExtraFiles = []*os.File{mandate, hall2, eye2, kiosk2, relay, smith2}
	cmd.SysProcAttr = confine.Attr(0)
	cmd.Stderr = os.Stderr
	cmd.Env = []string{"GOTRACEBACK=none"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range cmd.ExtraFiles {
		f.Close()
	}
	h.pid = cmd.Process.Pid
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	h.stop = func() { cmd.Process.Signal(unix.SIGTERM); <-ended }
	t.Cleanup(h.stop)
	h.eye = open[wire.EyeHears, wire.EyeSays](t, eye)
	h.kiosk = open[wire.KioskHears, wire.KioskSays](t, kiosk)
	go func() { // the eye does as it is told; its frames are the test's
		for {
			if _, err := h.eye.Hear(); err != nil {
				return
			}
		}
	}()
	go listen(h.kiosk, h.screen)
	h.orders = open[wire.RoomSays, wire.RoomHears](t, hall)
	go listen(h.orders, h.hall)
	return h
}

// makeKeys is the keysmith's room without its walls. It lives as long as the test.
func makeKeys(t *testing.T, dir string, keeper *os.File) {
	t.Helper()
	brief, err := json.Marshal(room.Keysmith{Folder: dir, Tier: "key-file"})
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := room.New(slog.New(slog.DiscardHandler), brief, map[string]*os.File{"keeper": keeper})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := keysmith.Run(ctx, r); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error("keysmith:", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
}

func pair(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd[0]), "ours"), os.NewFile(uintptr(fd[1]), "theirs")
}

func open[In, Out wire.Word](t *testing.T, f *os.File) *wire.Conn[In, Out] {
	t.Helper()
	c, err := wire.Open[In, Out](f, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func listen[In, Out wire.Word](c *wire.Conn[In, Out], to chan In) {
	for {
		w, err := c.Hear()
		if err != nil {
			close(to)
			return
		}
		to <- w
	}
}

// await waits for a word that is right, and fails when none comes.
func await[W any](h *house, from chan W, what string, right func(W) bool) W {
	h.t.Helper()
	late := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case w, ok := <-from:
			if !ok {
				h.t.Fatalf("the keeper ended; waited for: %s", what)
			}
			if right(w) {
				return w
			}
		case <-tick.C:
			h.eye.Say(&wire.EyeState{Camera: wire.CameraSeeing})
		case <-late:
			h.t.Fatalf("did not come: %s", what)
		}
	}
}

func (h *house) prompt(p wire.Prompt) *wire.Screen {
	h.t.Helper()
	w := await(h, h.screen, fmt.Sprintf("prompt %d", p), func(w wire.KioskHears) bool {
		s, ok := w.(*wire.Screen)
		return ok && s.Prompt == p
	})
	return w.(*wire.Screen)
}

func (h *house) faceIs(on bool) {
	h.t.Helper()
	await(h, h.screen, fmt.Sprintf("face on: %v", on), func(w wire.KioskHears) bool {
		f, ok := w.(*wire.FrontDoor)
		return ok && (f.Face == wire.FaceOn) == on
	})
}

func (h *house) typed(act wire.Act, pin string) {
	h.t.Helper()
	w := wire.PINTyped{Session: 7, Act: act, Lang: [2]byte{'e', 'n'}, Len: uint8(len(pin))}
	copy(w.Digits[:], pin)
	switch act {
	case wire.ActAgree, wire.ActInformed:
		w.Notice = text.Hash()
		for _, touch := range []wire.Touch{wire.TouchNotice, wire.TouchRead} {
			if err := h.kiosk.Say(&wire.Touched{Session: 7, Touch: touch, Notice: w.Notice}); err != nil {
				h.t.Fatal(err)
			}
		}
	case wire.ActNewcomer:
		w.Age.Adult = true
	}
	if err := h.kiosk.Say(&w); err != nil {
		h.t.Fatal(err)
	}
}

// newcomer is somebody whom the staff give a PIN.
func (h *house) newcomer() (pin string) {
	h.t.Helper()
	h.typed(wire.ActNewcomer, staffPIN)
	w := await(h, h.screen, "a PIN", func(w wire.KioskHears) bool { _, ok := w.(*wire.Issued); return ok }).(*wire.Issued)
	return string(w.Digits[:w.Len])
}

// face is what an eye would compute of a person: of unit length.
func face(seed uint64) (v [wire.FeatureLen]float32) {
	r := mathrand.New(mathrand.NewPCG(seed, 1))
	var square float64
	for i := range v {
		v[i] = float32(r.NormFloat64())
		square += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(square))
	}
	return v
}

// show has the eye see somebody in so many frames.
func (h *house) show(feature [wire.FeatureLen]float32, frames int) {
	h.t.Helper()
	for range frames {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			h.t.Fatal(err)
		}
		h.frame++
		if err := h.eye.Say(&wire.Sighting{Frame: h.frame, CapturedAt: ts.Nano(), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, EyeDistance: 60, Live: .9,
			Model: model, Feature: feature}); err != nil {
			h.t.Fatal(err)
		}
	}
}

// opened counts how often the relay went on.
func (h *house) opened() int {
	b, err := os.ReadFile(h.relay)
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Count(string(b), `"on"`)
}
