package hall

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstUser is the first of the user numbers that rooms run as where the package has made no users by name. Debian
// leaves 60000 to 64999 to packages that ask for them one by one, and 61184 and up to systemd's passing users.
const firstUser = 60710

// rooms in the order of their user numbers. Do not reorder: files on disk belong to these numbers.
var rooms = []string{"keeper", "eye", "lens", "kiosk", "courier", "keysmith"}

func (h *Hall) user(room string) int { return User(room, h.house.OwnUsers) }

// User is the number of the user that a room runs as, 0 to stay who we are: only root can become somebody else.
func User(room string, own bool) int {
	if !own || os.Geteuid() != 0 {
		return 0
	}
	if u, err := user.Lookup("edged-" + room); err == nil {
		if n, err := strconv.Atoi(u.Uid); err == nil && n != 0 {
			return n
		}
	}
	return firstUser + slices.Index(rooms, room)
}

// prepareFolders makes each room's folder, closed to everybody else.
func (h *Hall) prepareFolders() error {
	folders := map[string]string{"keeper": h.house.Keeper.Folder}
	if h.house.Keys != nil {
		folders["keysmith"] = h.house.Keys.Folder
	}
	if h.house.Courier != nil {
		folders["courier"] = h.house.Courier.Folder
	}
	for room, dir := range folders {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the state folder of room %q: %w", room, err)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("closing the state folder of room %q: %w", room, err)
		}
		if u := h.user(room); u != 0 {
			if err := os.Chown(dir, u, u); err != nil {
				return fmt.Errorf("giving the state folder to room %q: %w", room, err)
			}
			if !walkable(dir) {
				return fmt.Errorf("state folder %s lies below a folder that user %d may not enter: put it under /var/lib, or open that folder with chmod o+x", dir, u)
			}
		}
	}
	return nil
}

// listen binds the kiosk's address without package net: the hall must not be able to do more with networks than this.
func listen(address string) (*os.File, string, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsLoopback() {
		return nil, "", fmt.Errorf("kiosk.listen: %q is not a loopback address such as 127.0.0.1:8477", address)
	}
	var family int
	var bound unix.Sockaddr
	if at.Addr().Is4() {
		family, bound = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	} else {
		family, bound = unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
	if err != nil {
		return nil, "", fmt.Errorf("socket(2) for the screen: %w", err)
	}
	f := os.NewFile(uintptr(fd), "listen")
	if err := errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.Bind(fd, bound), unix.Listen(fd, 64)); err != nil {
		f.Close()
		return nil, "", fmt.Errorf("kiosk.listen: %s cannot be used: %w (is another edged running?)", address, err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		f.Close()
		return nil, "", fmt.Errorf("getsockname(2): %w", err)
	}
	return f, netip.AddrPortFrom(at.Addr(), portOf(name)).String(), nil
}

func portOf(name unix.Sockaddr) uint16 {
	switch n := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(n.Port)
	case *unix.SockaddrInet6:
		return uint16(n.Port)
	}
	return 0
}
