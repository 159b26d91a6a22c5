package confine

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// forks are the old ways to start a process, which newer machines never had.
var forks = []uint32{unix.SYS_FORK, unix.SYS_VFORK}
