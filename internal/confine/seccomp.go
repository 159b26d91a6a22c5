package confine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// never lists system calls that no room has any business with. Some of them are ways around other walls: io_uring
// opens sockets without socket(2), pidfd_getfd and ptrace take another process's descriptors and memory.
var never = []uint32{
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
	unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_MOUNT_SETATTR,
	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT,
	unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_SYSLOG,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_PERSONALITY,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
	unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_KILL, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_PIDFD_OPEN,
}

// Calls on sockets, by what they are for. Descriptor passing needs sendmsg or recvmsg; rooms speak with read and
// write, so nobody needs them, except that Go's resolver and TLS use neither.
var (
	making    = []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT}
	answering = []uint32{unix.SYS_BIND, unix.SYS_LISTEN}
	taking    = []uint32{unix.SYS_ACCEPT, unix.SYS_ACCEPT4}
	passing   = []uint32{unix.SYS_SENDMSG, unix.SYS_RECVMSG, unix.SYS_SENDMMSG, unix.SYS_RECVMMSG}
	datagrams = []uint32{unix.SYS_SENDTO, unix.SYS_RECVFROM}
)

const (
	offNr, offArch     = 0, 4
	offArg0, offArg1   = 16, 24 // low words, little endian
	offArg2            = 32
	x32Bit             = 0x40000000
	cloneThread        = unix.CLONE_THREAD
	denied             = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unheardOf          = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	allowed            = unix.SECCOMP_RET_ALLOW
	socketTypeMask     = 0xf
	protoAny, protoTCP = 0, unix.IPPROTO_TCP
	protoUDP           = unix.IPPROTO_UDP
)

// filter builds a seccomp program instruction by instruction.
type filter struct{ code []bpf.Instruction }

func newFilter() *filter {
	f := &filter{}
	f.add(bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}, // another ABI has other numbers: no talking our way round
		bpf.LoadAbsolute{Off: offNr, Size: 4})
	if runtime.GOARCH == "amd64" {
		f.add(bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1},
			bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS})
	}
	return f
}

func (f *filter) add(i ...bpf.Instruction) { f.code = append(f.code, i...) }

func (f *filter) deny(lists ...[]uint32) {
	for _, list := range lists {
		for _, nr := range list {
			f.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: nr, SkipFalse: 1}, bpf.RetConstant{Val: denied})
		}
	}
}

// when runs rules that look at arguments, for one system call. The rules must end in a return.
func (f *filter) when(nr uint32, rules ...bpf.Instruction) {
	f.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: nr, SkipFalse: uint8(len(rules))})
	f.add(rules...)
}

func (f *filter) load(flags uintptr) error {
	f.add(bpf.RetConstant{Val: allowed})
	raw, err := bpf.Assemble(f.code)
	if err != nil {
		return fmt.Errorf("assembling the seccomp filter: %w", err)
	}
	prog := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		prog[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
	}
	p := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	tid, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&p)))
	runtime.KeepAlive(prog)
	if e != 0 {
		return fmt.Errorf("seccomp(2): %w", e)
	}
	if tid != 0 {
		return fmt.Errorf("seccomp(2): thread %d could not be confined", tid)
	}
	return nil
}

// roomFilter is the filter that stands before the room's program begins.
func (w Walls) roomFilter() (*filter, error) {
	f := newFilter()
	f.deny(never)
	// A thread is a clone with CLONE_THREAD. clone3 hides its flags behind a pointer that seccomp cannot follow, so it
	// does not exist here; the C library falls back to clone. New namespaces would be new networks.
	f.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_CLONE3, SkipFalse: 1}, bpf.RetConstant{Val: unheardOf})
	f.when(unix.SYS_CLONE, bpf.LoadAbsolute{Off: offArg0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: namespaces, SkipFalse: 1},
		bpf.RetConstant{Val: denied}, bpf.RetConstant{Val: allowed})
	switch w.Net {
	case NetNone:
		f.deny(making, answering, taking, passing, datagrams)
	case NetAnswer:
		f.deny(making, answering, passing, datagrams)
	case NetCall:
		f.deny(answering, taking, []uint32{unix.SYS_SOCKETPAIR}, []uint32{unix.SYS_SENDMMSG, unix.SYS_RECVMMSG})
		f.socketRules(w.Literal)
	default:
		return nil, fmt.Errorf("no such network wall: %q", w.Net)
	}
	return f, nil
}

const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
	unix.CLONE_NEWPID | unix.CLONE_NEWNET

// socketRules lets plain TCP over IPv4 and IPv6 by, and UDP where names must be looked up. Multipath TCP is refused
// because Landlock's port rule does not see it.
func (f *filter) socketRules(literal bool) {
	types := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArg1, Size: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: socketTypeMask},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_STREAM, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_DGRAM, SkipTrue: 1},
		bpf.RetConstant{Val: denied},
	}
	if literal {
		types[3] = bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_STREAM, SkipTrue: 1}
	}
	rules := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArg0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_INET, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_INET6, SkipTrue: 1},
		bpf.RetConstant{Val: denied},
	}
	rules = append(rules, types...)
	rules = append(rules,
		bpf.LoadAbsolute{Off: offArg2, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoAny, SkipTrue: 3},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoTCP, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoUDP, SkipTrue: 1},
		bpf.RetConstant{Val: denied},
		bpf.RetConstant{Val: allowed})
	f.when(unix.SYS_SOCKET, rules...)
}

// lastFilter takes away the power to start programs. It cannot stand earlier: the stage must still become the room.
func lastFilter() *filter {
	f := newFilter()
	f.deny([]uint32{unix.SYS_EXECVE, unix.SYS_EXECVEAT})
	f.deny(forks)
	f.when(unix.SYS_CLONE, bpf.LoadAbsolute{Off: offArg0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: cloneThread, SkipTrue: 1},
		bpf.RetConstant{Val: denied}, bpf.RetConstant{Val: allowed})
	return f
}
