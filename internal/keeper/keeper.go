// Package keeper is the room that knows: vault, keys, gallery, consents, credentials, the door and the audit log. It
// never opens a socket, starts a program or links C, and nothing that could hold a face has a way out of it.
package keeper

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/clock"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/door"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/export"
	"example.org/edged/internal/faces"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/match"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/order"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/person"
	"example.org/edged/internal/receipt"
	"example.org/edged/internal/reception"
	"example.org/edged/internal/room"
	"example.org/edged/internal/scribe"
	"example.org/edged/internal/stop"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// Run reads from top to bottom: time, keys, log, door, PINs; then faces, which may fail without the door failing;
// then the rooms it talks to. It returns when everything it started has stopped.
func Run(ctx context.Context, r *room.Room) error {
	var b room.Keeper
	if err := r.Brief(&b); err != nil {
		return err
	}
	if b.Search != nil {
		return search(ctx, r, b.Search)
	}
	k := &keeper{room: r, brief: b, log: r.Log, began: time.Now()}
	defer k.close()
	if b.Leave {
		return k.leave()
	}
	if err := k.openDoor(); err != nil {
		return err
	}
	if b.Face != nil {
		k.faceFault = wire.FaultVault
		if err := k.openFaces(); err != nil {
			k.faces = nil
			if k.faceTrouble == wire.FaceOff {
				k.faceTrouble = wire.FaceRestVault
			}
			k.log.Error("faces rest; PIN and card work", slog.String("why", err.Error()))
			r.Fault(k.faceFault)
		}
	}
	if err := k.join(); err != nil {
		return err
	}
	if b.MadeUp > 0 {
		return k.measure(ctx)
	}
	r.Ready(wire.PartPIN)
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
	smith  *keys.Smith // nil without faces
	audit  *audit.Log
	scribe *scribe.Scribe
	book   *access.Book
	door   *door.Door

	arena       *template.Arena
	vault       *vault.Vault
	register    *consent.Register
	gallery     *match.Gallery
	faces       *faces.Faces
	passage     *passage.Passage
	faceFault   wire.FaultKind
	bar         *bar
	faceTrouble wire.FaceMode // why faces rest for the whole life of this room; FaceOff when they do not

	lobby *lobby
	desk  *order.Desk
	full  atomic.Bool // the disk is nearly full
	stop  *stop.Stop
	mode  mode

	turning sync.Mutex // one change of the mode at a time

	eye     *wire.Conn[wire.EyeSays, wire.EyeHears]
	kiosk   *wire.Conn[wire.KioskSays, wire.KioskHears]
	courier *wire.Conn[wire.CourierSays, wire.CourierHears]

	closers []func() error
}

// openDoor opens what a PIN needs: it must stand whatever happens to faces.
func (k *keeper) openDoor() (err error) {
	in := func(name string) string { return filepath.Join(k.brief.Folder, name) }
	if k.clock, err = clock.Open(in("clock"), k.brief.Built, time.Now); k.clock == nil {
		return err
	} else if err != nil {
		k.log.Error("the time is not trusted; faces rest until it is", slog.String("why", err.Error()))
	}
	if k.root, err = keys.Open(in("device.key"), rand.Reader); err != nil {
		return err
	}
	k.closers = append(k.closers, func() error { k.root.Wipe(); return nil })
	k.audit, err = audit.Open(in("audit"), "edged/"+k.brief.Device, k.root.Derive(keys.AuditSigning), k.log)
	if err != nil {
		k.faceTrouble = wire.FaceRestLog
		k.log.Error("the audit log cannot be used, so faces rest; PIN and card work", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultAudit)
		k.audit = nil
	} else {
		k.closers = append(k.closers, k.audit.Close)
		// Whoever installs writes it down: with it anybody can check a copy of the log.
		k.log.Info("audit key", slog.String("key", k.audit.PublicKey()))
		if last, ok := k.audit.Last(); ok {
			k.clock.NotBefore(last) // the log may be younger than the clock's own file
		}
	}
	k.scribe = scribe.New(k.audit, k.root.Derive(keys.Pseudonym), k.clock.Now, k.log, func() { k.room.Fault(wire.FaultAudit) })
	k.openStop()
	k.book, err = access.OpenBook(k.brief.Folder, k.root.Derive(keys.PINPepper), k.brief.PIN, rand.Reader, k.trustedNow)
	if k.book == nil {
		return err
	} else if err != nil {
		k.log.Error("the PINs were set aside", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultAccess)
	}
	k.closers = append(k.closers, k.book.Close)
	relay, err := k.room.File("relay")
	if err != nil {
		return fmt.Errorf("door driver %q: %w", k.brief.Door.Driver, err)
	}
	k.door = door.New(door.Virtual(relay), k.brief.Door.Pulse, k.log)
	return nil
}

// openFaces opens what a face needs. Any error here means: no faces today.
func (k *keeper) openFaces() error {
	f := k.brief.Face
	if !k.brief.Walls {
		return errors.New("the kernel cannot hold the rooms apart")
	}
	if k.audit == nil {
		return errors.New("what cannot be recorded is not done")
	}
	n, err := notice.Parse(k.brief.Notice)
	if err != nil {
		return err
	}
	if err := n.Validate(f.Keep); err != nil {
		return err
	}
	model, err := modelHash(f.Model)
	if err != nil {
		return err
	}
	if k.arena, err = template.NewArena(256, k.root.Derive(keys.Rotation), max(f.Turn, 1)); err != nil {
		return err
	}
	k.closers = append(k.closers, k.arena.Close)
	before, registered := k.faceFault, make(chan error, 1)
	go func() { registered <- k.openRegister(n) }() // while the vault's pages are read: with many people each takes a while
	if err = k.openKeys(); err == nil {
		k.faceFault = wire.FaultVault
		err = k.openVault()
	}
	if refused := <-registered; refused != nil {
		k.faceFault = before
		return refused
	}
	k.closers = append(k.closers, k.register.Close)
	if err != nil {
		return err
	}
	k.gallery = match.NewGallery(k.arena)
	k.bar = &bar{face: f, people: k.gallery.Len, log: k.log}
	if _, err := k.bar.need().Set(); err != nil {
		return err
	}
	threshold := func() float32 { return k.bar.get().Threshold }
	k.faces = faces.New(faces.Parts{
		Arena: k.arena, Vault: k.vault, Gallery: k.gallery, Register: k.register,
		Rules: enrol.Rules{Model: model, Purpose: string(notice.DoorEntry), Frames: f.EnrolFrom, Live: float32(f.Live),
			Same: sameSitting, Within: time.Minute, Unique: threshold},
		Now: k.clock.Now, Uptime: uptime, Write: k.scribe.Write, Name: k.scribe.Pseudonym,
		Screen: k.screen, Gaze: k.gazeChanged, Full: k.full.Load, Log: k.log, Inactive: f.Inactive, Age: f.Age, Tier: k.tier,
		Receipt: k.receipt, Receipts: receipt.NewDesk(k.audit, k.root.Derive(keys.Receipt)),
	})
	if err := k.faces.Load(); err != nil {
		return err
	}
	k.passage = passage.New(passage.Rules{Model: model, Frames: f.Frames, Within: 3 * time.Second, Live: float32(f.Live),
		Threshold: threshold, Margin: float32(f.Margin), Again: k.brief.Door.Pulse + time.Second,
		Alone: func() bool { return k.mode.get() == wire.FaceOn }, Patience: patience},
		k.arena, k.gallery, gate{k}, k.now, uptime)
	return nil
}

func (k *keeper) openRegister(n *notice.Notice) (err error) {
	if k.register, err = consent.Open(k.brief.Folder, k.brief.Device, n); k.register == nil {
		return err
	} else if err != nil {
		k.log.Error("consents were set aside, so nobody is let in by face until they agree again", slog.String("why", err.Error()))
	}
	return nil
}

// openKeys asks the keysmith for the key of faces. Without it nothing that is stored opens, and nothing is stored.
func (k *keeper) openKeys() error {
	k.faceFault = wire.FaultKeys
	f, err := k.room.File("keysmith")
	if err != nil {
		return err
	}
	if k.smith, err = keys.Join(f, filepath.Join(k.brief.Folder, "tier"), keyPatience); err != nil {
		return err
	}
	k.closers = append(k.closers, k.smith.Close)
	key, err := k.smith.Current()
	if err != nil {
		return err
	}
	clear(key[:])
	k.log.Info("the keys of faces are kept", slog.String("tier", k.smith.Tier().String()), slog.String("means", k.smith.Tier().Promise()))
	return nil
}

// keyPatience is for one answer of the keysmith: a slow TPM seals in a second, argon2id takes two on a small board.
// The door waits as long once, at the start, and only when the keysmith hangs.
const keyPatience = 8 * time.Second

// turn has every template that lies sealed under a former turn of the rotation sealed anew. They are in use already:
// opening one turns it over.
func (k *keeper) turn(context.Context) error {
	n, err := k.vault.Turn()
	if err != nil {
		k.log.Error("the stored faces could not all be turned; they are used all the same, and the next start tries again", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultVault)
	} else if n > 0 {
		k.log.Info("the stored faces were turned: a copy of before fits nobody any more", slog.Int("people", n))
	}
	return nil
}

// openVault opens the vault. A damaged one has been set aside, nothing in it lost; a new one begins empty, so that
// people can be enrolled again, and whoever withdraws is erased from what was set aside as well.
func (k *keeper) openVault() (err error) {
	open := func() (*vault.Vault, error) {
		return vault.Open(k.brief.Folder, k.brief.Device, k.smith, k.arena, rand.Reader)
	}
	k.vault, err = open()
	if damaged := new(vault.Damaged); errors.As(err, &damaged) {
		k.log.Error("nobody is let in by face until they enrol again", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultVault)
		k.vault, err = open()
	}
	if err != nil {
		return err
	}
	k.closers = append(k.closers, k.vault.Close)
	return nil
}

const (
	// sameSitting is how alike two sightings of one enrolment must be: below it two people stood there in turn. It
	// lies between people (below .2) and one person in two pictures (above .8); docs/measurements.md.
	sameSitting = 0.55
	// patience is how long somebody who has typed a PIN may take to be recognised where both are asked for.
	patience = 10 * time.Second
)

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
	k.lobby = newLobby(k.kiosk, k.log)
	asked := export.New(k.consents(), k.behind, k.clock.Now)
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
	failed := make(chan error, 16)
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
	run(func(ctx context.Context) error { return k.room.Orders(ctx, k.heardHall) })
	if k.faces != nil {
		run(k.faces.Sweep().Run)
		run(k.turn)
		run(func(context.Context) error { k.faces.Recall(k.audit.Backwards(audit.Query{})); return nil })
	}
	hear(run, k.eye, k.heardEye)
	hear(run, k.kiosk, k.reception().Hear)
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

func (k *keeper) reception() *reception.Reception {
	p := reception.Parts{Book: k.book, Staff: k.brief.Staff, FaceOn: k.mode.usable, Second: k.second,
		Decide: k.decide, Write: k.scribe.Write, Name: k.scribe.Pseudonym, Recent: k.scribe.Recent,
		Say: k.lobby.say, Uptime: uptime, Log: k.log}
	if k.faces != nil {
		p.Faces = k.faces
	}
	return reception.New(p)
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
	if k.vault == nil {
		return person.ID{}, false
	}
	for _, l := range k.vault.Labels() {
		if k.scribe.Pseudonym(l.Person) == who {
			return l.Person, true
		}
	}
	return person.ID{}, false
}
