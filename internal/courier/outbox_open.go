package courier

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

const (
	outboxFile = "outbox.db"
	outboxNew  = "outbox.db.new"
	asideMost  = 9
)

func (o *outbox) path() string { return filepath.Join(o.folder, outboxFile) }

// openOutbox opens the outbox in folder, or makes one. A damaged file is set aside whole; the events in it that can
// still be read are taken over.
func openOutbox(folder string, most int, log *slog.Logger) (*outbox, error) {
	o := &outbox{folder: folder, most: most, log: log, wake: make(chan struct{}, 1)}
	if err := os.Remove(filepath.Join(folder, outboxNew)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening the outbox: %w: the courier's folder must be its own, mode 0700", err)
	}
	if info, err := os.Lstat(o.path()); err == nil && info.Mode().IsRegular() && info.Mode().Perm() != 0o600 {
		log.Warn("the outbox could be read by others; its mode is now 0600", slog.String("file", o.path()))
		if err := os.Chmod(o.path(), 0o600); err != nil {
			return nil, fmt.Errorf("opening the outbox: %w", err)
		}
	}
	db, events, dropped, err := inspect(o.path())
	switch {
	case err == nil:
		o.db, o.n, o.dropped = db, len(events), dropped
	case errors.Is(err, errDamaged):
		if err := o.setAside(db, events, dropped, err); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if o.n > 0 {
		o.wake <- struct{}{}
	}
	return o, nil
}

// inspect opens the file and reads all of it. With errDamaged come the events that could be read before the damage,
// and the database where it could be opened.
func inspect(path string) (db *bbolt.DB, events [][]byte, dropped uint64, err error) {
	err = guarded(func() (err error) {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second})
		return err
	})
	var errno syscall.Errno
	switch {
	case errors.Is(err, errDamaged):
		return nil, nil, 0, err
	case errors.Is(err, bbolt.ErrTimeout):
		return nil, nil, 0, fmt.Errorf("the outbox %s is in use: another courier is running on it", path)
	case errors.As(err, &errno):
		return nil, nil, 0, fmt.Errorf("opening the outbox %s: %w: the courier's folder must be its own, mode 0700, on a disk with free space", path, err)
	case err != nil:
		return nil, nil, 0, fmt.Errorf("%w: %w", errDamaged, err)
	}
	// Reading comes first, on this goroutine, where a fault can be caught; Check reads the same pages on another.
	err = guarded(func() error { return readAll(db, path, &events, &dropped) })
	if err == nil {
		err = guarded(func() error { return check(db) })
	}
	if err != nil && !errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return db, events, dropped, err
}

// readAll reads every event, as far as it comes, and makes the two buckets where they are missing.
func readAll(db *bbolt.DB, path string, events *[][]byte, dropped *uint64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		var err error
		if tx.Size() > info.Size() {
			err = errDamaged // cut short; still read what is there
		}
		if b := tx.Bucket(bucketCounts); b != nil {
			if v := b.Get(keyDropped); len(v) == 8 {
				*dropped = binary.BigEndian.Uint64(v)
			}
		}
		b := tx.Bucket(bucketEvents)
		if b == nil {
			return err
		}
		var last []byte
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			e, ok := unseal(v)
			if len(k) != 8 || string(k) <= string(last) {
				return errDamaged // out of order: pages that point at each other never end
			}
			if last = append(last[:0], k...); !ok {
				err = errDamaged
				continue
			}
			*events = append(*events, e)
		}
		return err
	})
	if err != nil {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketEvents)
		if err == nil {
			_, err = tx.CreateBucketIfNotExists(bucketCounts)
		}
		return err
	})
}

func check(db *bbolt.DB) error {
	return db.View(func(tx *bbolt.Tx) (err error) {
		for e := range tx.Check() {
			err = errors.Join(err, e)
		}
		return err
	})
}

// setAside renames the damaged file and makes a new one of what could be read. Nothing is deleted but the tenth
// damaged file.
func (o *outbox) setAside(db *bbolt.DB, events [][]byte, dropped uint64, why error) error {
	aside := ""
	for i := 1; i <= asideMost; i++ {
		aside = fmt.Sprintf("%s.damaged-%d", o.path(), i)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(o.path(), aside); err != nil {
		return fmt.Errorf("setting the damaged outbox aside: %w", err)
	}
	if err := o.replace(db, events, dropped); err != nil {
		return err
	}
	o.log.Error("the outbox was damaged and is set aside; what could be read is sent, the rest is only in the audit log",
		slog.String("file", aside), slog.Int("saved", len(events)), slog.String("why", why.Error()))
	return nil
}

// slim gives an empty outbox a new file when the old one has grown. bbolt never shrinks a file, and in its freed pages
// delivered events would lie for years.
func (o *outbox) slim() error {
	info, err := os.Stat(o.path())
	if err != nil || info.Size() <= roomyFile {
		return nil
	}
	return o.replace(o.db, nil, o.dropped)
}

// replace writes a new file beside the old one and renames it into its place, so that a power cut leaves one of both.
func (o *outbox) replace(old *bbolt.DB, events [][]byte, dropped uint64) error {
	if old != nil {
		if err := guarded(old.Close); err != nil {
			o.log.Warn("closing the old outbox", slog.String("why", err.Error()))
		}
	}
	fresh := filepath.Join(o.folder, outboxNew)
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("making a new outbox: %w", err)
	}
	db, err := bbolt.Open(fresh, 0o600, &bbolt.Options{Timeout: 2 * time.Second})
	if err != nil {
		return fmt.Errorf("making a new outbox: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketEvents)
		if err != nil {
			return err
		}
		for _, e := range events {
			key, err := b.NextSequence()
			if err == nil {
				err = b.Put(big(key), seal(e))
			}
			if err != nil {
				return err
			}
		}
		counts, err := tx.CreateBucketIfNotExists(bucketCounts)
		if err != nil {
			return err
		}
		return counts.Put(keyDropped, big(dropped))
	})
	if err == nil {
		err = os.Rename(fresh, o.path())
	}
	if err == nil {
		err = syncFolder(o.folder)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("making a new outbox: %w", err), db.Close())
	}
	o.db, o.n, o.dropped = db, len(events), dropped
	return nil
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
