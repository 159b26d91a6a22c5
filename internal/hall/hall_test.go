package hall

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Only log lines of ours pass; what a dying program prints does not, in whatever pieces it comes.
func TestOnlyLogLinesPassTheSieve(t *testing.T) {
	line := "time=2026-01-01T00:00:00Z level=INFO msg=hello room=eye\n"
	for _, c := range []struct {
		name, in, out string
		lost          int
	}{
		{"a log line", line, line, 0},
		{"what the stage says", "edged: the walls of a room could not be raised: no\n", "edged: the walls of a room could not be raised: no\n", 0},
		{"a panic", "panic: [0.04 0.08]\n\ngoroutine 1 [running]:\nmain.main()\n", "", 4},
		{"a panic between log lines", line + "panic: 0.04\n" + line, line + line, 1},
		{"a line without an end", "time=2026 half of it", "", 0},
		{"a line that is too long", "time=" + strings.Repeat("x", 2*longestLine) + "\n", "", 1},
		{"a C++ exception", "terminate called after throwing an instance of 'cv::Exception'\n", "", 1},
		{"raw bytes", "\x00\x01\xff\n", "", 1},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			var out, said bytes.Buffer
			s := &sieve{to: &out, room: "eye", log: slog.New(slog.NewTextHandler(&said, nil))}
			for in := []byte(c.in); len(in) > 0; {
				n, err := s.Write(in[:min(size, len(in))])
				if err != nil {
					t.Fatal(err)
				}
				in = in[n:]
			}
			s.end()
			if out.String() != c.out {
				t.Errorf("%s, in pieces of %d: %q", c.name, size, out.String())
			}
			if told := strings.Contains(said.String(), fmt.Sprintf("lines=%d", c.lost)); told != (c.lost > 0) {
				t.Errorf("%s: said %q", c.name, said.String())
			}
			if s.line = s.line[:cap(s.line)]; bytes.ContainsAny(s.line, "abcdefghijklmnopqrstuvwxyz0123456789") {
				t.Errorf("%s: %q is still in the buffer", c.name, s.line)
			}
		}
	}
}

func TestTheScreenListensOnLoopbackOnly(t *testing.T) {
	for address, ok := range map[string]bool{"127.0.0.1:0": true, "[::1]:0": true, "127.8.9.10:0": true,
		"0.0.0.0:0": false, "192.0.2.1:80": false, "[::]:0": false, "localhost:8477": false, "": false, "127.0.0.1": false, "127.0.0.1:99999": false} {
		f, bound, err := listen(address)
		if ok != (err == nil) {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			if strings.HasSuffix(bound, ":0") {
				t.Errorf("%q is said to be bound to %q", address, bound)
			}
			f.Close()
		} else if !strings.Contains(err.Error(), "kiosk.listen") {
			t.Errorf("%q: the error does not name the setting: %v", address, err)
		}
	}
	f, bound, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, err := listen(bound); err == nil || !strings.Contains(err.Error(), "is another edged running?") {
		t.Errorf("an address in use: %v", err)
	}
}

func TestACallingRoomMayCallOnePort(t *testing.T) {
	usual := map[string]uint16{"tcp": 1883, "ssl": 8883}
	for address, want := range map[string]struct {
		port    uint16
		literal bool
	}{
		"tcp://192.0.2.1":        {1883, true},
		"ssl://broker.example":   {8883, false},
		"tcp://broker:4000":      {4000, false},
		"tcp://[2001:db8::1]:77": {77, true},
		"tcp://broker:0":         {},
		"tcp://broker:70000":     {},
		"ws://broker":            {},
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		var w confine.Walls
		err = port(&w, u, usual)
		if (err == nil) != (want.port != 0) || err == nil && (w.Port != want.port || w.Literal != want.literal) {
			t.Errorf("%s: port %d, literal %t, %v", address, w.Port, w.Literal, err)
		}
	}
}

// The keeper and the eye reach nobody but their neighbours, and the camera's picture goes nowhere but to the screen.
func TestWhoMayTalkToWhom(t *testing.T) {
	all := map[string][]string{}
	for _, w := range wires {
		all[w[0]], all[w[1]] = append(all[w[0]], w[1]), append(all[w[1]], w[0])
	}
	for room, want := range map[string]string{"keeper": "[eye kiosk courier keysmith]", "keysmith": "[keeper]", "eye": "[keeper kiosk lens]", "kiosk": "[keeper eye]", "courier": "[keeper]", "lens": "[eye]"} {
		if got := fmt.Sprint(all[room]); got != want {
			t.Errorf("%s may talk to %s, not %s", room, got, want)
		}
	}
}

func TestEachRoomHasTheWallsOfItsWork(t *testing.T) {
	dir := t.TempDir()
	h := &Hall{house: House{Keeper: room.Keeper{Folder: dir}, Kiosk: &room.Kiosk{}, Listen: "127.0.0.1:0",
		Courier: &room.Courier{Folder: filepath.Join(dir, "courier"), Broker: "tcp://127.0.0.1:1883"},
		Eye:     &room.Eye{Models: room.Pack{Dir: dir}, Camera: room.Camera{Folder: dir}}, Relay: filepath.Join(dir, "relay")},
		log: quiet(), facts: confine.Facts{Landlock: 6}}
	posts, err := h.posts()
	defer closePosts(posts)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]*post{}
	for _, p := range posts {
		seen[p.name] = p
		if !p.walls.Files || p.walls.Parent != os.Getpid() {
			t.Errorf("%s: %+v", p.name, p.walls)
		}
	}
	for name, net := range map[string]confine.Net{"keeper": confine.NetNone, "eye": confine.NetNone, "kiosk": confine.NetAnswer, "courier": confine.NetCall} {
		if seen[name].walls.Net != net {
			t.Errorf("%s: network %q", name, seen[name].walls.Net)
		}
	}
	if got := fmt.Sprint(seen["keeper"].walls.Write, seen["eye"].walls.Write, seen["kiosk"].walls.Write); got != fmt.Sprintf("[%s] [] []", dir) {
		t.Errorf("keeper, eye and kiosk may write %s", got)
	}
	if len(seen["kiosk"].walls.Read)+len(seen["keeper"].walls.Read) != 0 {
		t.Error("kiosk or keeper may read files of others")
	}
	if !seen["keeper"].walls.First || seen["eye"].walls.First {
		t.Error("the keeper goes first, and only it")
	}
}

// The kiosk gets the recordings as one descriptor and no way to the folder; where they cannot be had the door begins all
// the same.
func TestTheScreensVoiceIsHandedOver(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct {
		folder string
		files  int
	}{{folder, 1}, {"", 0}} {
		if err := os.MkdirAll(filepath.Join(folder, "en"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "en", "prompt.welcome.ogg"), []byte("OggS"), 0o600); err != nil {
			t.Fatal(err)
		}
		h := &Hall{house: House{Keeper: room.Keeper{Folder: folder}, Kiosk: &room.Kiosk{Languages: []string{"en"}}, Listen: "127.0.0.1:0", Voice: c.folder}, log: quiet()}
		posts, err := h.posts()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range posts {
			if brief, ok := p.brief.(room.Kiosk); ok && (len(brief.Voice) != c.files || (p.files["voice"] != nil) != (c.files > 0) || len(p.walls.Read) > 0) {
				t.Errorf("with %q the kiosk was handed %v, %v, and may read %q", c.folder, brief.Voice, p.files["voice"], p.walls.Read)
			}
		}
		closePosts(posts)
	}
}

func TestABriefFindsItsDescriptors(t *testing.T) {
	p := &post{brief: room.Eye{Models: room.Pack{Dir: fdPath("models")}, Camera: room.Camera{Folder: "/srv/descriptor:models"}}}
	b, err := p.encode(map[string]int{"models": 7})
	if err != nil {
		t.Fatal(err)
	}
	var e room.Eye
	if err := json.Unmarshal(b, &e); err != nil || e.Models.Dir != "/proc/self/fd/7" || e.Camera.Folder != "/srv/descriptor:models" {
		t.Errorf("%+v %v", e, err)
	}
}

func TestAFallingRoomWaitsLongerEachTime(t *testing.T) {
	b := backoff{first: time.Millisecond, longest: 4 * time.Millisecond, calm: time.Hour}
	for _, want := range []time.Duration{2, 4, 4, 4} {
		if !b.sleep(t.Context(), time.Now()) || b.next != want*time.Millisecond {
			t.Errorf("then %s, not %d ms", b.next, want)
		}
	}
	if b.sleep(t.Context(), time.Now().Add(-2*time.Hour)); b.next != 2*time.Millisecond {
		t.Errorf("after a calm life %s", b.next)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	b.next = time.Hour
	if b.sleep(ended, time.Now()) {
		t.Error("it slept through the end")
	}
}

func TestAProgramThatIsMissingIsNamed(t *testing.T) {
	h := &Hall{house: House{Programs: t.TempDir()}, log: quiet()}
	_, err := h.command(&post{name: "keeper", files: map[string]*os.File{}})
	if err == nil || !strings.Contains(err.Error(), "edged-keeper") || !strings.Contains(err.Error(), "make build") {
		t.Errorf("%v", err)
	}
}

func TestFoldersAreClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "keeper")
	h := &Hall{house: House{Keeper: room.Keeper{Folder: dir}}}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(dir, 0o777), h.prepareFolders()); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.house.Keeper.Folder = filepath.Join(file, "keeper")
	if err := h.prepareFolders(); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("below a file: %v", err)
	}
}

func TestARoomHasAnEnvironmentOfItsOwn(t *testing.T) {
	t.Setenv("SECRET", "x")
	t.Setenv("LD_PRELOAD", "/tmp/x.so")
	env := strings.Join(roomEnv(), " ")
	for _, bad := range []string{"SECRET", "LD_PRELOAD", "HOME"} {
		if strings.Contains(env, bad) {
			t.Errorf("%s reaches a room", bad)
		}
	}
	for _, need := range []string{"GOTRACEBACK=none", "multipathtcp=0"} {
		if !strings.Contains(env, need) {
			t.Errorf("a room lacks %s", need)
		}
	}
}

func TestExitCodesOfRooms(t *testing.T) {
	for exit, want := range map[string]int{"exit 77": room.ExitWalls, "exit 70": room.ExitFault, "exit 0": -1, "kill -9 $$": -1} {
		if got := code(exec.Command("/bin/sh", "-c", exit).Run()); got != want {
			t.Errorf("%s: %d", exit, got)
		}
	}
}
