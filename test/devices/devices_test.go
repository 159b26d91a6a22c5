//go:build devices

// Package devices tests what needs a kernel with devices: it boots one as a program (User-Mode Linux) and runs the
// tests of a package inside. It never touches a device of the machine it runs on.
package devices_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// boot runs one command inside the test kernel and returns what it printed.
func boot(t *testing.T, command ...string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	kernel := filepath.Join(here, "../../build/uml/linux")
	if _, err := os.Stat(kernel); err != nil {
		t.Fatalf("%v: run test/devices/run.sh, which builds it", err)
	}
	first := build(t, "build", "", "./init")
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, kernel, "mem=512M", "rootfstype=hostfs", "rootflags=/", "ro", "con=null", "con0=fd:0,fd:1",
		"quiet", "init="+first, `command="`+strings.Join(command, " ")+`"`)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	err = cmd.Run()
	t.Logf("the test kernel ran for %v (%v)\n%s", time.Since(begin).Round(100*time.Millisecond), err, &out)
	if !strings.Contains(out.String(), "exit code 0") {
		t.Error("the command inside did not succeed")
	}
	return out.String()
}

// build makes a program that needs no library, for the kernel's small world. verb is build, or test -c.
func build(t *testing.T, verb, tags, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append(strings.Fields(verb), "-tags", tags, "-o", program, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func TestCaptureReadsAV4L2Camera(t *testing.T) {
	out := boot(t, build(t, "test -c", "vivid", "../../internal/capture"), "-test.v", "-test.run=^TestVivid")
	// A renamed test would else be missed in silence.
	if n := strings.Count(out, "\n--- PASS: TestVivid"); n != 9 {
		t.Errorf("%d of 9 tests passed", n)
	}
}
