package keeper

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/count"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/faces"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/match"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/person"
	"example.org/edged/internal/receipt"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// album is what this room has of faces.
type album struct {
	arena    *template.Arena
	vault    *vault.Vault
	register *consent.Register
	gallery  *match.Gallery
	bar      *bar
	faces    *faces.Faces
	passage  *passage.Passage
	count    *count.Count
}

// album is nil until everything in it can be used, and stays nil where that cannot be. It is published whole and once,
// because the door is running meanwhile.
func (k *keeper) album() *album { return k.opened.Load() }

// bringFaces opens faces while the door already serves PINs: the vault of a hundred thousand takes a second to read, and
// a keysmith that hangs is waited for longer than anybody waits at a door.
func (k *keeper) bringFaces(ctx context.Context, run func(func(context.Context) error)) {
	a, err := k.openFaces(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		why := faultOf{kind: wire.FaultVault}
		errors.As(err, &why)
		k.mode.cannot(wire.FaceRestVault)
		k.log.Error("faces rest; PIN and card work", slog.String("why", err.Error()))
		k.room.Fault(why.kind)
		k.turnMode()
		return
	}
	k.assess()
	k.early.over(a)
	k.gazeChanged()
	k.turnMode()
	run(a.faces.Sweep().Run)
	run(func(context.Context) error { return k.turn(a.vault) })
	run(func(context.Context) error { a.faces.Recall(k.audit.Backwards(audit.Query{})); return nil })
}

// faultOf is an error that the hall knows by a word of its own.
type faultOf struct {
	kind wire.FaultKind
	error
}

func (f faultOf) Unwrap() error { return f.error }

// openFaces opens what a face needs. Any error here means: no faces today.
func (k *keeper) openFaces(ctx context.Context) (*album, error) {
	// Nearly all that is read now stays: looking for garbage in it again and again is a fifth of a large door's start.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	f := k.brief.Face
	n, err := notice.Parse(k.brief.Notice)
	if err != nil {
		return nil, err
	}
	registered := make(chan error, 1)
	go func() { registered <- k.openRegister(n) }() // while the vault's pages are read: with many people each takes a while
	a := &album{}
	err = k.openStored(ctx, a, n)
	if refused := <-registered; refused != nil {
		return nil, refused
	}
	a.register = k.register.Load()
	k.closers = append(k.closers, a.register.Close)
	if err != nil {
		return nil, err
	}
	model, err := modelHash(f.Model)
	if err != nil {
		return nil, err
	}
	live := float32(f.Live)
	if f.Unjudged {
		live = 0 // nothing is judged, so nothing is refused for it; and no face opens alone
	}
	if err := k.sayAlone(); err != nil {
		return nil, err
	}
	k.openCount(a)
	a.gallery = match.NewGallery(a.arena)
	a.bar = &bar{face: f, people: a.gallery.Len, log: k.log}
	if _, err := a.bar.need().Set(); err != nil {
		return nil, err
	}
	threshold := func() float32 { return a.bar.get().Threshold }
	a.faces = faces.New(faces.Parts{
		Arena: a.arena, Vault: a.vault, Gallery: a.gallery, Register: a.register,
		Rules: enrol.Rules{Model: model, Purpose: string(notice.DoorEntry), Frames: f.EnrolFrom, Live: live, Infrared: f.Infrared,
			Same: sameSitting, Within: time.Minute, Unique: threshold,
			Twins: func(a, b person.ID) bool { return k.book.Marked(a) && k.book.Marked(b) }},
		Stays: k.book,
		Now:   k.clock.Now, Uptime: uptime, Write: k.counting(a), Name: k.scribe.Pseudonym,
		Screen: k.screen, Gaze: k.gazeChanged, Full: k.full.Load, Log: k.log, Inactive: f.Inactive, Age: f.Age, Tier: k.tier,
		Receipt: k.receipt, Agreed: k.given, Receipts: receipt.NewDesk(k.audit, k.root.Derive(keys.Receipt)),
	})
	if err := a.faces.Load(); err != nil {
		return nil, err
	}
	a.passage = passage.New(passage.Rules{Model: model, Frames: f.Frames, Within: 3 * time.Second, Live: live, Infrared: f.Infrared,
		Threshold: threshold, Margin: float32(f.Margin), Again: k.brief.Door.Pulse + time.Second,
		Alone: func() bool { return k.mode.get() == wire.FaceOn }, Patience: cmp.Or(f.Patience, patience), Shine: k.challenge()},
		a.arena, a.gallery, gate{k}, k.now, uptime)
	return a, nil
}

// openStored opens what is sealed: the memory for it, its keys, the vault.
func (k *keeper) openStored(ctx context.Context, a *album, n *notice.Notice) (err error) {
	f := k.brief.Face
	if !k.brief.Walls {
		return errors.New("the kernel cannot hold the rooms apart")
	}
	if k.audit == nil {
		return errors.New("what cannot be recorded is not done")
	}
	if err := n.Validate(f.Keep); err != nil {
		return err
	}
	if a.arena, err = template.NewArena(256, k.root.Derive(keys.Rotation), max(f.Turn, 1)); err != nil {
		return err
	}
	k.closers = append(k.closers, a.arena.Close)
	smith, err := k.openKeys(ctx)
	if err != nil {
		return faultOf{wire.FaultKeys, err}
	}
	a.vault, err = k.openVault(smith, a.arena)
	return err
}

func (k *keeper) openRegister(n *notice.Notice) error {
	register, err := consent.Open(k.brief.Folder, consent.Device{ID: k.brief.Device, Sign: consent.Signs(k.root.Derive(keys.AuditSigning)), Ground: k.ground}, n)
	if register == nil {
		return err
	} else if err != nil {
		k.log.Error("consents were set aside, so nobody is let in by face until they agree again", slog.String("why", err.Error()))
	}
	k.register.Store(register)
	return nil
}

// openKeys asks the keysmith for the key of faces. Without it nothing that is stored opens, and nothing is stored.
func (k *keeper) openKeys(ctx context.Context) (*keys.Smith, error) {
	f, err := k.room.File("keysmith")
	if err != nil {
		return nil, err
	}
	smith, err := keys.Join(f, filepath.Join(k.brief.Folder, "tier"), cmp.Or(k.brief.KeyPatience, keyPatience))
	if err != nil {
		return nil, err
	}
	k.closers = append(k.closers, smith.Close)
	settled := context.AfterFunc(ctx, func() { f.Close() }) // whoever stops this room does not wait for the keysmith
	defer settled()
	key, err := smith.Current()
	k.smith.Store(smith)
	if err != nil {
		return nil, err
	}
	clear(key[:])
	k.log.Info("the keys of faces are kept", slog.String("tier", smith.Tier().String()), slog.String("means", smith.Tier().Promise()))
	return smith, nil
}

// keyPatience is for one answer of the keysmith: a slow TPM seals in a second, argon2id takes two on a small board.
// The door does not wait for it: faces are opened beside it.
const keyPatience = 8 * time.Second

// turn has every template that lies sealed under a former turn of the rotation sealed anew. They are in use already:
// opening one turns it over.
func (k *keeper) turn(v *vault.Vault) error {
	n, err := v.Turn()
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
func (k *keeper) openVault(smith *keys.Smith, arena *template.Arena) (*vault.Vault, error) {
	open := func() (*vault.Vault, error) {
		return vault.Open(k.brief.Folder, k.brief.Device, smith, arena, rand.Reader)
	}
	v, err := open()
	if damaged := new(vault.Damaged); errors.As(err, &damaged) {
		k.log.Error("nobody is let in by face until they enrol again", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultVault)
		k.scribe.Write(audit.Entry{Kind: wire.KindTemplateRefused, Reason: damaged.Reason}) // nobody's name: it is everybody
		v, err = open()
	}
	if err != nil {
		return nil, fmt.Errorf("opening the vault: %w", err)
	}
	k.closers = append(k.closers, v.Close)
	return v, nil
}
