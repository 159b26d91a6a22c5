package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/pages"
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

const (
	peopleFile = "people.db"
	keysFile   = "keys.db"
	nextFile   = "keys.db.next" // keys.db of the next generation, worth nothing until the keysmith has moved on
	unborn     = ".new"         // a file being written, worth nothing until it is renamed
	aside      = ".damaged-"    // a file that was damaged, with a number
)

// Buckets. Both files have both, so that they are made, checked and compacted alike.
var (
	entries    = []byte("entries")    // people.db: person → record; keys.db: person ‖ key id → wrapped key
	marks      = []byte("generation") // keys.db only: its mark
	unfinished = []byte("unfinished") // people.db: person whose record is gone → nothing, until people.db is compacted
)

// pageSize: a record has 2.2 KiB, so of the usual pages of 4 KiB nearly half would stay empty, and every erasure would
// write twice as much.
const pageSize = 16 << 10

// options: the list of free pages is written at each commit, because the code that rebuilds a missing one at start
// panics in a goroutine where nobody can catch it; it is short, since erasing compacts. A map, because the default
// searches that list from end to end. See PEERS.md e7 for what else was weighed.
func options() *bbolt.Options {
	return &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType, NoFreelistSync: false, PageSize: pageSize,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			return os.OpenFile(name, flag|unix.O_NOFOLLOW, mode)
		}}
}

// lockFolder keeps a second vault out for as long as the file is open, also while files are exchanged. The kernel
// drops the lock with the process, so a crash leaves none behind.
func lockFolder(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("vault: open the folder: %w", err)
	}
	for range 20 {
		if err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("vault: %s is in use by another program (%w): stop the other edged-keeper", dir, err)
	}
	return d, nil
}

// openFile opens one of the files, which must be a file of ours through and through. keyLen 0 stands for either file.
func openFile(path string, keyLen int) (*bbolt.DB, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if !st.Mode().IsRegular() || st.Mode().Perm() != 0o600 {
		return nil, fmt.Errorf("vault: %s is %v, not a plain file that its owner alone can read: put it right with chmod 600", path, st.Mode())
	}
	if err := pages.Check(path); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, options())
	if err != nil {
		return nil, fmt.Errorf("vault: open %s: %w", path, err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(entries)
		if all == nil || tx.Bucket(unfinished) == nil {
			return pages.ErrUnsound
		}
		return all.ForEach(func(k, v []byte) error {
			if keyLen > 0 && len(k) != keyLen || v == nil {
				return pages.ErrUnsound
			}
			return nil
		})
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vault: %s is not a file of the vault: %w", path, err), db.Close())
	}
	return db, nil
}

// place moves a filled file to its name. bbolt keeps the bytes of what was deleted in free pages and never gives one
// back: only a new file is without them. The name holds the old file or the new one, whole, at every moment.
func (v *Vault) place(name string, fresh *bbolt.DB, err error) (*bbolt.DB, error) {
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
func (v *Vault) fill(name string, old *bbolt.DB, stays func(person []byte) bool) (*bbolt.DB, error) {
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
func fill(path string, old *bbolt.DB, stays func(person []byte) bool, change func(k, v []byte) ([]byte, error), mark []byte) (*bbolt.DB, error) {
	if err := remove(path); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, options())
	if err != nil {
		return nil, err
	}
	db.NoSync = true // one sync at the end is enough: until the rename nobody reads it
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
		db.NoSync = false
		return errors.Join(err, db.Sync())
	}()
	if err != nil {
		return nil, errors.Join(err, db.Close(), remove(path))
	}
	return db, nil
}

// A writer fills a file in transactions of a few megabytes, so that memory does not grow with the number of people.
type writer struct {
	db   *bbolt.DB
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

func (w *writer) copy(old *bbolt.DB, name []byte, stays func(k []byte) bool, change func(k, v []byte) ([]byte, error)) error {
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

// exists tells whether a name is taken, by whatever.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ours is every file of the vault.
func ours() []string { return []string{peopleFile, keysFile, nextFile} }

// setAside gives the files a name that says they are damaged, and the same number: they are of no use apart.
func setAside(dir string) ([]string, error) {
	var done []string
	for n := 1; ; n++ {
		taken := false
		for _, name := range ours() {
			is, err := exists(filepath.Join(dir, fmt.Sprint(name, aside, n)))
			if err != nil {
				return nil, err
			}
			taken = taken || is
		}
		if taken {
			continue
		}
		for _, name := range ours() {
			to := filepath.Join(dir, fmt.Sprint(name, aside, n))
			if err := os.Rename(filepath.Join(dir, name), to); err == nil {
				done = append(done, to)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return done, err
			}
		}
		return done, syncFolder(dir)
	}
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// holdsAny reads a whole file, free pages too, for any of the traces: in as many parts at a time as there are cores.
func holdsAny(path string, traces *traces) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	var all sync.WaitGroup
	var found atomic.Bool
	parts := int64(runtime.GOMAXPROCS(0))
	errs := make([]error, parts)
	for i := range parts {
		from, to := st.Size()*i/parts, st.Size()*(i+1)/parts+piece-1 // a trace may lie across two parts
		all.Go(func() { errs[i] = traces.search(io.NewSectionReader(f, from, to-from), &found) })
	}
	all.Wait()
	return found.Load(), errors.Join(errs...)
}
