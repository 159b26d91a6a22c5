package command_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what is typed on ours, a program reads on theirs, and what it echoes comes back.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours = os.NewFile(uintptr(fd), "terminal")
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// said is what a program has written so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.text.Write(p) }
func (s *said) String() string              { s.mu.Lock(); defer s.mu.Unlock(); return s.text.String() }

// has waits for words.
func (s *said) has(t *testing.T, words ...string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		missing := ""
		for _, w := range words {
			if !strings.Contains(s.String(), w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it never said %q: %s", missing, s)
		}
	}
}

// typed starts the door on a terminal, types a passphrase when it is asked for, and waits for what the rooms say then.
func (d *device) typed(passphrase string, words ...string) {
	d.t.Helper()
	ours, theirs := terminal(d.t)
	c := d.command("", "edged", "run", "--config", "door.yaml")
	c.Stdin = theirs
	stderr, echo := new(said), new(said)
	c.Stderr = stderr
	go io.Copy(echo, ours)
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	defer func() { c.Process.Signal(syscall.SIGTERM); c.Wait() }()
	stderr.has(d.t, "Passphrase for the keys of faces: ")
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(time.Millisecond) { // the question comes before the echo is off
		mode, err := unix.IoctlGetTermios(int(theirs.Fd()), unix.TCGETS)
		if err != nil || time.Now().After(end) {
			d.t.Fatalf("the echo stays on (%v)", err)
		}
		if mode.Lflag&unix.ECHO == 0 {
			break
		}
	}
	if _, err := ours.WriteString(passphrase + "\n"); err != nil {
		d.t.Fatal(err)
	}
	stderr.has(d.t, words...)
	if strings.Contains(echo.String(), passphrase) || strings.Contains(stderr.String(), passphrase) {
		d.t.Error("the passphrase can be read on the terminal or in the log")
	}
}

// A device whose faces are kept under a passphrase asks for it at the start, without echo. The right one opens the keys
// that it made, a wrong one does not, and either way PINs open the door.
func TestThePassphraseIsTypedOnATerminal(t *testing.T) {
	dir := programs(t)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "edged-keysmith"), "../../cmd/edged-keysmith")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d := newDevice(t, dir)
	text, err := os.ReadFile(filepath.Join(d.dir, "door.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text = append(bytes.Replace(text, []byte("methods: [pin]"), []byte("methods: [pin, face]"), 1),
		"camera: {source: v4l2}\nface: {models: m}\nkeys: {tier: passphrase}\n"...)
	if err := os.WriteFile(filepath.Join(d.dir, "door.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	d.typed("correct horse battery staple", "tier=passphrase", "generation=1", "PINs open the door")
	d.typed("incorrect horse battery", "room=keysmith", "passphrase", "PINs open the door", "the keysmith gives no key")
	d.typed("correct horse battery staple", "tier=passphrase", "generation=1", "PINs open the door")
}
