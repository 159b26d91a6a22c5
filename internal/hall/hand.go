package hall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// The hand is where somebody on this machine gives the keeper an order: a socket in the state folder that only root
// and the hall's own user may call. It carries a Stop, a Lift, a Mark, an End, a Renew or a Paper in and an Obeyed out, and
// nothing else is understood.
const (
	handName = "hand"
	stopName = "stop" // an order to stop that the keeper has not confirmed yet
)

// ErrNotRunning means that no hall listens in this state folder.
var ErrNotRunning = errors.New("edged is not running here")

// orders are those who wait for the keeper's answer, and the keeper's wire while there is one.
type orders struct {
	mu      sync.Mutex
	keeper  *wire.Conn[wire.RoomSays, wire.RoomHears]
	waiting map[[16]byte]func(*wire.Obeyed)
}

// Reach calls the hall that runs in a state folder.
func Reach(state string) (*wire.Conn[wire.RoomSays, wire.RoomHears], error) {
	fd, err := dial(state)
	if err != nil {
		return nil, err
	}
	return wire.Open[wire.RoomSays, wire.RoomHears](os.NewFile(uintptr(fd), handName), nil)
}

// handPath gives a name for the socket that is short whatever the folder's is: the kernel takes 107 bytes.
func handPath(state string) (path string, done func() error, err error) {
	dir, err := os.Open(state)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), handName), dir.Close, nil
}

func dial(state string) (int, error) {
	path, done, err := handPath(state)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, ErrNotRunning
	}
	if err != nil {
		return -1, err
	}
	defer done()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket(2): %w", err)
	}
	if err = unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err == nil {
		return fd, nil
	}
	unix.Close(fd)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED) {
		return -1, ErrNotRunning
	}
	return -1, fmt.Errorf("calling edged in %s: %w (only root, or the user that edged runs as, may)", state, err)
}

// openHand begins to listen; stop ends it and waits.
func (h *Hall) openHand(ctx context.Context) (stop func(), err error) {
	if fd, err := dial(h.house.State); err == nil {
		unix.Close(fd)
		return nil, fmt.Errorf("another edged runs with the state folder %s", h.house.State)
	}
	path, done, err := handPath(h.house.State)
	if err != nil {
		return nil, err
	}
	defer done()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket(2): %w", err)
	}
	if err := unix.Unlink(path); err != nil && !errors.Is(err, unix.ENOENT) {
		unix.Close(fd)
		return nil, fmt.Errorf("removing the old %s: %w", handName, err)
	}
	err = errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Chmod(path, 0o600), unix.Listen(fd, 4))
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listening for orders in %s: %w", h.house.State, err)
	}
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	all.Go(func() {
		for {
			one, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			switch {
			case ctx.Err() != nil:
				if err == nil {
					unix.Close(one)
				}
				return
			case err != nil:
				time.Sleep(10 * time.Millisecond) // out of descriptors; somebody will call again
			default:
				all.Go(func() { h.serveHand(ctx, one) })
			}
		}
	})
	return func() {
		cancel()
		unix.Shutdown(fd, unix.SHUT_RDWR)
		all.Wait()
		unix.Close(fd)
	}, nil
}

// serveHand hears one caller.
func (h *Hall) serveHand(ctx context.Context, fd int) {
	f := os.NewFile(uintptr(fd), handName)
	defer f.Close()
	caller, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil || caller.Uid != 0 && int(caller.Uid) != os.Getuid() {
		return
	}
	conn, err := wire.Open[wire.RoomHears, wire.RoomSays](f, nil)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { f.Close() })()
	answer := func(w *wire.Obeyed) { conn.SayWithin(w, time.Second) }
	for {
		w, err := conn.Hear()
		if err != nil {
			return
		}
		switch w := w.(type) {
		case *wire.Stop:
			// Down on the disk first: if the keeper is just beginning anew, it finds it in its brief.
			if err := KeepStop(h.house.State, *w); err != nil {
				h.log.Error("an order to stop faces could not be kept", slog.String("why", err.Error()))
			}
			h.orders.pass(w.ID, w, answer)
		case *wire.Mark:
			h.orders.pass(w.ID, w, answer)
			clear(w.Person.Digits[:])
			clear(w.Staff.Digits[:])
		case *wire.Vouch:
			h.orders.pass(w.ID, w, answer)
		case *wire.Lift:
			h.orders.pass(w.ID, w, answer)
			clear(w.PINs[:])
		case *wire.End:
			h.orders.pass(w.ID, w, answer)
		case *wire.Renew:
			h.orders.pass(w.ID, w, answer)
		case *wire.Paper:
			h.orders.pass(w.ID, w, answer)
			clear(w.PIN.Digits[:])
		}
	}
}

// pass gives an order to the keeper and remembers who waits.
func (o *orders) pass(id [16]byte, w wire.RoomHears, answer func(*wire.Obeyed)) {
	o.mu.Lock()
	keeper := o.keeper
	if o.waiting == nil {
		o.waiting = map[[16]byte]func(*wire.Obeyed){}
	}
	o.waiting[id] = answer
	o.mu.Unlock()
	if keeper != nil {
		keeper.SayWithin(w, time.Second)
	}
}

// obeyed takes the keeper's answer to whoever waits, and forgets an order to stop that the keeper has made its own.
func (h *Hall) obeyed(w *wire.Obeyed) {
	h.orders.mu.Lock()
	answer := h.orders.waiting[w.ID]
	delete(h.orders.waiting, w.ID)
	h.orders.mu.Unlock()
	if s, err := keptStop(h.house.State); err == nil && s != nil && s.ID == w.ID && w.Outcome == wire.Done {
		if err := os.Remove(filepath.Join(h.house.State, stopName)); err != nil {
			h.log.Warn("an order that was carried out could not be cleared away; it is harmless", slog.String("why", err.Error()))
		}
	}
	if answer != nil {
		answer(w)
	}
}

func (o *orders) keeperIs(c *wire.Conn[wire.RoomSays, wire.RoomHears]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keeper = c
}

// KeepStop writes an order to stop where the next keeper finds it.
func KeepStop(state string, w wire.Stop) error {
	b, err := json.Marshal(room.Stop{ID: w.ID, Why: w.Why})
	if err != nil {
		return fmt.Errorf("keeping the order: %w", err)
	}
	return WriteDurably(filepath.Join(state, stopName), b)
}

// keptStop reads it. A file that cannot be read is an order to stop, too: who wrote it meant something by it.
func keptStop(state string) (*room.Stop, error) {
	if state == "" {
		return nil, nil
	}
	b, err := os.ReadFile(filepath.Join(state, stopName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var s room.Stop
	if err != nil || json.Unmarshal(b, &s) != nil {
		return &room.Stop{}, nil
	}
	return &s, nil
}

// Mark makes an empty file that lasts over a power cut.
func Mark(state, name string) error { return WriteDurably(filepath.Join(state, name), nil) }

// WriteDurably writes a file whole or not at all, and it lasts over a power cut.
func WriteDurably(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
