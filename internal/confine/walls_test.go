package confine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/confine"
)

// The test program plays the stage and the room as well: it starts itself, enters walls, becomes itself, and then
// tries what the test asks for. Real kernel, real walls.
const (
	asStage = "EDGED_TEST_STAGE" // walls to enter, as JSON
	asRoom  = "EDGED_TEST_ROOM"  // walls to check, as JSON; "-" for none
	attempt = "EDGED_TEST_TRY"   // what the room tries after that
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asRoom) != "" && os.Getenv(asStage) == "":
		os.Exit(playRoom())
	case os.Getenv(asStage) != "":
		os.Exit(playStage())
	}
	os.Exit(m.Run())
}

func playStage() int {
	var w confine.Walls
	if err := json.Unmarshal([]byte(os.Getenv(asStage)), &w); err != nil {
		fmt.Println("stage:", err)
		return 3
	}
	env := []string{asRoom + "=" + os.Getenv(asRoom), attempt + "=" + os.Getenv(attempt), "GODEBUG=multipathtcp=0"}
	fmt.Println("stage:", w.Enter("/proc/self/exe", env))
	return 4
}

func playRoom() int {
	if s := os.Getenv(asRoom); s != "-" {
		var w confine.Walls
		if err := json.Unmarshal([]byte(s), &w); err != nil {
			fmt.Println("room:", err)
			return 3
		}
		if err := w.Close(); err != nil {
			fmt.Println("refuses to run:", err)
			return 77
		}
	}
	fmt.Println("runs")
	if what := os.Getenv(attempt); what != "" {
		fmt.Println("tried:", attempts[what]())
	}
	return 0
}

// attempts are ways out that the room's own check does not try.
var attempts = map[string]func() error{
	"datagram": func() error {
		c, err := net.Dial("udp", "127.0.0.1:9")
		if err == nil {
			_, err = c.Write([]byte("face"))
		}
		return err
	},
	"abstract socket": func() error { _, err := net.Dial("unix", "@edged-test"); return err },
	"listen":          func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
	"shell":           func() error { return exec.Command("/bin/sh", "-c", "true").Run() },
	"memory file program": func() error {
		fd, err := unix.MemfdCreate("x", 0)
		if err != nil {
			return err
		}
		b, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			return err
		}
		unix.Write(fd, b)
		return syscall.Exec("/proc/self/fd/"+strconv.Itoa(fd), []string{"x"}, nil)
	},
	"hall's memory":   func() error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid())); return err },
	"shoot the hall":  func() error { return syscall.Kill(os.Getppid(), 0) },
	"set the clock":   func() error { tv := unix.Timeval{Sec: 1}; return unix.Settimeofday(&tv) },
	"own core":        func() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1}) },
	"another thread":  fromAnotherThread,
	"pass descriptor": func() error { return unix.Sendmsg(1, []byte("x"), unix.UnixRights(0), nil, 0) },
	"mount":           func() error { return unix.Mount("none", "/", "tmpfs", 0, "") },
	"core dump": func() error {
		if n, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); n == 0 {
			return errors.New("not dumpable")
		}
		return nil
	},
}

// fromAnotherThread tries from a thread that is born after the walls.
func fromAnotherThread() error {
	got := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err == nil {
			unix.Close(fd)
		}
		got <- err
	}()
	return <-got
}

// room starts the test program behind walls and returns what it printed.
func room(t *testing.T, enter confine.Walls, check *confine.Walls, try string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	enter.Parent = os.Getpid()
	enter.Run = append(enter.Run, self, "/usr/lib", "/lib", "/lib64", "/usr/lib64")
	enter.Read = append(enter.Read, "/etc/ld.so.cache", "/sys/kernel/mm/transparent_hugepage")
	e, err := json.Marshal(enter)
	if err != nil {
		t.Fatal(err)
	}
	c := []byte("-")
	if check != nil {
		check.Parent = enter.Parent
		if c, err = json.Marshal(check); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread() // the room dies with the thread that started it
	defer runtime.UnlockOSThread()
	cmd := exec.Command(self)
	cmd.Dir = "/"
	cmd.Env = []string{asStage + "=" + string(e), asRoom + "=" + string(c), attempt + "=" + try}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}

// user is somebody else when we are root, so that dropping root is tried too.
func user() int {
	if os.Getuid() == 0 {
		return 60999
	}
	return 0
}

func tight() confine.Walls {
	return confine.Walls{Net: confine.NetNone, Files: true, User: user()}
}

func TestATightRoomRuns(t *testing.T) {
	for _, net := range []confine.Walls{{Net: confine.NetNone}, {Net: confine.NetAnswer}, {Net: confine.NetCall, Port: 1883}, {Net: confine.NetCall, Port: 1883, Literal: true}} {
		w := tight()
		w.Net, w.Port, w.Literal = net.Net, net.Port, net.Literal
		if got := room(t, w, &w, ""); !strings.HasPrefix(got, "runs") {
			t.Errorf("%s: %s", w.Net, got)
		}
	}
}

// Each wall is left open in turn. The room must notice, name it, and not run.
func TestARoomWithAnOpenWallDoesNotRun(t *testing.T) {
	strict := tight()
	for name, c := range map[string]struct {
		open func(*confine.Walls)
		says string
	}{
		"sockets may be made":          {func(w *confine.Walls) { w.Net, w.Port = confine.NetCall, 1883 }, "open a socket of AF_INET"},
		"/etc may be read":             {func(w *confine.Walls) { w.Read = []string{"/etc"} }, "read /etc/"},
		"/proc may be read":            {func(w *confine.Walls) { w.Read = []string{"/proc"} }, "read /proc/1/status"},
		"/tmp may be written":          {func(w *confine.Walls) { w.Write = []string{"/tmp"} }, "write into /tmp"},
		"there is no file wall at all": {func(w *confine.Walls) { w.Files = false }, "read /etc/"},
	} {
		t.Run(name, func(t *testing.T) {
			weak := tight()
			c.open(&weak)
			got := room(t, weak, &strict, "")
			if !strings.Contains(got, "refuses to run: could unexpectedly") || !strings.Contains(got, c.says) {
				t.Errorf("it said: %s", got)
			}
		})
	}
	t.Run("root was not dropped", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("not root: there is no root to keep (CI runs as root)")
		}
		weak := tight()
		weak.User = 0
		if got := room(t, weak, &strict, ""); !strings.Contains(got, "could unexpectedly regain root") {
			t.Errorf("it said: %s", got)
		}
	})
	t.Run("another port may be called", func(t *testing.T) {
		weak, strict := tight(), tight()
		weak.Net, weak.Port, weak.Literal = confine.NetCall, 1882, true // the port the check tries
		strict.Net, strict.Port, strict.Literal = confine.NetCall, 1883, true
		if got := room(t, weak, &strict, ""); !strings.Contains(got, "could unexpectedly call port 1882") {
			t.Errorf("it said: %s", got)
		}
	})
}

func TestWaysOutOfATightRoomAreShut(t *testing.T) {
	for name := range attempts {
		t.Run(name, func(t *testing.T) {
			w := tight()
			got := room(t, w, &w, name)
			_, tried, ok := strings.Cut(got, "tried: ")
			if !ok || strings.HasPrefix(tried, "<nil>") {
				t.Errorf("it said: %s", got)
			}
		})
	}
}

// The same attempts succeed without walls, or they would prove nothing.
func TestTheSameWaysAreOpenOutside(t *testing.T) {
	l, err := net.Listen("unix", "@edged-test")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, name := range []string{"datagram", "abstract socket", "listen", "shell", "another thread", "hall's memory", "shoot the hall", "core dump"} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{asRoom + "=-", attempt + "=" + name}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "tried: <nil>") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

func TestTheDeathOfTheHallIsTheDeathOfTheRoom(t *testing.T) {
	w := tight()
	w.Parent = os.Getpid() + 1 // somebody else's child
	self, _ := os.Executable()
	w.Run = []string{self, "/usr/lib", "/lib", "/lib64"}
	e, _ := json.Marshal(w)
	cmd := exec.Command(self)
	cmd.Env = []string{asStage + "=" + string(e), asRoom + "=-"}
	out, _ := cmd.CombinedOutput()
	if !strings.Contains(string(out), "the hall has gone") {
		t.Errorf("an orphan went on: %s", out)
	}
}

func TestTheKernelIsSeenFromOutside(t *testing.T) {
	k := confine.Kernel()
	if !k.Seccomp || k.Release == "" {
		t.Errorf("%+v", k)
	}
	self, err := confine.Look("self")
	if err != nil || self.User != os.Getuid() {
		t.Errorf("%+v %v", self, err)
	}
	if _, err := confine.Look("0"); err == nil {
		t.Error("process 0 was seen")
	}
}
