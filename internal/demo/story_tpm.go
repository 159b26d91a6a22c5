package demo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// chip is a TPM in software, where this machine has swtpm: the story is then played on the tier that real devices have.
type chip struct {
	path string // of its socket; short, because a socket's name has at most 107 bytes
	dir  string
	cmd  *exec.Cmd
}

// openChip gives nil without an error where there is no swtpm.
func openChip() (*chip, error) {
	if _, err := exec.LookPath("swtpm"); err != nil {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		return nil, err
	}
	c := &chip{dir: dir, path: filepath.Join(dir, "s")}
	c.cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+c.path, "--flags", "not-need-init,startup-clear")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting swtpm: %w", err), os.RemoveAll(dir))
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(c.path); err == nil {
			return c, nil
		}
		if time.Now().After(end) {
			c.close()
			return nil, errors.New("swtpm did not start")
		}
	}
}

func (c *chip) close() {
	if c != nil {
		c.cmd.Process.Kill()
		c.cmd.Wait()
		os.RemoveAll(c.dir)
	}
}

const leftOut = "left out: this machine has no swtpm (apt-get install swtpm), so the keys of faces lie in a file here"

// rekeyed raises face.turn, as an installer would after a theft: every stored face is turned anew, and whoever agreed is let
// in without being called back.
func (st *story) rekeyed() (string, error) {
	text, err := os.ReadFile(st.h.configFile())
	if err != nil {
		return "", err
	}
	turned := strings.Replace(string(text), "turn: 1,", "turn: 2,", 1)
	if turned == string(text) {
		return "", errors.New("the configuration has no place for face.turn")
	}
	if err := os.WriteFile(st.h.configFile(), []byte(turned), 0o644); err != nil {
		return "", err
	}
	began := time.Now()
	if err := st.restart(); err != nil {
		return "", err
	}
	took := time.Since(began)
	e, err := st.face(returning, "granted")
	if err != nil {
		return "", err
	}
	traces, err := tracesOf(st.h.stateDir())
	if err != nil {
		return "", err
	}
	st.traces = append(st.traces, traces...)
	if st.h.chip != nil { // what a thief copies today, with its owners and rights
		if out, err := exec.CommandContext(st.ctx, "cp", "-a", st.h.stateDir(), st.yesterday()).CombinedOutput(); err != nil {
			return "", fmt.Errorf("copying the state: %w: %s", err, out)
		}
	}
	return fmt.Sprintf("%.1f s from stopping to face ready; the resident is let in %s after the frame", took.Seconds(), ms(us(e.TookUS))), nil
}

func (st *story) yesterday() string { return filepath.Join(st.h.dir, "yesterday") }

func (st *story) restart() error {
	st.s.close()
	if err := st.h.stop(); err != nil {
		return err
	}
	if err := st.h.start(st.ctx); err != nil {
		return err
	}
	return st.reload()
}

// stolen puts yesterday's copy of the whole state folder back under today's device: its keys have been destroyed in the
// TPM, so it opens nobody, and the PIN still opens the door.
func (st *story) stolen() (string, error) {
	if st.h.chip == nil {
		return leftOut, nil
	}
	today := st.h.stateDir() + ".today"
	st.s.close()
	if err := st.h.stop(); err != nil {
		return "", err
	}
	if err := errors.Join(os.Rename(st.h.stateDir(), today), os.Rename(st.yesterday(), st.h.stateDir())); err != nil {
		return "", err
	}
	began := time.Now()
	if err := st.h.startWithoutFace(st.ctx); err != nil {
		return "", err
	}
	if err := st.reload(); err != nil {
		return "", err
	}
	if _, err := st.h.wait(st.ctx, 20*time.Second, func(e event) bool { return e.Event == "fault" && e.What == "keys" }); err != nil {
		return "", fmt.Errorf("the keysmith opened yesterday's keys: %w", err)
	}
	refused := time.Since(began)
	opened, err := st.open()
	if err != nil {
		return "", err
	}
	st.s.close()
	if err := st.h.stop(); err != nil {
		return "", err
	}
	if err := errors.Join(os.RemoveAll(st.h.stateDir()), os.Rename(today, st.h.stateDir())); err != nil {
		return "", err
	}
	if err := st.h.start(st.ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("the keys of yesterday's copy were refused %.1f s after its start, nobody is known by face; PIN to relay %s", refused.Seconds(), ms(opened)), st.reload()
}
