package confine

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Facts is what this kernel offers for walls.
type Facts struct {
	Landlock int  // ABI version; 0 when there is none
	Seccomp  bool // system call filters
	Space    bool // this process can make an empty network namespace
	Release  string
}

// Kernel asks the kernel what it offers. It starts nothing.
func Kernel() Facts {
	var f Facts
	f.Landlock = landlockABI()
	_, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	f.Seccomp = err == nil
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		f.Release = unix.ByteSliceToString(u.Release[:])
	}
	return f
}

// SpaceFlags are the clone flags that give a child an empty network namespace, and whether one could be made here: a
// probe child is started with them and ends at once. Without root it takes a user namespace around it.
func SpaceFlags(probe string) (flags uintptr, ok bool) {
	flags = unix.CLONE_NEWNET
	if os.Geteuid() != 0 {
		flags |= unix.CLONE_NEWUSER
	}
	pid, err := syscall.ForkExec(probe, []string{probe, "--version"}, &syscall.ProcAttr{
		Files: []uintptr{}, Sys: Attr(flags),
	})
	if err != nil {
		return 0, false
	}
	var st syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &st, 0, nil); err != syscall.EINTR {
			break
		}
	}
	return flags, err == nil
}

// Attr are the attributes of a child with these flags; inside a new user namespace it stays the same user.
func Attr(flags uintptr) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: flags, Setpgid: true}
	if flags&unix.CLONE_NEWUSER != 0 {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	return a
}

// Seen is the kernel's own word on a running room, read from outside it.
type Seen struct {
	Filters    int // seccomp filters
	NoNewPrivs bool
	User       int
	Caps       string // effective capabilities, hex
}

// Look reads what the kernel says of a process.
func Look(pid string) (Seen, error) {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return Seen{}, err
	}
	var s Seen
	for line := range strings.Lines(string(b)) {
		key, val, _ := strings.Cut(strings.TrimSpace(line), ":")
		val = strings.TrimSpace(val)
		switch key {
		case "Seccomp_filters":
			s.Filters = atoi(val)
		case "NoNewPrivs":
			s.NoNewPrivs = val == "1"
		case "Uid":
			first, _, _ := strings.Cut(val, "\t")
			s.User = atoi(first)
		case "CapEff":
			s.Caps = strings.TrimLeft(val, "0")
		}
	}
	return s, nil
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
