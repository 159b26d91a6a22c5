// Package keeper is the room that knows: vault, keys, gallery, consents, credentials, the door and the audit log. It
// never opens a socket, starts a program or links C, and nothing that could hold a face has a way out of it.
package keeper

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/clock"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/door"
	"example.org/edged/internal/export"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/order"
	"example.org/edged/internal/person"
	"example.org/edged/internal/rights"
	"example.org/edged/internal/room"
	"example.org/edged/internal/scribe"
	"example.org/edged/internal/stop"
	"example.org/edged/internal/wire"
)

// Run reads from top to bottom: time, keys, log, door, PINs, the rooms it talks to. Faces are opened beside the running
// door, and may fail without it. Run returns when everything it started has stopped.
func Run(ctx context.Context, r *room.Room) error {
	var b room.Keeper
	if err := r.Brief(&b); err != nil {
		return err
	}
	if b.Search != nil {
		return search(ctx, r, b.Search)
	}
	k := &keeper{room: r, brief: b, log: r.Log, began: time.Now(), pad: pad{most: b.PadSilence}, ended: make(chan error, 1)}
	defer k.close()
	if b.Leave {
		return k.leave()
	}
	if err := k.openDoor(); err != nil {
		return err
	}
	if err := k.join(); err != nil {
		return err
	}
	r.Ready(wire.PartPIN)
	if b.MadeUp > 0 {
		return k.measure(ctx)
	}
	return k.serve(ctx)
}

// keeper holds the parts between opening and closing. It has no behaviour of its own.
type keeper struct {
	room  *room.Room
	brief room.Keeper
	log   *slog.Logger
	began time.Time

	clock  *clock.Clock
	root   *keys.Root
	audit  *audit.Log
	scribe *scribe.Scribe
	book   *access.Book
	door   *door.Door
	births *birthday.Book // nil where nobody's age is asked
	rights *rights.Desk
	pad    pad

	smith    atomic.Pointer[keys.Smith]       // nil until it has answered
	register atomic.Pointer[consent.Register] // nil until it has been read
	opened   atomic.Pointer[album]            // read by album()

	lobby *lobby
	early *early
	desk  *order.Desk
	full  atomic.Bool // the disk is nearly full
	stop  *stop.Stop
	mode  mode

	refusals refusals      // of people whose PIN was right
	asked    atomic.Uint64 // the turn at the screen in which one of them is looked at

	assessed assessment

	turning sync.Mutex // one change of the mode at a time
	ending  sync.Mutex // one look at whose stay is over at a time

	ended chan error // why this life of the room is to end

	eye     *wire.Conn[wire.EyeSays, wire.EyeHears]
	kiosk   *wire.Conn[wire.KioskSays, wire.KioskHears]
	courier *wire.Conn[wire.CourierSays, wire.CourierHears]

	closers []func() error
}

// join opens the wires to the rooms that there are and makes those who speak on them.
func (k *keeper) join() (err error) {
	if k.room.Has("eye") {
		if k.eye, err = openWire[wire.EyeSays, wire.EyeHears](k, "eye", k.gazeChanged); err != nil {
			return err
		}
	}
	if k.room.Has("kiosk") {
		if k.kiosk, err = openWire[wire.KioskSays, wire.KioskHears](k, "kiosk", func() { k.lobby.newcomer() }); err != nil {
			return err
		}
	}
	if k.room.Has("courier") {
		if k.courier, err = openWire[wire.CourierSays, wire.CourierHears](k, "courier", k.tellStatus); err != nil {
			return err
		}
	}
	k.lobby, k.early = newLobby(k.kiosk, k.log), &early{keeper: k}
	k.rights = k.openRights()
	asked := export.New(consents{k}, k.behind, k.clock.Now)
	k.desk = order.New(asked, func(kind wire.Kind, why wire.Reason, who wire.Pseudonym) (uint64, error) {
		return k.scribe.Write(audit.Entry{Kind: kind, Reason: why, Who: who})
	})
	return nil
}

func openWire[In, Out wire.Word](k *keeper, name string, born func()) (*wire.Conn[In, Out], error) {
	f, err := k.room.File(name)
	if err != nil {
		return nil, err
	}
	c, err := wire.Open[In, Out](f, born)
	if err != nil {
		return nil, fmt.Errorf("greeting the %s: %w", name, err)
	}
	k.closers = append(k.closers, c.Close)
	return c, nil
}

// serve runs everything until ctx ends or a part fails, then waits for all.
func (k *keeper) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	failed := make(chan error, 32)
	run := func(f func(context.Context) error) {
		all.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				failed <- err
				cancel()
			}
		})
	}
	run(k.clock.Run)
	run(k.door.Run)
	run(k.lobby.run)
	run(func(ctx context.Context) error { return k.scribe.Run(ctx, k.toCourier()) })
	run(k.watchMode)
	run(k.watchDisk)
	run(k.watchStays)
	run(func(ctx context.Context) error {
		select {
		case err := <-k.ended:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	run(func(ctx context.Context) error { return k.room.Orders(ctx, k.heardHall) })
	if k.brief.Face != nil {
		run(func(ctx context.Context) error { k.bringFaces(ctx, run); return nil })
	}
	hear(run, k.eye, k.heardEye)
	hear(run, k.kiosk, k.heardKiosk())
	run(func(context.Context) error {
		if k.audit != nil {
			k.rights.Recall(k.audit.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindRequested, wire.KindRequestDecided}}))
		}
		return nil
	})
	hear(run, k.courier, k.heardCourier)
	k.scribe.Write(audit.Entry{Kind: wire.KindStarted})
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// hear listens to one room until ctx ends. A word that may not be said ends the keeper: whoever sent it is not who
// it should be, and a new generation of rooms begins with clean wires.
func hear[In, Out wire.Word](run func(func(context.Context) error), c *wire.Conn[In, Out], heard func(In)) {
	if c == nil {
		return
	}
	run(func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { c.Close() })
		defer stop()
		for {
			w, err := c.Hear()
			if err != nil {
				return err
			}
			heard(w)
		}
	})
}

func (k *keeper) close() {
	for i := len(k.closers) - 1; i >= 0; i-- {
		k.closers[i]()
	}
}

// now is the keeper's time without the word about trusting it: for what may only end sooner by being wrong.
func (k *keeper) now() time.Time { t, _ := k.clock.Now(); return t }

// trustedNow is zero while the time is not trusted: a wait for a PIN then begins anew instead of ending early.
func (k *keeper) trustedNow() time.Time {
	if t, trusted := k.clock.Now(); trusted {
		return t
	}
	return time.Time{}
}

// uptime is CLOCK_MONOTONIC, the clock that every room stamps frames with.
func uptime() time.Duration { return read(unix.CLOCK_MONOTONIC) }

// spent is what the processor has spent on this thread.
func spent() time.Duration { return read(unix.CLOCK_THREAD_CPUTIME_ID) }

func read(clock int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		panic("keeper: internal error: clock_gettime(2): " + err.Error())
	}
	return time.Duration(ts.Nano())
}

func modelHash(s string) (h [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("the feature model's hash %q is not 64 hex digits", s)
	}
	copy(h[:], b)
	return h, nil
}

// behind finds the person behind a pseudonym among those whose face is stored.
func (k *keeper) behind(who wire.Pseudonym) (person.ID, bool) {
	a := k.album()
	if a == nil {
		return person.ID{}, false
	}
	for _, l := range a.vault.Labels() {
		if k.scribe.Pseudonym(l.Person) == who {
			return l.Person, true
		}
	}
	return person.ID{}, false
}
