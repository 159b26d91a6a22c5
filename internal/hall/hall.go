// Package hall starts the rooms, joins them, and starts anew the one that fell. It never handles a face, a key or a
// packet: it opens what a room needs, writes the room's mandate, and steps back.
package hall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A House is what the hall is told: which rooms there are, what each of them is told, and which doors and devices
// stand open for them.
type House struct {
	State    string // the state folder, where orders of this machine come in; empty: none do
	Programs string // folder in which edged-eye, edged-keeper … lie
	Keeper   room.Keeper
	Eye      *room.Eye     // nil: no face at this door
	Lens     *room.Lens    // nil: the eye has a camera or a folder of its own
	Keys     *Keys         // nil: no face is kept at this door
	Kiosk    *room.Kiosk   // nil: no screen
	Courier  *room.Courier // nil: no broker
	Assess   string        // the file of the signed impact assessment
	Listen   string        // the kiosk's loopback address
	Voice    string        // the folder with what the screen says aloud, or empty
	Notice   int           // the version of the notice that is spoken; 0: none
	Camera   string        // the V4L2 device, or empty
	Infrared string        // that of the infrared camera, or empty
	Relay    string        // the virtual door's file, or empty
	OwnUsers bool          // give each room a user of its own when we are root
	LogLevel slog.Level
}

// An Event is something that happened to a room.
type Event struct {
	Room  string
	PID   int
	Word  wire.RoomSays // Ready, Fault, Timed; nil when the room ended
	Ended error         // why it ended
	After time.Duration // since the hall began
}

// Hall is one running house.
type Hall struct {
	house  House
	log    *slog.Logger
	report func(Event)
	facts  confine.Facts
	space  uintptr // clone flags for an empty network namespace; 0 when there is none
	began  time.Time
	orders orders
	start  chan func() // runs on one thread that lives as long as the hall: see starter
}

var errNoSeccomp = errors.New("this kernel has no seccomp filters, so no room can be kept off the network: edged does not run here (CONFIG_SECCOMP_FILTER)")

// New looks at the kernel and makes the folders.
func New(house House, log *slog.Logger, report func(Event)) (*Hall, error) {
	h, err := look(house, log, report)
	if err != nil {
		return nil, err
	}
	h.began = time.Now()
	h.house.Keeper.Walls = h.facts.Landlock > 0
	if !h.house.Keeper.Walls {
		log.Error("this kernel has no Landlock, so files of one room cannot be kept from another: face mode is off, PIN and card work (kernel 5.13 or newer has it)")
		h.house.Eye, h.house.Lens = nil, nil
	}
	return h, h.prepareFolders()
}

// Run starts everything and returns when ctx ends and all rooms have stopped, or when the house cannot stand. The
// death of the keeper is the end of a generation: its wires are thrown away, so that nothing half-said outlives it.
func (h *Hall) Run(ctx context.Context) error {
	stopStarter := h.starter()
	defer stopStarter()
	if h.house.State != "" {
		stopHand, err := h.openHand(ctx)
		if err != nil {
			return err
		}
		defer stopHand()
	}
	wait := backoff{first: 100 * time.Millisecond, longest: 30 * time.Second, calm: time.Minute}
	for falls := 0; ; {
		born := time.Now()
		err := h.generation(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var fatal wallsError
		if errors.As(err, &fatal) {
			return err
		}
		if time.Since(born) > time.Minute {
			falls = 0
		}
		if falls++; falls == 3 && h.house.Eye != nil {
			h.log.Error("the keeper fell three times within a minute: starting without the eye, so that PIN and card keep working; `edged check` may say why")
			h.house.Eye, h.house.Lens, h.house.Keeper.Face = nil, nil, nil
		}
		h.log.Error("the keeper fell; all rooms begin anew", slog.Any("why", err))
		if !wait.sleep(ctx, born) {
			return nil
		}
	}
}

// Leave runs nothing but a keeper that takes the device out of service, until it has.
func (h *Hall) Leave(ctx context.Context) (left wire.Left, err error) {
	stopStarter := h.starter()
	defer stopStarter()
	said := false
	h.report = func(e Event) {
		if w, ok := e.Word.(*wire.Left); ok {
			left, said = *w, true
		}
	}
	hs := &h.house
	hs.Kiosk, hs.Courier, hs.Eye, hs.Lens, hs.Keeper.Leave = nil, nil, nil, nil, true
	posts, err := h.posts()
	if err != nil {
		return left, err
	}
	defer closePosts(posts)
	for _, p := range posts {
		if p.name == "keysmith" { // it serves the keeper, and ends when that has ended
			serving, end := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() { ended <- h.once(serving, p) }()
			defer func() { end(); <-ended }()
		}
	}
	for _, p := range posts {
		if p.name == "keysmith" {
			continue
		}
		if err := h.once(ctx, p); err != nil {
			return left, fmt.Errorf("the %s could not finish, and the lines above say why; run it again: %w", p.name, err)
		}
	}
	if !said {
		return left, errors.New("the keeper ended without saying that nothing is left; run it again")
	}
	return left, nil
}

// wallsError ends the hall: a wall that does not hold will not hold next time.
type wallsError struct{ room string }

func (e wallsError) Error() string {
	return fmt.Sprintf("a wall of room %q does not hold (its line above says which), and edged does not run without: see `edged check`", e.room)
}

// generation runs all rooms once around one keeper.
func (h *Hall) generation(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	posts, err := h.posts()
	if err != nil {
		return err
	}
	defer closePosts(posts)
	ended := make(chan error, len(posts))
	for _, p := range posts {
		go func() { ended <- h.keepUp(ctx, p) }()
	}
	var first error
	for range posts {
		if err := <-ended; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

// keepUp runs one room again and again. It returns when ctx ends, when the room is the keeper, or when its walls fail.
func (h *Hall) keepUp(ctx context.Context, p *post) error {
	wait := backoff{first: 100 * time.Millisecond, longest: 30 * time.Second, calm: time.Minute}
	for ctx.Err() == nil {
		born := time.Now()
		err := h.once(ctx, p)
		if ctx.Err() != nil {
			return nil
		}
		h.tell(Event{Room: p.name, Ended: err})
		if code(err) == room.ExitWalls {
			return wallsError{p.name}
		}
		if p.name == "keeper" {
			return fmt.Errorf("keeper ended: %w", orEnd(err))
		}
		h.log.Warn("a room fell and begins anew", slog.String("fell", p.name), slog.Any("why", orEnd(err)))
		wait.sleep(ctx, born)
	}
	return nil
}

func orEnd(err error) error {
	if err == nil {
		return errors.New("it stopped of its own accord")
	}
	return err
}

func (h *Hall) tell(e Event) {
	e.After = time.Since(h.began)
	if h.report != nil {
		h.report(e)
	}
}

// backoff is the pause before a room begins anew: doubled each time, forgotten after a calm life.
type backoff struct{ first, longest, calm, next time.Duration }

func (b *backoff) sleep(ctx context.Context, born time.Time) bool {
	if b.next == 0 || time.Since(born) > b.calm {
		b.next = b.first
	}
	t := time.NewTimer(b.next)
	defer t.Stop()
	b.next = min(2*b.next, b.longest)
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
