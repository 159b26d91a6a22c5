package keysmith

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// Run answers the keeper until ctx ends. A TPM that stops answering ends it: the hall then opens the TPM anew.
func Run(ctx context.Context, r *room.Room) error {
	var b room.Keysmith
	if err := r.Brief(&b); err != nil {
		return err
	}
	// Everything at once, because go-tpm and the ciphers keep copies of keys where they like.
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		r.Log.Warn("memory cannot be locked, so a key might reach a swap partition: start as root, or raise LimitMEMLOCK", slog.String("why", err.Error()))
	}
	p, err := parts(r, b)
	if err != nil {
		return err
	}
	f, err := r.File("keeper")
	if err != nil {
		return err
	}
	keeper, err := wire.Open[wire.KeysmithHears, wire.KeysmithSays](f, nil)
	if err != nil {
		return fmt.Errorf("greeting the keeper: %w", err)
	}
	defer context.AfterFunc(ctx, func() { keeper.Close() })()
	d := &desk{parts: p, log: r.Log}
	defer d.close()
	for {
		w, err := keeper.Hear()
		if errors.Is(err, io.EOF) || err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		answer, broken := d.answer(w)
		if err := keeper.Say(answer); err != nil {
			return err
		}
		if g, ok := answer.(*wire.KeyGiven); ok {
			clear(g.Key[:])
		}
		if broken != nil {
			return broken
		}
	}
}

// parts picks up what the hall gave.
func parts(r *room.Room, b room.Keysmith) (p Parts, err error) {
	p = Parts{Folder: b.Folder, Want: tierNamed(b.Tier), TPMThere: b.TPMThere, Bare: b.Bare, Rand: rand.Reader}
	if p.Want == wire.TierUnknown && b.Tier != "auto" {
		return p, fmt.Errorf("keysmith: %q is no tier", b.Tier)
	}
	if r.Has("tpm") {
		f, err := r.File("tpm")
		if err != nil {
			return p, err
		}
		p.TPM = f
	}
	for name, to := range map[string]*[]byte{"credential": &p.Credential, "passphrase": &p.Passphrase} {
		if !r.Has(name) {
			continue
		}
		f, err := r.File(name)
		if err != nil {
			return p, err
		}
		if *to, err = whole(f); err != nil {
			return p, fmt.Errorf("keysmith: read the %s: %w", name, err)
		}
	}
	return p, nil
}

// whole reads a short file from its beginning, wherever a former life of this room stopped reading.
func whole(f *os.File) ([]byte, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err == nil && len(b) == 0 {
		err = errors.New("it is empty")
	}
	return b, err
}

// desk takes one request after another.
type desk struct {
	parts Parts
	log   *slog.Logger
	store *Store
}

// answer does what was asked. Broken is an error after which this life of the room is of no more use.
func (d *desk) answer(w wire.KeysmithHears) (says wire.KeysmithSays, broken error) {
	var turn uint32
	var act func() ([32]byte, uint64, error)
	switch w := w.(type) {
	case *wire.KeyOpen:
		turn, act = w.Turn, func() ([32]byte, uint64, error) {
			key, err := d.store.Current()
			return key, d.store.Generation(), err
		}
	case *wire.KeyBegin:
		turn, act = w.Turn, func() ([32]byte, uint64, error) {
			key, err := d.store.Begin()
			return key, d.store.Generation() + 1, err
		}
	case *wire.KeyCommit:
		turn, act = w.Turn, func() ([32]byte, uint64, error) {
			if err := d.store.Commit(w.Generation); err != nil {
				return [32]byte{}, 0, err
			}
			key, err := d.store.Current()
			return key, d.store.Generation(), err
		}
	}
	err := d.open()
	if err == nil {
		var key [32]byte
		var n uint64
		if key, n, err = act(); err == nil {
			return &wire.KeyGiven{Turn: turn, Tier: d.store.Tier(), Generation: n, Key: key}, nil
		}
	}
	d.close() // what the store believes may no longer be so: the next request reads disk and TPM again
	d.log.Error("no key for faces", slog.String("why", err.Error()))
	refused := &wire.KeyRefused{Turn: turn, Why: wire.KeyTroubleFailed}
	if t := new(Trouble); errors.As(err, &t) {
		refused.Why, refused.Tier = t.Why, t.Tier
	}
	if errors.Is(err, errBus) {
		return refused, err
	}
	return refused, nil
}

// open opens the store at the first request, and again after it could not be.
func (d *desk) open() (err error) {
	if d.store != nil {
		return nil
	}
	if d.store, err = Open(d.parts); err != nil {
		return err
	}
	d.log.Info("keys of faces", slog.String("tier", d.store.Tier().String()), slog.Uint64("generation", d.store.Generation()),
		slog.String("means", d.store.Tier().Promise()))
	return nil
}

func (d *desk) close() {
	if d.store != nil {
		d.store.Wipe()
		d.store = nil
	}
}
