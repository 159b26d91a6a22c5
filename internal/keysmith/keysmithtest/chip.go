// Package keysmithtest starts a real TPM in software for tests. It never touches a TPM of the machine.
package keysmithtest

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A Chip is a TPM with a state of its own, that outlives everything that uses it in a test.
type Chip struct {
	Path string // of its socket
	t    testing.TB
}

// NewChip starts swtpm. Its folder has a short name, because a socket's path has at most 107 bytes.
func NewChip(t testing.TB) *Chip {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("EDGED_TEST_ALL") != "" {
			t.Fatal("this machine has no swtpm, and here every test must run: apt-get install swtpm (scripts/setup.sh test does)")
		}
		t.Skip("this machine has no swtpm: apt-get install swtpm")
	}
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		t.Fatal(err)
	}
	c := &Chip{filepath.Join(dir, "s"), t}
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+c.Path, "--flags", "not-need-init,startup-clear")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait(); os.RemoveAll(dir) })
	for range 500 {
		if _, err := os.Stat(c.Path); err == nil {
			return c
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("swtpm did not start")
	return nil
}

// Connect is a new connection; swtpm takes one at a time.
func (c *Chip) Connect() io.ReadWriteCloser {
	c.t.Helper()
	for range 500 {
		if conn, err := net.Dial("unix", c.Path); err == nil {
			c.t.Cleanup(func() { conn.Close() })
			return conn
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.t.Fatal("swtpm takes no connection")
	return nil
}
