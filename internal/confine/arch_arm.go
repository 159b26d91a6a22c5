package confine

import "golang.org/x/sys/unix"

// auditArch stands for the EABI alone: a kernel that still takes the older ABI's numbers offers no seccomp filters
// (arch/arm/Kconfig: HAVE_ARCH_SECCOMP_FILTER if AEABI && !OABI_COMPAT), so those cannot be a way around them.
const auditArch = unix.AUDIT_ARCH_ARM

// forks are the old ways to start a process, which newer machines never had.
var forks = []uint32{unix.SYS_FORK, unix.SYS_VFORK}
