package template_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/template"
	"golang.org/x/sys/unix"
)

// inLocked tells whether the bytes are anywhere in memory that is locked, not dumped and empty after a fork.
func inLocked(t *testing.T, what []byte) bool {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	var from, to int64
	for _, line := range strings.Split(string(maps), "\n") {
		var f, l int64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &f, &l); n == 2 {
			from, to = f, l
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && strings.Contains(flags, " lo") && strings.Contains(flags, " dd") {
			b := make([]byte, to-from)
			if _, err := mem.ReadAt(b, from); err == nil && bytes.Contains(b, what) {
				return true
			}
		}
	}
	return false
}

func TestWipedMemoryIsEmpty(t *testing.T) {
	a := arena(t, 1)
	var v [template.Len]float32
	v[3] = 1 // already of unit length, so the bytes in memory are known
	v[7] = 1e-5
	want := binary.NativeEndian.AppendUint32(make([]byte, 12), math.Float32bits(1e-5))
	h, err := a.Put(&v)
	if err != nil {
		t.Fatal(err)
	}
	if !inLocked(t, want) {
		t.Fatal("the test looks in the wrong place")
	}
	a.Wipe(h)
	if inLocked(t, want) {
		t.Error("the numbers are still in memory after Wipe")
	}
}

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
