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

	"example.org/edged/internal/pages"
)

const (
	outboxFile  = "outbox.db"
	outboxNew   = "outbox.db.new"
	outboxTries = "outbox.db.tries"
	triesMost   = 3
	asideMost   = 9
)

func (o *outbox) file(name string) string { return filepath.Join(o.folder, name) }

// openOutbox reads the outbox in folder, or begins one, and writes what it read into a new file. So nothing of the old
// file is relied on but events whose checksum holds: not its list of free pages, which bbolt would believe and write
// over. What is damaged is set aside whole.
func openOutbox(folder string, most int, log *slog.Logger) (*outbox, error) {
	o := &outbox{folder: folder, most: most, log: log, wake: make(chan struct{}, 1)}
	if info, err := os.Lstat(o.file(outboxFile)); err == nil && info.Mode().Perm() != 0o600 {
		log.Warn("the outbox could be read by others; its new file is not", slog.String("file", o.file(outboxFile)))
	}
	var was contents
	err := o.try()
	if err == nil {
		was, err = salvage(o.file(outboxFile))
	}
	if errors.Is(err, errDamaged) {
		err = o.setAside(was, err)
	}
	if err == nil {
		err = remove(o.file(outboxTries)) // the reading is over; a full disk below says nothing against the file
	}
	if err == nil {
		err = o.renew(was)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the outbox: %w", err)
	}
	if o.n > 0 {
		o.wake <- struct{}{}
	}
	return o, nil
}

// try notes that the file is about to be read. A file whose reading has ended several lives in a row, by a fault that
// cannot be caught or a loop that does not end, is not read again.
func (o *outbox) try() error {
	f, err := os.OpenFile(o.file(outboxTries), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("%w: the courier's folder must be its own, mode 0700, on a disk with free space", err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write([]byte{'.'})
	}
	if err = errors.Join(err, f.Close()); err == nil && info.Size() >= triesMost {
		err = fmt.Errorf("%w: %d starts in a row have ended while reading it", errDamaged, info.Size())
	}
	return err
}

// contents is what an outbox's file holds.
type contents struct {
	events  [][]byte
	dropped uint64
}

// salvage reads the whole file without writing to it. With errDamaged comes what could be read before the damage.
func salvage(path string) (was contents, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return was, nil
	}
	if err == nil && info.Size() == 0 { // it is never made empty: renew renames a whole one into its place
		return was, fmt.Errorf("%w: it is empty", errDamaged)
	}
	var db *bbolt.DB
	if err == nil {
		err = pages.Check(path) // bbolt can walk in circles on a damaged file, and then the room would wait for ever
	}
	if err == nil {
		err = guarded(func() (err error) {
			db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, ReadOnly: true})
			return err
		})
	}
	var errno syscall.Errno
	switch {
	case errors.Is(err, bbolt.ErrTimeout), errors.Is(err, pages.ErrBusy):
		return was, fmt.Errorf("%s is in use: another courier is running on it", path)
	case errors.As(err, &errno) && errno != syscall.EIO:
		return was, fmt.Errorf("%w: the courier's folder and what is in it must be its own", err)
	case err == nil:
		err = guarded(func() error { return readAll(db, info.Size(), &was) })
		err = errors.Join(err, guarded(db.Close))
	}
	if err != nil && !errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return was, err
}

// readAll reads every event, as far as it comes.
func readAll(db *bbolt.DB, size int64, was *contents) error {
	return db.View(func(tx *bbolt.Tx) error {
		var err error
		if tx.Size() > size {
			err = fmt.Errorf("%w: it was cut short", errDamaged)
		}
		counts, events := tx.Bucket(bucketCounts), tx.Bucket(bucketEvents)
		if counts == nil || events == nil {
			return fmt.Errorf("%w: it is not an outbox", errDamaged)
		}
		if v := counts.Get(keyDropped); len(v) == 8 {
			was.dropped = binary.BigEndian.Uint64(v)
		}
		var last []byte
		c := events.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if len(k) != 8 || string(k) <= string(last) {
				return fmt.Errorf("%w: its keys are out of order", errDamaged)
			}
			last = append(last[:0], k...)
			e, ok := unseal(v)
			if !ok {
				err = fmt.Errorf("%w: a checksum does not hold", errDamaged)
				continue
			}
			was.events = append(was.events, e)
		}
		return err
	})
}

// setAside renames the damaged file. Nothing is deleted but a tenth damaged file.
func (o *outbox) setAside(was contents, why error) error {
	aside := ""
	for i := 1; i <= asideMost; i++ {
		aside = o.file(fmt.Sprintf("%s.damaged-%d", outboxFile, i))
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(o.file(outboxFile), aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("setting the damaged file aside: %w", err)
	}
	o.log.Error("the outbox was damaged and is set aside; what could be read is sent, the rest is only in the audit log",
		slog.String("file", aside), slog.Int("saved", len(was.events)), slog.String("why", why.Error()))
	return nil
}

// slim gives an empty outbox a new file when the old one has grown. bbolt never shrinks a file, and in its freed pages
// delivered events would lie for years.
func (o *outbox) slim() error {
	info, err := os.Stat(o.file(outboxFile))
	if err != nil || info.Size() <= roomyFile {
		return nil
	}
	return o.renew(contents{dropped: o.dropped})
}

// renew writes a new file beside the old one and renames it into its place, so that a power cut leaves one of both.
func (o *outbox) renew(was contents) error {
	fresh := o.file(outboxNew)
	if err := remove(fresh); err != nil {
		return err
	}
	db, err := bbolt.Open(fresh, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("making a new file: %w", err)
	}
	if err = db.Update(func(tx *bbolt.Tx) error { return writeAll(tx, was) }); err == nil {
		err = os.Rename(fresh, o.file(outboxFile))
	}
	if err == nil {
		err = syncFolder(o.folder)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("making a new file: %w", err), db.Close())
	}
	old := o.db
	o.db, o.n, o.dropped = db, len(was.events), was.dropped
	if old != nil {
		return guarded(old.Close)
	}
	return nil
}

func writeAll(tx *bbolt.Tx, was contents) error {
	events, err := tx.CreateBucket(bucketEvents)
	if err != nil {
		return err
	}
	for _, e := range was.events {
		key, err := events.NextSequence()
		if err == nil {
			err = events.Put(big(key), seal(e))
		}
		if err != nil {
			return err
		}
	}
	counts, err := tx.CreateBucket(bucketCounts)
	if err != nil {
		return err
	}
	return counts.Put(keyDropped, big(was.dropped))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
