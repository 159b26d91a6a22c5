package confine

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights by what they are for (linux/landlock.h). A room's folder holds plain files and folders of them only.
const (
	llRead  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	llRun   = llRead | unix.LANDLOCK_ACCESS_FS_EXECUTE
	llWrite = llRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | // a damaged log is a folder, and is set aside by renaming it
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	llABI1 = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1
	llFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// ruleNetPort is LANDLOCK_RULE_NET_PORT, which golang.org/x/sys does not name yet.
const ruleNetPort = 2

// landlock makes one of the three system calls, which Go's library does not wrap.
func landlock(call, a, b, c, d uintptr) (int, error) {
	r, _, e := unix.Syscall6(call, a, b, c, d, 0, 0)
	if e != 0 {
		return -1, e
	}
	return int(r), nil
}

// landlockABI is the version of Landlock that this kernel speaks; 0 is none.
func landlockABI() int {
	v, err := landlock(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION, 0)
	if err != nil {
		return 0
	}
	return v
}

// raiseFileWall confines the calling thread and what it becomes. What a newer kernel can refuse on top is refused
// too; what an older one cannot is refused elsewhere (networks: seccomp) or not needed.
func (w Walls) raiseFileWall() error {
	abi := landlockABI()
	if abi < 1 {
		return errors.New("this kernel has no Landlock")
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: llABI1}
	if abi >= 2 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= 5 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, err := landlock(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), rulesetSize(abi), 0, 0)
	if err != nil {
		return fmt.Errorf("landlock_create_ruleset(2): %w", err)
	}
	defer unix.Close(fd)
	for _, g := range []struct {
		paths  []string
		rights uint64
	}{
		{w.Read, llRead},
		{w.Write, llWrite},
		{w.Run, llRun},
	} {
		for _, p := range g.paths {
			if err := allowPath(fd, p, g.rights&attr.Handled_access_fs); err != nil {
				return err
			}
		}
	}
	if abi >= 4 && w.Net == NetCall {
		for _, port := range w.ports() {
			rule := struct{ access, port uint64 }{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(port)}
			if _, err := landlock(unix.SYS_LANDLOCK_ADD_RULE, uintptr(fd), ruleNetPort,
				uintptr(unsafe.Pointer(&rule)), 0); err != nil {
				return fmt.Errorf("landlock_add_rule(2) for port %d: %w", port, err)
			}
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
	}
	if _, err := landlock(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(fd), 0, 0, 0); err != nil {
		return fmt.Errorf("landlock_restrict_self(2): %w", err)
	}
	return nil
}

// rulesetSize is how much of the attributes this ABI knows: an older kernel refuses a longer structure.
func rulesetSize(abi int) uintptr {
	switch {
	case abi < 4:
		return 8
	case abi < 6:
		return 16
	}
	return 24
}

// ports the room may connect to: its own, and names over TCP when an answer is too long for UDP.
func (w Walls) ports() []uint16 {
	if w.Literal {
		return []uint16{w.Port}
	}
	return []uint16{w.Port, 53}
}

// allowPath adds one path. A library folder that this system does not have is no hole.
func allowPath(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening %s for its rule: %w", path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("looking at %s for its rule: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= llFile
	}
	rule := unix.LandlockPathBeneathAttr{Parent_fd: int32(fd), Allowed_access: rights}
	if _, err := landlock(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0); err != nil {
		return fmt.Errorf("landlock_add_rule(2) for %s: %w", path, err)
	}
	return nil
}
