package hall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// starter runs jobs on one thread that lives as long as the hall. A room dies with its parent, and by "parent" the
// kernel means the thread that made it, which Go would otherwise be free to end.
func (h *Hall) starter() (stop func()) {
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		for {
			select {
			case job := <-h.start:
				job()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// once runs one room until it ends. When ctx ends it is asked to stop, and after two seconds made to.
func (h *Hall) once(ctx context.Context, p *post) error {
	cmd, err := h.command(p)
	if err != nil {
		return err
	}
	words := &sieve{to: os.Stderr, room: p.name, log: h.log}
	cmd.Stderr = words
	defer words.end()
	started := make(chan error)
	h.start <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	listening := make(chan struct{})
	go func() { defer close(listening); h.listenTo(p, cmd.Process.Pid) }()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-ended:
		case <-time.After(2 * time.Second):
			cmd.Process.Kill()
			err = <-ended
		}
	}
	for heard := false; !heard && unread(p.hall); { // its last words count, such as that nothing of anybody is left
		select {
		case <-listening:
			heard = true
		case <-time.After(time.Millisecond):
		}
	}
	p.hall.SetReadDeadline(time.Unix(1, 0)) // the room has gone; wake the listener
	<-listening
	p.hall.SetReadDeadline(time.Time{})
	return err
}

// unread tells whether something lies in a socket.
func unread(f *os.File) (is bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		is = n == 1 && err == nil
	})
	return is && err == nil
}

// listenTo reports what the room says until the hall stops listening.
func (h *Hall) listenTo(p *post, pid int) {
	conn, err := wire.Open[wire.RoomSays, wire.RoomHears](p.hall, nil)
	if err == nil && p.name == "keeper" {
		h.orders.keeperIs(conn)
		defer h.orders.keeperIs(nil)
	}
	for err == nil {
		var w wire.RoomSays
		if w, err = conn.Hear(); err == nil {
			if o, ok := w.(*wire.Obeyed); ok && p.name == "keeper" {
				h.obeyed(o)
			}
			h.tell(Event{Room: p.name, PID: pid, Word: w})
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, os.ErrClosed) {
		h.log.Warn("a room spoke out of turn to the hall", "room", p.name, "why", err.Error())
	}
}

// command is the stage that will become the room.
func (h *Hall) command(p *post) (*exec.Cmd, error) {
	program := filepath.Join(h.house.Programs, "edged-"+p.name)
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("the room's program is missing: %w (run `make build`, or install the whole package)", err)
	}
	if p.keys != nil {
		p.openKeys(h.log)
	}
	if err := p.openCameras(); err != nil {
		return nil, err
	}
	m := room.Mandate{Room: p.name, Program: program, Walls: p.walls, Files: map[string]int{}, Log: h.house.LogLevel}
	m.Walls.Run = append(slices.Clone(m.Walls.Run), program)
	// The kiosk's listening socket stays where the hall made it; the room itself can live without any network.
	m.Walls.Space = h.space != 0 && m.Walls.Net != confine.NetCall
	names := make([]string, 0, len(p.files))
	for name := range p.files {
		names = append(names, name)
	}
	slices.Sort(names)
	extra := []*os.File{nil}
	for i, name := range names {
		m.Files[name] = room.MandateFD + 1 + i
		extra = append(extra, p.files[name])
	}
	brief, err := p.encode(m.Files)
	if err != nil {
		return nil, fmt.Errorf("writing the brief for %s: %w", p.name, err)
	}
	m.Brief = brief
	if extra[0], err = mandate(m); err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe", StageWord)
	cmd.Args[0] = "edged-" + p.name
	cmd.Dir, cmd.Env = "/", roomEnv()
	cmd.ExtraFiles = extra
	flags := uintptr(0)
	if m.Walls.Space {
		flags = h.space
	}
	cmd.SysProcAttr = confine.Attr(flags)
	return cmd, nil
}

// roomEnv is the whole environment of a room. No traceback: a stack can hold a piece of a face. No multipath TCP:
// Landlock does not see it. One thread of arithmetic: the eye does its own work and no more.
func roomEnv() []string {
	return []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "GOTRACEBACK=none", "GODEBUG=multipathtcp=0",
		"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"}
}

// mandate writes m into memory that has no path.
func mandate(m room.Mandate) (*os.File, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing the mandate: %w", err)
	}
	fd, err := unix.MemfdCreate("mandate", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create(2): %w", err)
	}
	f := os.NewFile(uintptr(fd), "mandate")
	if _, err := f.Write(b); err != nil {
		f.Close()
		return nil, fmt.Errorf("writing the mandate: %w", err)
	}
	return f, nil
}

// StageWord is the argument that makes cmd/edged a stage.
const StageWord = "stage"

// Stage is the process between the hall and a room: it raises the walls around itself and becomes the room. It
// returns only when that failed.
func Stage() int {
	m, err := room.ReadMandate()
	if err == nil {
		err = m.Walls.Enter(m.Program, os.Environ())
	}
	fmt.Fprintf(os.Stderr, "edged: the walls of a room could not be raised: %v\n", err)
	return room.ExitWalls
}

// code is a room's exit code, or -1 when it did not exit by itself.
func code(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
