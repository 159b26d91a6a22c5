package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/wire"
)

// MandateFD is the descriptor on which every room finds its mandate.
const MandateFD = 3

// Exit codes of a room, read by the hall.
const (
	ExitDone  = 0
	ExitFault = 70 // something broke; starting anew may mend it
	ExitWalls = 77 // a wall does not hold; starting anew will not mend it
)

// A Mandate is what the hall writes for one room: who it is, which walls stand around it, which descriptors it was
// given under which names, and its brief.
type Mandate struct {
	Room    string
	Program string
	Walls   confine.Walls
	Files   map[string]int
	Brief   json.RawMessage
	Log     slog.Level
}

// A Room is a running room's hold on what it was given.
type Room struct {
	Log   *slog.Logger
	brief json.RawMessage
	files map[string]*os.File
	hall  *wire.Conn[wire.RoomHears, wire.RoomSays]
}

// errRelease: hall and rooms come from one release; what is said between them changes from one to the next.
var errRelease = errors.New("this room cannot read what `edged` wrote for it: install all programs of one release")

// Main runs a room's program from its first act to its exit code.
func Main(name string, run func(context.Context, *Room) error) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With(slog.String("room", name))
	m, err := readMandate(name)
	if err != nil {
		if errors.Is(err, errRelease) {
			fmt.Fprintf(os.Stderr, "edged-%s: %v\n", name, err)
		} else {
			fmt.Fprintf(os.Stderr, "edged-%s is started by `edged run`, not by hand: %v\n", name, err)
		}
		return ExitWalls
	}
	if err := m.Walls.Close(); err != nil {
		log.Error("a wall does not hold, so this room does not run", slog.String("wall", err.Error()))
		return ExitWalls
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: m.Log})).With(slog.String("room", name))
	r, err := enter(m, log)
	if err == nil {
		err = run(ctx, r)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("stopped", slog.String("why", err.Error()))
		return ExitFault
	}
	return ExitDone
}

// readMandate reads fd 3 from its beginning: the stage before this program has read it too.
func readMandate(name string) (*Mandate, error) {
	m, err := ReadMandate()
	if err != nil {
		return nil, err
	}
	if m.Room != name {
		return nil, fmt.Errorf("the mandate is for %q", m.Room)
	}
	return m, nil
}

// ReadMandate reads the mandate that the hall left on descriptor 3.
func ReadMandate() (*Mandate, error) {
	f := os.NewFile(MandateFD, "mandate")
	if f == nil {
		return nil, errors.New("no mandate on descriptor 3")
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<24))
	if err != nil {
		return nil, fmt.Errorf("no mandate on descriptor 3: %w", err)
	}
	// Whoever starts a room by hand may have anything open there; only an object can be a mandate of another release.
	if json.Unmarshal(b, &map[string]json.RawMessage{}) != nil {
		return nil, errors.New("no mandate on descriptor 3")
	}
	var m Mandate
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w (the mandate: %w)", errRelease, err)
	}
	return &m, nil
}

func enter(m *Mandate, log *slog.Logger) (*Room, error) {
	files := map[string]*os.File{}
	for name, fd := range m.Files {
		unix.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), name)
		if f == nil {
			return nil, fmt.Errorf("descriptor %d for %q is not open", fd, name)
		}
		files[name] = f
	}
	return New(log, m.Brief, files)
}

// New makes a room of what it holds. Main uses it, and so do tests that run a room without walls.
func New(log *slog.Logger, brief json.RawMessage, files map[string]*os.File) (*Room, error) {
	r := &Room{Log: log, brief: brief, files: files}
	if f, ok := files["hall"]; ok {
		var err error
		if r.hall, err = wire.Open[wire.RoomHears, wire.RoomSays](f, nil); err != nil {
			return nil, fmt.Errorf("greeting the hall: %w", err)
		}
		r.Ready(wire.PartRoom)
	}
	return r, nil
}

// Brief decodes the room's brief, strictly.
func (r *Room) Brief(into any) error {
	d := json.NewDecoder(strings.NewReader(string(r.brief)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w (the brief: %w)", errRelease, err)
	}
	return nil
}

// File is a descriptor that the hall gave under this name.
func (r *Room) File(name string) (*os.File, error) {
	f, ok := r.files[name]
	if !ok {
		return nil, fmt.Errorf("the hall gave no descriptor %q", name)
	}
	return f, nil
}

// Has tells whether the hall gave a descriptor under this name.
func (r *Room) Has(name string) bool { _, ok := r.files[name]; return ok }

// Orders hears what the hall says until ctx ends. Only the keeper is told anything.
func (r *Room) Orders(ctx context.Context, heard func(wire.RoomHears)) error {
	if r.hall == nil {
		<-ctx.Done()
		return nil
	}
	stop := context.AfterFunc(ctx, func() { r.hall.Close() })
	defer stop()
	for {
		w, err := r.hall.Hear()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hearing the hall: %w", err)
		}
		heard(w)
	}
}

// Ready tells the hall that a part of the work can begin.
func (r *Room) Ready(p wire.Part) { r.Tell(&wire.Ready{Part: p}) }

// Fault tells the hall that something is wrong.
func (r *Room) Fault(k wire.FaultKind) { r.Tell(&wire.Fault{Fault: k}) }

// Tell says a word to the hall. That the hall does not listen is never a reason to stop guarding a door, nor to wait.
func (r *Room) Tell(w wire.RoomSays) {
	if r.hall == nil {
		return
	}
	if err := r.hall.SayWithin(w, 20*time.Millisecond); err != nil {
		r.Log.Debug("the hall does not listen", slog.String("why", err.Error()))
	}
}
