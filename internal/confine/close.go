package confine

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Close is the first act of every room. It takes away what the stage still needed, then tries what must be
// impossible; the error names the first thing that worked.
func (w Walls) Close() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_DUMPABLE): %w", err)
	}
	// All threads that C libraries may have started before main are covered by TSYNC.
	if err := lastFilter().load(unix.SECCOMP_FILTER_FLAG_TSYNC); err != nil {
		return err
	}
	for _, try := range []func() error{
		w.canUnexpectedlyOpenSockets, canUnexpectedlyUseIOUring, canUnexpectedlyStartProgram,
		w.canUnexpectedlyRegainRoot, canUnexpectedlyTrace, canUnexpectedlyMakeNamespace,
		w.canUnexpectedlyTouchFiles, w.canUnexpectedlyCall, canUnexpectedlyDump,
	} {
		if err := try(); err != nil {
			return err
		}
	}
	return nil
}

// families that exist on some machine; a room asks for each, whether or not this kernel knows it.
var families = map[string]int{
	"AF_UNIX": unix.AF_UNIX, "AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6, "AF_NETLINK": unix.AF_NETLINK,
	"AF_PACKET": unix.AF_PACKET, "AF_BLUETOOTH": unix.AF_BLUETOOTH, "AF_CAN": unix.AF_CAN, "AF_ALG": unix.AF_ALG,
	"AF_VSOCK": unix.AF_VSOCK, "AF_XDP": unix.AF_XDP, "AF_TIPC": unix.AF_TIPC, "AF_NFC": unix.AF_NFC,
}

func (w Walls) canUnexpectedlyOpenSockets() error {
	for name, family := range families {
		for _, typ := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_RAW, unix.SOCK_SEQPACKET} {
			internet := family == unix.AF_INET || family == unix.AF_INET6
			if w.Net == NetCall && internet && (typ == unix.SOCK_STREAM || typ == unix.SOCK_DGRAM && !w.Literal) {
				continue
			}
			fd, err := unix.Socket(family, typ, 0)
			if err == nil {
				unix.Close(fd)
				return broken("open a socket of %s", name)
			}
			if !errors.Is(err, unix.EPERM) {
				return broken("ask the kernel for a socket of %s (it said %v, seccomp would have said EPERM)", name, err)
			}
		}
	}
	if fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); err == nil {
		unix.Close(fd[0])
		unix.Close(fd[1])
		return broken("make a socket pair")
	}
	return nil
}

func canUnexpectedlyUseIOUring() error {
	var params [120]byte
	_, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if e != unix.EPERM {
		return broken("reach io_uring (%v)", e)
	}
	return nil
}

func canUnexpectedlyStartProgram() error {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
	if err == nil {
		syscall.Wait4(pid, nil, 0, nil)
		return broken("start a program")
	}
	return nil
}

func (w Walls) canUnexpectedlyRegainRoot() error {
	if w.User == 0 {
		return nil // the hall had no root to give away, or no user to become; it has said so
	}
	if err := unix.Setresuid(0, 0, 0); err == nil {
		return broken("regain root")
	}
	if err := unix.Setresgid(0, 0, 0); err == nil {
		return broken("regain root's group")
	}
	return nil
}

func canUnexpectedlyTrace() error {
	if err := unix.PtraceSeize(os.Getppid()); err == nil {
		return broken("trace the hall")
	}
	return nil
}

func canUnexpectedlyMakeNamespace() error {
	if err := unix.Unshare(unix.CLONE_NEWUSER); err == nil {
		return broken("make a namespace")
	}
	return nil
}

func (w Walls) canUnexpectedlyTouchFiles() error {
	if !w.Files {
		return nil // said aloud by the hall: face rests
	}
	for _, p := range []string{"/etc/passwd", "/etc/hostname", "/proc/1/status", "/root", "/home", "/sys/class"} {
		f, err := os.Open(p)
		if err == nil {
			f.Close()
			return broken("read %s", p)
		}
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/", "."} {
		p := dir + "/edged-must-not-exist"
		f, err := os.OpenFile(p, os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			f.Close()
			os.Remove(p)
			return broken("write into %s", dir)
		}
	}
	return nil
}

// canUnexpectedlyCall tries a port that is not the room's. The kernel must refuse it before anybody is asked.
func (w Walls) canUnexpectedlyCall() error {
	if w.Net != NetCall || !w.Files || Kernel().Landlock < 4 {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return fmt.Errorf("making the one kind of socket this room needs: %w", err)
	}
	defer unix.Close(fd)
	other := w.Port ^ 1
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(other), Addr: [4]byte{127, 0, 0, 1}})
	if !errors.Is(err, unix.EACCES) {
		return broken("call port %d (the kernel said %v, Landlock would have said EACCES)", other, err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{}); err == nil {
		return broken("bind a port")
	}
	return nil
}

func canUnexpectedlyDump() error {
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		return broken("be dumped (%d, %v)", n, err)
	}
	return nil
}
