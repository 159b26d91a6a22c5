package template_test

import (
	"bufio"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/template"
	"golang.org/x/sys/unix"
)

// protected counts mappings that the kernel says are locked, not dumped and empty after a fork.
func protected(t *testing.T) (n int) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if flags, ok := strings.CutPrefix(s.Text(), "VmFlags:"); ok {
			has := strings.Fields(flags)
			if slices.Contains(has, "lo") && slices.Contains(has, "dd") && slices.Contains(has, "wf") {
				n++
			}
		}
	}
	return n
}

func TestTheKernelSaysTheMemoryIsLockedAndNotDumped(t *testing.T) {
	before := protected(t)
	a := arena(t, 1)
	put(t, a, 1)
	if protected(t) <= before {
		t.Error("no mapping with the flags lo, dd and wf")
	}
}

func TestMemoryThatCannotBeLockedIsNotUsed(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread that lost its right ends with the test
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&head, &caps[0]); err != nil {
		t.Fatal(err)
	}
	caps[0].Effective &^= 1 << unix.CAP_IPC_LOCK
	if err := unix.Capset(&head, &caps[0]); err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &none); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
	a, err := template.NewArena(1)
	if err == nil {
		a.Close()
		t.Fatal("got memory that can be swapped")
	}
	if !strings.Contains(err.Error(), "LimitMEMLOCK") {
		t.Errorf("does not say what to do: %v", err)
	}
}
