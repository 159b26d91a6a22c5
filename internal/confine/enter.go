package confine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Enter raises the walls around the calling thread and becomes program: it returns only when that failed. Program is
// opened before any power is dropped, so it may lie where the room's user could not walk.
func (w Walls) Enter(program string, env []string) error {
	runtime.LockOSThread()
	fd, err := unix.Open(program, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening %s: %w", program, err)
	}
	if err := limits(w.MemLock); err != nil {
		return err
	}
	if w.First {
		// Not a wall: without root's right to it the room is as well held as with it, only slower on a busy machine.
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, firstNice)
	}
	if w.Files {
		if err := w.raiseFileWall(); err != nil {
			return err
		}
	}
	if err := w.dropUser(); err != nil {
		return err
	}
	// The signal is armed only now because changing the user disarms it.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_PDEATHSIG): %w", err)
	}
	if os.Getppid() != w.Parent {
		return errors.New("the hall has gone")
	}
	f, err := w.roomFilter()
	if err != nil {
		return err
	}
	if err := f.load(0); err != nil {
		return err
	}
	return fmt.Errorf("becoming %s: %w", program, execFD(fd, program, env))
}

// firstNice is where the room that opens the door stands: a PIN costs 20 ms of processor, and an eye that begins anew
// would otherwise take its half of each core for most of a second.
const firstNice = -10

// limits forbids core files, and lets the keeper lock its face memory while there is still a root to allow it.
func limits(memLock bool) error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("setrlimit(RLIMIT_CORE): %w", err)
	}
	if memLock && os.Geteuid() == 0 {
		all := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &all); err != nil {
			// A container's root may not raise it; the room finds out, and says so, when memory cannot be locked.
			return nil
		}
	}
	return nil
}

// dropUser becomes the room's user for good and leaves every group and capability behind.
func (w Walls) dropUser() error {
	if w.User == 0 {
		return nil
	}
	// RawSyscall: this thread alone changes, and it is the one that becomes the room.
	if _, _, e := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); e != 0 {
		return fmt.Errorf("setgroups(2): %w", e)
	}
	u := uintptr(w.User)
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, u, u, u); e != 0 {
		return fmt.Errorf("setresgid(2) to %d: %w", w.User, e)
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, u, u, u); e != 0 {
		return fmt.Errorf("setresuid(2) to %d: %w", w.User, e)
	}
	return nil
}

// execFD is fexecve(3).
func execFD(fd int, name string, env []string) error {
	empty, err := unix.BytePtrFromString("")
	if err != nil {
		return err
	}
	argv, err := pointers([]string{name})
	if err != nil {
		return err
	}
	envp, err := pointers(env)
	if err != nil {
		return err
	}
	_, _, e := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(empty)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envp[0])), unix.AT_EMPTY_PATH, 0)
	runtime.KeepAlive(argv)
	runtime.KeepAlive(envp)
	return e
}

func pointers(ss []string) ([]*byte, error) {
	out := make([]*byte, len(ss)+1)
	for i, s := range ss {
		p, err := unix.BytePtrFromString(s)
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}
