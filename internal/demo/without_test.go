package demo

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// without becomes another program after taking something away from it, as a container or an older kernel would. What
// the first arguments name is refused: "spaces" (new namespaces), "landlock" (there is none), "hollow" (Landlock says that it confines, and does not).
func without(args []string) int {
	runtime.LockOSThread()
	code := []bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 4}}
	refuse := func(nr uint32, errno unix.Errno) {
		code = append(code, bpf.JumpIf{Cond: bpf.JumpEqual, Val: nr, SkipFalse: 1},
			bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	for ; len(args) > 0 && args[0][0] != '/'; args = args[1:] {
		switch args[0] {
		case "landlock":
			refuse(unix.SYS_LANDLOCK_CREATE_RULESET, unix.ENOSYS)
		case "hollow":
			refuse(unix.SYS_LANDLOCK_RESTRICT_SELF, 0)
		case "spaces":
			refuse(unix.SYS_UNSHARE, unix.EPERM)
			refuse(unix.SYS_CLONE3, unix.ENOSYS)
			code = append(code, bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_CLONE, SkipFalse: 3},
				bpf.LoadAbsolute{Off: 16, Size: 4},
				bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: unix.CLONE_NEWUSER | unix.CLONE_NEWNET, SkipFalse: 1},
				bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
				bpf.LoadAbsolute{Off: 0, Size: 4})
		default:
			fmt.Fprintln(os.Stderr, "without what?", args[0])
			return 2
		}
	}
	code = append(code, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	raw, err := bpf.Assemble(code)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	prog := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		prog[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	p := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&p))); e != 0 {
		fmt.Fprintln(os.Stderr, "seccomp(2):", e)
		return 2
	}
	fmt.Fprintln(os.Stderr, "exec:", syscall.Exec(args[0], args, os.Environ()))
	return 2
}
