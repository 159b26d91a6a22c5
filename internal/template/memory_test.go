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
	v := face(1)
	var square float64
	for _, f := range v {
		square += float64(f) * float64(f)
	}
	var asSent []byte // at unit length, before it is turned
	for _, f := range v[:4] {
		asSent = binary.NativeEndian.AppendUint32(asSent, math.Float32bits(float32(float64(f)/math.Sqrt(square))))
	}
	h, err := a.Put(v)
	if err != nil {
		t.Fatal(err)
	}
	var turned []byte
	for _, f := range a.Numbers(h) {
		turned = binary.NativeEndian.AppendUint32(turned, math.Float32bits(f))
	}
	if !inLocked(t, turned) {
		t.Fatal("the test looks in the wrong place")
	}
	if inLocked(t, asSent) {
		t.Error("the numbers as they were sent are still in memory after Put")
	}
	a.Wipe(h)
	for at := 0; at < len(turned); at += 16 {
		if inLocked(t, turned[at:at+16]) {
			t.Fatal("a piece of the numbers is still in memory after Wipe")
		}
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
	a, err := template.NewArena(1, [32]byte{1}, 1)
	if err == nil {
		a.Close()
		t.Fatal("got memory that can be swapped")
	}
	if !strings.Contains(err.Error(), "LimitMEMLOCK") {
		t.Errorf("does not say what to do: %v", err)
	}
}
