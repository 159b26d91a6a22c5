package keeper

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/clock"
	"example.org/edged/internal/door"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/scribe"
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
		k.mode.cannot(wire.FaceRestLog)
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
	k.openBirths()
	relay, err := k.room.File("relay")
	if err != nil {
		return fmt.Errorf("door driver %q: %w", k.brief.Door.Driver, err)
	}
	k.door = door.New(door.Virtual(relay), k.brief.Door.Pulse, k.log)
	return nil
}

const (
	// sameSitting is how alike two sightings of one enrolment must be: below it two people stood there in turn. It
	// lies between people (below .2) and one person in two pictures (above .8); docs/measurements.md.
	sameSitting = 0.55
	// patience is how long somebody who has typed a PIN may take to be recognised where both are asked for.
	patience = 10 * time.Second
)
