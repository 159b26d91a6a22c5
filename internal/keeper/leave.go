package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/clock"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/leaving"
	"example.org/edged/internal/scribe"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// leave takes the device out of service. It opens no vault, and goes on when the keysmith fails: what cannot be opened
// any more must be possible to destroy, too.
func (k *keeper) leave() error {
	dir := k.brief.Folder
	in := func(name string) string { return filepath.Join(dir, name) }
	var problems []string
	p := leaving.Parts{Dir: dir, Device: k.brief.Device, Problems: func() []string { return problems }}
	p.NoKey = func() error { return destroy(in("device.key"), in("tier")) }
	if _, err := os.Stat(in(leaving.CertificateName)); err == nil {
		// A power cut fell between the certificate and the end; without the key nothing could be opened or signed.
		k.room.Tell(&wire.Left{})
		return p.Finish()
	}
	var err error
	if k.clock, err = clock.Open(in("clock"), k.brief.Built, time.Now); k.clock == nil {
		return err
	}
	p.Now = k.clock.Now
	if k.root, err = keys.Open(in("device.key"), rand.Reader); err != nil {
		return err
	}
	defer k.root.Wipe()
	if p.Log, err = k.leavingLog(&problems); err != nil {
		return err
	}
	defer p.Log.Close()
	if err := k.lastGeneration(); err != nil {
		k.log.Warn("the last key generation could not be destroyed", slog.String("why", err.Error()))
		problems = append(problems, "the last key generation could not be destroyed, so a copy of the disk of before may still open on this device: clear its TPM ("+err.Error()+")")
	}
	if b, err := os.ReadFile(in("tier")); err == nil {
		p.Tier.UnmarshalText([]byte(strings.TrimSpace(string(b)))) // a word that is not known stays "unknown"
	}
	name := scribe.New(nil, k.root.Derive(keys.Pseudonym), k.clock.Now, k.log, func() {}).Pseudonym
	p.Faces = func() ([]wire.Pseudonym, error) {
		people, err := vault.People(dir)
		if err != nil {
			k.log.Warn("the stored faces cannot be counted; they are destroyed all the same", slog.String("why", err.Error()))
			problems = append(problems, "the vault was damaged, so its faces could not be counted: "+err.Error())
			return nil, nil
		}
		var all []wire.Pseudonym
		for _, person := range people {
			all = append(all, name(person))
		}
		return all, nil
	}
	p.PINs = func() (int, error) { return k.countPINs(&problems) }
	p.NoFaces = func() error { return vault.Destroy(dir) }
	p.NoPINs = func() error { return errors.Join(access.Destroy(dir), birthday.Destroy(dir)) }
	p.Commits = func() map[wire.Pseudonym]audit.Hash {
		all := map[wire.Pseudonym]audit.Hash{}
		for _, e := range p.Log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindEnrolled}}) {
			if _, later := all[e.Who]; !later {
				all[e.Who] = e.Commit
			}
		}
		return all
	}
	c, err := leaving.Leave(p)
	if err != nil {
		return err
	}
	k.room.Tell(&wire.Left{Faces: uint32(c.Faces), PINs: uint32(c.PINs)})
	return nil
}

// lastGeneration has the keysmith destroy the generation that the stored faces are under, by beginning one that nothing
// will ever be kept under.
func (k *keeper) lastGeneration() error {
	if !k.room.Has("keysmith") {
		return nil // no face was ever kept here
	}
	smith, err := k.openKeys(context.Background())
	if err != nil {
		return err
	}
	key, err := smith.Begin()
	clear(key[:])
	if err != nil {
		return err
	}
	return smith.Commit()
}

// leavingLog opens the log; a damaged one is put aside whole, as the evidence it is, and the certificate says so.
func (k *keeper) leavingLog(problems *[]string) (*audit.Log, error) {
	dir, origin, seed := filepath.Join(k.brief.Folder, "audit"), "edged/"+k.brief.Device, k.root.Derive(keys.AuditSigning)
	l, err := audit.Open(dir, origin, seed, k.log)
	if problem := new(audit.Problem); !errors.As(err, &problem) {
		return l, err
	}
	*problems = append(*problems, err.Error())
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.damaged-%d", dir, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			if err := os.Rename(dir, aside); err != nil {
				return nil, fmt.Errorf("putting the damaged log aside: %w", err)
			}
			return audit.Open(dir, origin, seed, k.log)
		}
	}
}

// countPINs does not make a book where none is.
func (k *keeper) countPINs(problems *[]string) (int, error) {
	if _, err := os.Stat(filepath.Join(k.brief.Folder, "access.db")); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	b, err := access.OpenBook(k.brief.Folder, k.root.Derive(keys.PINPepper), k.brief.PIN, rand.Reader, k.trustedNow)
	if err != nil {
		k.log.Warn("the PINs cannot be counted; they are destroyed all the same", slog.String("why", err.Error()))
		*problems = append(*problems, "the book of PINs was damaged, so they could not be counted: "+err.Error())
	}
	if b == nil {
		return 0, nil
	}
	n := b.Len()
	return n, b.Close()
}

// destroy overwrites and removes files that may not be there.
func destroy(paths ...string) error {
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			_, err = f.Write(make([]byte, info.Size()))
		}
		if err := errors.Join(err, f.Sync(), f.Close(), os.Remove(path)); err != nil {
			return err
		}
	}
	return nil
}
