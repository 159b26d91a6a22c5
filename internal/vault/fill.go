package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// place moves a filled file to its name. bbolt keeps the bytes of what was deleted in free pages and never gives one
// back: only a new file is without them. The name holds the old file or the new one, whole, at every moment.
func (v *Vault) place(name string, fresh *file, err error) (*file, error) {
	path := v.path(name)
	if err != nil {
		return nil, fmt.Errorf("vault: write %s anew (is the disk full?): %w", path, err)
	}
	if err = v.step(name + " written"); err == nil {
		err = os.Rename(path+unborn, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vault: put the new %s in place: %w", path, err), fresh.Close())
	}
	return fresh, nil
}

// fill makes the file that is to become name, with the entries of old (none when old is nil) and of unfinished those
// that stay.
func (v *Vault) fill(name string, old *file, stays func(person []byte) bool) (*file, error) {
	same := func(_, value []byte) ([]byte, error) { return value, nil }
	if name != keysFile {
		return fill(v.path(name)+unborn, old, stays, same, nil)
	}
	if old != nil {
		mark, err := markIn(old)
		if err != nil {
			return nil, err
		}
		return fill(v.path(name)+unborn, old, stays, same, mark)
	}
	key, err := v.gen.Current()
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	return fill(v.path(name)+unborn, nil, stays, same, markOf(&key))
}

// fill makes a file of what was in old, each value through change, and of a mark if there is one.
func fill(path string, old *file, stays func(person []byte) bool, change func(k, v []byte) ([]byte, error), mark []byte) (*file, error) {
	if err := remove(path); err != nil {
		return nil, err
	}
	expect := int64(0)
	if old != nil {
		expect = 2 * old.live
	}
	db, err := openDB(path, expect)
	if err != nil {
		return nil, err
	}
	db.NoSync, db.NoGrowSync = true, true // one sync at the end is enough: until the rename nobody reads it
	err = func() error {
		w := &writer{db: db}
		err := w.copy(old, entries, func([]byte) bool { return true }, change)
		if err == nil {
			err = w.copy(old, unfinished, stays, func(_, value []byte) ([]byte, error) { return value, nil })
		}
		if err == nil && mark != nil {
			err = w.mark(mark)
		}
		if err == nil {
			err = w.flush()
		}
		db.NoSync, db.NoGrowSync = false, false
		return errors.Join(err, db.raw.Sync())
	}()
	if err != nil {
		return nil, errors.Join(err, db.Close(), remove(path))
	}
	return db, nil
}

// A writer fills a file in transactions of a few megabytes, so that memory does not grow with the number of people.
type writer struct {
	db   *file
	tx   *bbolt.Tx
	size int
}

func (w *writer) bucket(name []byte) (*bbolt.Bucket, error) {
	var err error
	if w.tx != nil && w.size > 4<<20 {
		if err = w.flush(); err != nil {
			return nil, err
		}
	}
	if w.tx == nil {
		if w.tx, err = w.db.Begin(true); err != nil {
			return nil, err
		}
	}
	b, err := w.tx.CreateBucketIfNotExists(name)
	if err == nil {
		b.FillPercent = 1 // keys come in order, and seven records fill a page
	}
	return b, err
}

func (w *writer) flush() error {
	if w.tx == nil {
		return nil
	}
	err := w.tx.Commit()
	w.tx, w.size = nil, 0
	return err
}

func (w *writer) mark(mark []byte) error {
	b, err := w.bucket(marks)
	if err != nil {
		return err
	}
	return b.Put(marks, mark)
}

func (w *writer) copy(old *file, name []byte, stays func(k []byte) bool, change func(k, v []byte) ([]byte, error)) error {
	err := func() error {
		b, err := w.bucket(name)
		if err != nil || old == nil {
			return err
		}
		return old.View(func(tx *bbolt.Tx) error {
			return tx.Bucket(name).ForEach(func(k, v []byte) error {
				if !stays(k) {
					return nil
				}
				w.size += len(k) + len(v)
				if b, err = w.bucket(name); err != nil {
					return err
				}
				value, err := change(k, v)
				if err != nil {
					return err
				}
				if &name[0] == &entries[0] {
					w.db.live += int64(len(k) + len(value))
				}
				return b.Put(bytes.Clone(k), bytes.Clone(value)) // bbolt keeps them until the commit
			})
		})
	}()
	if err != nil && w.tx != nil {
		err = errors.Join(err, w.tx.Rollback())
		w.tx = nil
	}
	return err
}
