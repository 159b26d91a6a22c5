package door

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A VirtualRelay is a relay without a coil: every change is one line of JSON on a descriptor.
type VirtualRelay struct {
	mu    sync.Mutex
	f     *os.File
	known bool // what the last line says is known
	on    bool
}

// Virtual makes a relay of f, which may be a file, a pipe or a terminal. A driver is the edge to the hardware, so it
// reads the clocks itself: mono_ns is CLOCK_MONOTONIC, the clock that frames are stamped with in the eye.
func Virtual(f *os.File) *VirtualRelay { return &VirtualRelay{f: f} }

// Set writes a line when it changes something, or when nothing was written yet.
func (v *VirtualRelay) Set(on bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known && v.on == on {
		return nil
	}
	word := "off"
	if on {
		word = "on"
	}
	var mono unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono); err != nil {
		return fmt.Errorf("virtual relay: reading the clock: %w", err)
	}
	v.known = false // a line that was written in part may or may not count
	line := fmt.Sprintf("{\"relay\":%q,\"mono_ns\":%d,\"at\":%d}\n", word, mono.Nano(), time.Now().UnixMilli())
	if _, err := v.f.WriteString(line); err != nil {
		return fmt.Errorf("virtual relay: %w", err)
	}
	v.known, v.on = true, on
	return nil
}
