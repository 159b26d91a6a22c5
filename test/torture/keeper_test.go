package torture

import (
	"bytes"
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/sys/unix"

	"example.org/edged/configs"
	"example.org/edged/internal/access"
	"example.org/edged/internal/assess/assesstest"
	keeperroom "example.org/edged/internal/keeper"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

// keeperWord makes the test program play the keeper's room: the real one, without walls, so that it can be killed
// a thousand times in minutes. The walls have tests of their own.
const (
	keeperWord = "EDGED_TORTURE_KEEPER"
	smithWord  = "EDGED_TORTURE_KEYSMITH" // the keysmith's folder
)

var model = [32]byte{0: 1, 31: 2}

const staffPIN = "73918264"

// playKeeper is the child: descriptors 3 to 7 are the wires to hall, eye, kiosk and keysmith, and the relay. The
// keysmith lives in the same process, so that one power cut takes both.
func playKeeper() int {
	files := map[string]*os.File{}
	for i, name := range []string{"hall", "eye", "kiosk", "keysmith", "relay"} {
		unix.SetNonblock(3+i, name != "relay")
		files[name] = os.NewFile(uintptr(3+i), name)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := playKeysmith(log, os.Getenv(smithWord)); err != nil {
		fmt.Fprintln(os.Stderr, "keysmith:", err)
		return 1
	}
	r, err := room.New(log, json.RawMessage(os.Getenv(keeperWord)), files)
	if err == nil {
		err = keeperroom.Run(context.Background(), r)
	}
	fmt.Fprintln(os.Stderr, "keeper ended:", err)
	return 1
}

// playKeysmith is the keysmith's room beside the keeper, with the key file tier.
func playKeysmith(log *slog.Logger, folder string) error {
	unix.SetNonblock(8, true)
	keeper := os.NewFile(8, "keeper")
	brief, err := json.Marshal(room.Keysmith{Folder: folder, Tier: "key-file"})
	if err != nil {
		return err
	}
	r, err := room.New(log, brief, map[string]*os.File{"keeper": keeper})
	if err != nil {
		return err
	}
	go keysmith.Run(context.Background(), r)
	return nil
}

// keeper is one life of a keeper, seen from the rooms around it.
type keeper struct {
	cmd   *exec.Cmd
	eye   *wire.Conn[wire.EyeHears, wire.EyeSays]
	kiosk *wire.Conn[wire.KioskHears, wire.KioskSays]
	heard chan wire.KioskHears
	told  chan wire.RoomSays
	log   *lockedLog
	dead  atomic.Bool
	// failing: the disk of this life fails now and then, so an answer may be "no"; it must never be a false "yes".
	failing bool
	once    sync.Once
	frame   uint64
	turn    wire.Session
}

type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

var shared struct {
	once   sync.Once
	notice []byte
	hash   [32]byte
	staff  string
	err    error
}

// agreed is the notice of the examples, and a staff PIN: made once.
func agreed() ([]byte, [32]byte, string, error) {
	shared.once.Do(func() {
		var n notice.Notice
		if shared.err = yaml.Unmarshal(configs.Notice, &n); shared.err != nil {
			return
		}
		shared.notice, shared.hash = n.Canonical(), n.Hash()
		shared.staff, shared.err = access.HashStaff(staffPIN, crand.Reader)
	})
	return shared.notice, shared.hash, shared.staff, shared.err
}

// start begins a life and waits until PIN and face are ready.
func start(dir string) (*keeper, error) { return startFailing(dir, "") }

// startFailing begins a life in which a system call fails now and then, as strace(1) injects it; empty for none.
func startFailing(dir, inject string) (*keeper, error) {
	text, _, staff, err := agreed()
	if err != nil {
		return nil, err
	}
	told := room.Keeper{Device: "torture", Site: "test", Folder: dir, Notice: text, Walls: true,
		Built: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC),
		Door:  room.Door{Driver: "virtual", Pulse: 10 * time.Millisecond},
		PIN:   room.PIN{Digits: 8, FreeTries: 5, FirstWait: 30 * time.Second},
		Face: &room.Face{Model: hex.EncodeToString(model[:]), Level: "default", Frames: 1, EnrolFrom: 3, Keep: 365 * 24 * time.Hour, Live: 0.05, Alone: true,
			Margin: 0.05, Tries: 0.01, Years: 0.1},
		Declared: &site.Declaration{ID: "test", Place: "office", Necessity: "This is a test of power cuts, and nobody stands at its door.", Sign: "none hangs in a test",
			Confirmed: time.Now(), Area: "in front of the test", By: "the test"},
		Staff: []room.Staff{{Name: "desk", Hash: staff}}}
	told.Assessment = assesstest.For(told, time.Now())
	brief, err := json.Marshal(told)
	if err != nil {
		return nil, err
	}
	k := &keeper{log: &lockedLog{}, heard: make(chan wire.KioskHears, 256), told: make(chan wire.RoomSays, 256), turn: wire.Session(rand.Uint64() | 1)}
	var theirs []*os.File
	var ours [3]*os.File
	for i := range ours {
		fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		ours[i] = os.NewFile(uintptr(fd[0]), "wire")
		theirs = append(theirs, os.NewFile(uintptr(fd[1]), "wire"))
	}
	relay, err := os.OpenFile(dir+".relay", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	theirs = append(theirs, os.NewFile(uintptr(fd[0]), "keysmith"), relay, os.NewFile(uintptr(fd[1]), "keeper"))
	smith := dir + ".keysmith"
	if err := os.MkdirAll(smith, 0o700); err != nil {
		return nil, err
	}
	k.cmd = exec.Command("/proc/self/exe")
	if inject != "" {
		k.cmd = exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf", "-e", "inject="+inject, "/proc/self/exe")
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		k.cmd.Args[len(k.cmd.Args)-1] = self
		k.failing = true
	}
	k.cmd.Env = []string{keeperWord + "=" + string(brief), smithWord + "=" + smith, "PATH=/usr/bin:/bin"}
	k.cmd.ExtraFiles, k.cmd.Stderr = theirs, k.log
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := k.cmd.Start(); err != nil {
		return nil, err
	}
	for _, f := range theirs {
		f.Close()
	}
	return k, k.join(ours)
}

func (k *keeper) join(ours [3]*os.File) (err error) {
	hall, err := wire.Open[wire.RoomSays, wire.RoomHears](ours[0], nil)
	if err != nil {
		return err
	}
	if k.eye, err = wire.Open[wire.EyeHears, wire.EyeSays](ours[1], nil); err != nil {
		return err
	}
	if k.kiosk, err = wire.Open[wire.KioskHears, wire.KioskSays](ours[2], nil); err != nil {
		return err
	}
	go pump(hall, k.told)
	go pump(k.kiosk, k.heard)
	go func() {
		for {
			if _, err := k.eye.Hear(); err != nil {
				return
			}
		}
	}()
	go func() { // an eye that says that it sees
		for !k.dead.Load() {
			if k.eye.SayWithin(&wire.EyeState{Camera: wire.CameraSeeing}, 100*time.Millisecond) != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return k.ready(wire.PartPIN, wire.PartFace)
}

func pump[In, Out wire.Word](c *wire.Conn[In, Out], to chan In) {
	defer close(to)
	for {
		w, err := c.Hear()
		if err != nil {
			return
		}
		to <- w
	}
}

func (k *keeper) ready(parts ...wire.Part) error {
	late := time.After(10 * time.Second)
	for len(parts) > 0 {
		select {
		case w, ok := <-k.told:
			if !ok {
				return fmt.Errorf("the keeper did not start: %s", k.log)
			}
			if r, is := w.(*wire.Ready); is && r.Part == parts[0] {
				parts = parts[1:]
			}
			if f, is := w.(*wire.Fault); is && !k.failing {
				return fmt.Errorf("the keeper starts with a fault in the %s: %s", f.Fault, k.log)
			}
		case <-late:
			return fmt.Errorf("%v was not ready within 10 s: %s", parts, k.log)
		}
	}
	return nil
}

// kill is the power cut.
func (k *keeper) kill() {
	k.once.Do(func() {
		k.dead.Store(true)
		syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL) // the tracer and the keeper under it
		k.cmd.Wait()
		k.eye.Close()
		k.kiosk.Close()
	})
}

// auditKey is what the keeper said at its start.
func (k *keeper) auditKey() string {
	_, after, _ := strings.Cut(k.log.String(), "key=")
	key, _, _ := strings.Cut(after, "\n")
	return strings.Trim(key, `"`)
}

// answer waits for the screen of this turn.
func (k *keeper) answer(want func(wire.KioskHears) bool) (wire.KioskHears, error) {
	late := time.After(10 * time.Second)
	for {
		select {
		case w, ok := <-k.heard:
			if !ok {
				return nil, errCut
			}
			if want(w) {
				return w, nil
			}
		case <-late:
			return nil, fmt.Errorf("no answer within 10 s: %s", k.log)
		}
	}
}

func (k *keeper) screen(waiting ...wire.Prompt) (wire.Prompt, error) {
	w, err := k.answer(func(w wire.KioskHears) bool {
		s, ok := w.(*wire.Screen)
		if !ok || s.Session != k.turn {
			return false
		}
		for _, p := range waiting {
			if s.Prompt == p {
				return false
			}
		}
		return true
	})
	if err != nil {
		return 0, err
	}
	return w.(*wire.Screen).Prompt, nil
}

func (k *keeper) type_(act wire.Act, pin string) error {
	k.turn++
	w := &wire.PINTyped{Session: k.turn, Act: act, Lang: [2]byte{'z', 'h'}, Len: uint8(len(pin))}
	copy(w.Digits[:], pin)
	switch act {
	case wire.ActAgree:
		_, w.Notice, _, _ = agreed()
		for _, touch := range []wire.Touch{wire.TouchNotice, wire.TouchRead} {
			if err := k.kiosk.Say(&wire.Touched{Session: k.turn, Touch: touch, Notice: w.Notice}); err != nil {
				return errCut
			}
		}
	case wire.ActNewcomer:
		w.Age.Adult = true
	}
	if err := k.kiosk.Say(w); err != nil {
		return errCut
	}
	return nil
}

func (k *keeper) pin(act wire.Act, pin string) (wire.Prompt, error) {
	if err := k.type_(act, pin); err != nil {
		return 0, err
	}
	return k.screen()
}

func (k *keeper) newcomer() (string, error) {
	if err := k.type_(wire.ActNewcomer, staffPIN); err != nil {
		return "", err
	}
	w, err := k.answer(func(w wire.KioskHears) bool {
		switch w := w.(type) {
		case *wire.Issued:
			return w.Session == k.turn
		case *wire.Screen:
			return w.Session == k.turn
		}
		return false
	})
	if err != nil {
		return "", err
	}
	issued, ok := w.(*wire.Issued)
	if !ok {
		return "", fmt.Errorf("staff got %+v instead of a PIN: %s", w, k.log)
	}
	return string(issued.Digits[:issued.Len]), nil
}

// see sends one good sighting of a face.
func (k *keeper) see(face *[wire.FeatureLen]float32) error {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	k.frame++
	w := &wire.Sighting{Frame: k.frame, CapturedAt: ts.Nano(), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, EyeDistance: 60, Live: 0.9, Model: model, Feature: *face}
	if err := k.eye.Say(w); err != nil {
		return errCut
	}
	return nil
}

func (k *keeper) enrol(pin string, face *[wire.FeatureLen]float32) (wire.Prompt, error) {
	out, err := k.pin(wire.ActAgree, pin)
	if err != nil || out != wire.PromptLook {
		return out, err
	}
	for range 3 {
		if err := k.see(face); err != nil {
			return 0, err
		}
	}
	return k.screen(wire.PromptLook)
}

// pass shows a face at the door and tells whether it opened. Somebody who is always enrolled goes first: a door does
// not decide twice about whoever stays in front of it, and after the sentinel everybody is somebody else.
func (k *keeper) pass(sentinel, face *[wire.FeatureLen]float32) (bool, error) {
	drainRooms(k.told)
	if opened, err := k.decision(sentinel); err != nil || !opened {
		return false, cmp.Or(err, errors.New("the sentinel's face, never withdrawn, does not open the door"))
	}
	return k.decision(face)
}

func (k *keeper) decision(face *[wire.FeatureLen]float32) (bool, error) {
	if err := k.see(face); err != nil {
		return false, err
	}
	late := time.After(10 * time.Second)
	for {
		select {
		case w, ok := <-k.told:
			if !ok {
				return false, errCut
			}
			if t, is := w.(*wire.Timed); is && t.Method == wire.MethodFace {
				return t.Outcome == wire.Granted, nil
			}
		case <-time.After(700 * time.Millisecond): // a frame that waited a second in a busy keeper is not looked at
			if err := k.see(face); err != nil {
				return false, err
			}
		case <-late:
			return false, fmt.Errorf("no decision about a face within 10 s: %s", k.log)
		}
	}
}

func drainRooms(c chan wire.RoomSays) {
	for {
		select {
		case _, ok := <-c:
			if !ok {
				return
			}
		default:
			return
		}
	}
}

func TestTheTortureCanFail(t *testing.T) {
	w := &world{t: t, dir: t.TempDir(), r: rand.New(rand.NewPCG(7, 0)), tally: map[string]int{}}
	k, err := start(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer k.kill()
	if err := w.begin(k); err != nil {
		t.Fatal(err)
	}
	if err := w.newcomer(k); err != nil {
		t.Fatal(err)
	}
	p := w.people[0]
	if err := w.enrol(k, p); err != nil {
		t.Fatal(err)
	}
	p.stored = dead // a lie: the face is stored
	if err := w.checkFace(k, p); err == nil {
		t.Error("a face that opens the door passed for an erased one")
	}
	if err := w.withdraw(k, p); err != nil {
		t.Fatal(err)
	}
	p.stored = alive // a lie: it was withdrawn
	if err := w.checkFace(k, p); err == nil {
		t.Error("a face that opens nothing passed for an enrolled one")
	}
}
