package hall

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// Measure starts one eye that looks at a folder of pictures and nothing else, behind the same walls as at a door. What
// it finds comes on the wire; stop ends it and says how it ended.
func Measure(ctx context.Context, programs string, eye room.Eye, log *slog.Logger) (heard *wire.Conn[wire.MeasureSays, wire.RoomHears], stop func() error, err error) {
	pictures := *eye.Measure
	eye.Measure = &pictures
	ours, _, end, err := alone(ctx, programs, &eye, "measure", &pictures.Folder, log)
	if err != nil {
		return nil, nil, err
	}
	heard, err = wire.Open[wire.MeasureSays, wire.RoomHears](ours, nil)
	stop = func() error { ours.Close(); return end() }
	if err != nil {
		stop()
		return nil, nil, err
	}
	return heard, stop, nil
}

// Watch starts one eye that looks at what a folder plays, behind the same walls as at a door, and hands over the
// keeper's end of its wire: whoever measures what an eye costs plays the keeper.
func Watch(ctx context.Context, programs string, eye room.Eye, log *slog.Logger) (keeper *wire.Conn[wire.EyeSays, wire.EyeHears], pid int, stop func() error, err error) {
	over, end := context.WithCancel(ctx)
	ours, pid, ended, err := alone(over, programs, &eye, "keeper", &eye.Camera.Folder, log)
	if err != nil {
		end()
		return nil, 0, nil, err
	}
	keeper, err = wire.Open[wire.EyeSays, wire.EyeHears](ours, nil)
	stop = func() error {
		end() // an eye that loses its keeper first ends with a fault
		defer ours.Close()
		return ended()
	}
	if err != nil {
		stop()
		return nil, 0, nil, err
	}
	return keeper, pid, stop, nil
}

// alone starts an eye without a house. Folder is what it may read, a field of its brief.
func alone(ctx context.Context, programs string, eye *room.Eye, name string, folder *string, log *slog.Logger) (ours *os.File, pid int, stop func() error, err error) {
	h, err := bare(House{Programs: programs, OwnUsers: true, LogLevel: slog.LevelWarn}, log)
	if err != nil {
		return nil, 0, nil, err
	}
	p := &post{name: "eye", walls: eyeWalls(*eye), files: map[string]*os.File{}}
	p.walls.Files, p.walls.Parent, p.walls.User = true, os.Getpid(), h.user("eye")
	defer func() {
		for _, f := range p.files {
			f.Close()
		}
	}()
	if err := p.reach("models", &eye.Models.Dir); err != nil {
		return nil, 0, nil, fmt.Errorf("opening the model pack: %w", err)
	}
	if err := p.reach("folder", folder); err != nil {
		return nil, 0, nil, fmt.Errorf("opening the folder of pictures: %w", err)
	}
	p.brief = *eye
	ours, theirs, err := pair()
	if err != nil {
		return nil, 0, nil, err
	}
	p.files[name] = theirs
	cmd, err := h.command(p)
	if err != nil {
		ours.Close()
		return nil, 0, nil, err
	}
	words := &sieve{to: os.Stderr, room: "eye", log: log}
	cmd.Stderr = words
	started := make(chan error)
	h.start <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		ours.Close()
		return nil, 0, nil, fmt.Errorf("starting the eye: %w", err)
	}
	told := make(chan struct{})
	end := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM); close(told) })
	return ours, cmd.Process.Pid, func() error {
		if !end() {
			<-told
		}
		defer words.end()
		return waitFor(cmd)
	}, nil
}

func waitFor(cmd *exec.Cmd) error {
	err := cmd.Wait()
	if code(err) == room.ExitWalls {
		return wallsError{"eye"}
	}
	return err
}

// bare is a hall without rooms. Its starter runs as long as the program does.
func bare(house House, log *slog.Logger) (*Hall, error) {
	h, err := look(house, log, nil)
	if err != nil {
		return nil, err
	}
	if h.facts.Landlock == 0 {
		return nil, fmt.Errorf("this kernel has no Landlock, so the eye cannot be kept to its files: measure on another machine")
	}
	h.starter()
	return h, nil
}

// look asks the kernel what it offers, and says once, in a line each, what it does not.
func look(house House, log *slog.Logger, report func(Event)) (*Hall, error) {
	h := &Hall{house: house, log: log, report: report, start: make(chan func()), facts: confine.Kernel()}
	if !h.facts.Seccomp {
		return nil, errNoSeccomp
	}
	if flags, ok := confine.SpaceFlags("/proc/self/exe"); ok {
		h.space = flags
	} else {
		log.Warn("no right to make network namespaces: the rooms stay off the network by seccomp alone, without the second wall behind it")
	}
	if os.Geteuid() != 0 {
		log.Warn("not started by root: all rooms run as this user, so files are kept apart by Landlock alone, not by ownership as well")
		h.house.OwnUsers = false
	} else if !house.OwnUsers {
		log.Warn("rooms.users is \"none\": all rooms run as root, kept apart by seccomp and Landlock alone")
	}
	return h, nil
}
