package command_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.org/edged/configs"
	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/room"
)

var quiet = slog.New(slog.DiscardHandler)

// device is a door with a PIN pad in a folder of its own, and the programs that guard it.
type device struct {
	t        *testing.T
	dir      string
	programs string
	pins     [2]string
}

// programs builds what edged starts.
func programs(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"edged-keeper", "edged-kiosk"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), "../../cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return dir
}

func newDevice(t *testing.T, programs string) *device {
	t.Helper()
	d := &device{t: t, dir: t.TempDir(), programs: programs, pins: [2]string{"40718264", "99182736"}}
	text := "device: {id: door-1}\nstate: state\nnotice: notice.yaml\nkiosk: {listen: '127.0.0.1:0'}\ndoor: {methods: [pin]}\nrooms: {users: none}\nstaff:\n"
	for i, pin := range d.pins {
		hash, err := access.HashStaff(pin, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  - {name: staff-%d, pin_hash: '%s'}\n", i, hash)
	}
	for name, b := range map[string][]byte{"door.yaml": []byte(text), "notice.yaml": configs.Notice} {
		if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *device) state(names ...string) string {
	return filepath.Join(append([]string{d.dir, "state"}, names...)...)
}

// command is this test program as the shell finds it under the name edged or edgectl.
func (d *device) command(stdin, program string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Args[0] = program
	c.Dir, c.Stdin = d.dir, strings.NewReader(stdin)
	c.Env = append(os.Environ(), "PROGRAMS="+d.programs)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// exits runs a command to its end.
func (d *device) exits(want int, stdin, program string, args ...string) (said string) {
	d.t.Helper()
	out, err := d.command(stdin, program, args...).CombinedOutput()
	code := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		d.t.Fatal(err)
	}
	if code != want {
		d.t.Errorf("%s %s: exit code %d, not %d: %s", program, strings.Join(args, " "), code, want, out)
	}
	return string(out)
}

func (d *device) says(said string, words ...string) {
	d.t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			d.t.Errorf("it does not say %q: %s", w, said)
		}
	}
}

// runs starts the door and returns once PINs open it.
func (d *device) runs() (stop func()) {
	d.t.Helper()
	c := d.command("", "edged", "run", "--json", "--config", "door.yaml")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	ready := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var once sync.Once
		for lines := json.NewDecoder(out); ; {
			var e struct{ Event, What string }
			if lines.Decode(&e) != nil {
				break
			}
			if e.Event == "ready" && e.What == "pin" {
				once.Do(func() { close(ready) })
			}
		}
		c.Wait()
	}()
	stop = sync.OnceFunc(func() { c.Process.Signal(syscall.SIGTERM); <-ended })
	d.t.Cleanup(stop)
	select {
	case <-ready:
	case <-ended:
		d.t.Fatalf("it ended: %s", stderr.String())
	case <-time.After(60 * time.Second):
		d.t.Fatal("PINs did not come")
	}
	return stop
}

// key is the log's public key, as the device prints it at its first start.
func (d *device) key() string {
	d.t.Helper()
	root, err := keys.Open(d.state("keeper", "device.key"), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	defer root.Wipe()
	l, err := audit.Open(d.state("keeper", "audit"), "edged/door-1", root.Derive(keys.AuditSigning), quiet)
	if err != nil {
		d.t.Fatal(err)
	}
	defer l.Close()
	return l.PublicKey()
}

// issue gives so many people a PIN, as the keeper does.
func (d *device) issue(n int) {
	d.t.Helper()
	root, err := keys.Open(d.state("keeper", "device.key"), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	defer root.Wipe()
	book, err := access.OpenBook(d.state("keeper"), root.Derive(keys.PINPepper), room.PIN{}, rand.Reader, time.Now)
	if err != nil {
		d.t.Fatal(err)
	}
	for range n {
		if _, _, err := book.Issue(); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// One person stops faces, on a running door as on one that is switched off; the word lasts over restarts, and two
// different members of staff take it back.
func TestStoppingAndLiftingAsItIsTyped(t *testing.T) {
	d := newDevice(t, programs(t))
	one, two := d.pins[0]+"\n"+d.pins[0]+"\n", d.pins[0]+"\n"+d.pins[1]+"\n"
	stop := d.runs()
	d.says(d.exits(0, "", "edged", "stop", "face", "--config", "door.yaml", "--reason", "incident"), "Faces are stopped (incident; audit log, entry")
	d.says(d.exits(0, "", "edged", "check", "--config", "door.yaml"), "faces are stopped by hand")
	stop()
	d.says(d.exits(70, two, "edged", "stop", "lift", "--config", "door.yaml"), "not running")
	stop = d.runs()
	d.says(d.exits(1, one, "edged", "stop", "lift", "--config", "door.yaml"), "two different members of staff", "stay stopped")
	d.says(d.exits(1, "11111111\n"+d.pins[1]+"\n", "edged", "stop", "lift", "--config", "door.yaml"), "stay stopped")
	d.says(d.exits(64, "1\n2\n", "edged", "stop", "lift", "--config", "door.yaml"), "digits")
	d.says(d.exits(0, two, "edged", "stop", "lift", "--config", "door.yaml"), "may be used again")
	stop()
	if strings.Contains(d.exits(0, "", "edged", "check", "--config", "door.yaml"), "stopped by hand") {
		t.Error("still stopped after it was lifted")
	}
	d.says(d.exits(0, "", "edged", "stop", "face", "--config", "door.yaml", "--reason", "authority"), "not running here; it will start with faces stopped")
	d.says(d.exits(0, "", "edged", "check", "--config", "door.yaml"), "faces are stopped by hand")
	stop = d.runs()
	d.says(d.exits(0, two, "edged", "stop", "lift", "--config", "door.yaml"), "may be used again")
	stop()
	said := d.exits(0, "", "edged", "audit", "verify", "--json", "--key", d.key(), d.state("keeper", "audit"))
	d.says(said, `"face-stopped": 2`, `"stop-lifted": 2`, `"lift-refused": 2`)
}

// What is typed wrong, or at the wrong moment, destroys nothing.
func TestDecommissioningTheWrongDevice(t *testing.T) {
	d := newDevice(t, programs(t))
	d.says(d.exits(70, "", "edged", "decommission", "--config", "door.yaml", "--device", "door-1"), "nothing to destroy")
	stop := d.runs()
	d.says(d.exits(70, "", "edged", "decommission", "--config", "door.yaml", "--device", "door-1"), "edged is running", "nothing was done")
	stop()
	d.says(d.exits(64, "", "edged", "decommission", "--config", "door.yaml", "--device", "door-2"), `"door-1", not "door-2"`, "nothing was done")
	d.issue(1)
	defer d.runs()()
	if _, err := os.Stat(d.state("leaving")); err == nil {
		t.Error("it is marked as leaving")
	}
}

// Killed at any step of leaving, the next start finishes it before anything else and guards no door; the certificate
// counts what there was and verifies with the public key alone.
func TestAKillInTheMiddleOfDecommissioning(t *testing.T) {
	programs := programs(t)
	for name, come := range map[string]func(d *device) bool{
		"when it was decided":              func(d *device) bool { return there(d.state("leaving")) },
		"when the count is written":        func(d *device) bool { return there(d.state("keeper", "leaving")) },
		"when the PINs are gone":           func(d *device) bool { return !there(d.state("keeper", "access.db")) },
		"when the certificate is there":    func(d *device) bool { return there(d.state("keeper", "certificate")) },
		"when the device's key is gone":    func(d *device) bool { return !there(d.state("keeper", "device.key")) },
		"when the certificate is copied":   func(d *device) bool { return there(d.state("decommissioned.certificate")) },
		"when it is written down as ended": func(d *device) bool { return there(d.state("decommissioned")) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, programs)
			d.runs()()
			d.issue(3)
			key := d.key()
			c := d.command("", "edged", "decommission", "--config", "door.yaml", "--device", "door-1")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); c.Wait() }()
			for over := false; !over && !come(d); {
				select {
				case <-ended:
					over = true
				default:
				}
			}
			c.Process.Kill() // the rooms die with it
			<-ended
			if !there(d.state("decommissioned")) {
				d.says(d.exits(0, "", "edged", "run", "--config", "door.yaml"), "edged certificate of decommissioning")
			}
			d.says(d.exits(78, "", "edged", "run", "--config", "door.yaml"), "was decommissioned")
			d.says(d.exits(78, "", "edged", "decommission", "--config", "door.yaml", "--device", "door-1"), "was decommissioned")
			said := d.exits(0, "", "edgectl", "verify", "certificate", "--key", key, d.state("decommissioned.certificate"))
			d.says(said, "pins destroyed 3 left 0", "faces erased 0 left 0")
			for _, gone := range []string{"access.db", "device.key", "people.db", "keys.db"} {
				if there(d.state("keeper", gone)) {
					t.Errorf("%s is left", gone)
				}
			}
			changed, err := os.ReadFile(d.state("decommissioned.certificate"))
			if err != nil {
				t.Fatal(err)
			}
			changed = bytes.Replace(changed, []byte("destroyed 3"), []byte("destroyed 9"), 1)
			if err := os.WriteFile(filepath.Join(d.dir, "changed"), changed, 0o600); err != nil {
				t.Fatal(err)
			}
			d.exits(1, "", "edgectl", "verify", "certificate", "--key", key, filepath.Join(d.dir, "changed"))
		})
	}
}

func there(path string) bool { _, err := os.Lstat(path); return err == nil }
