package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/clock"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/door"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/faces"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/match"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/receipt"
	"example.org/edged/internal/scribe"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

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
