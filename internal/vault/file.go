package vault

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// Page sizes. A record has 2.2 KiB, so of the usual pages of 4 KiB nearly half would stay empty. A wrapped key has 92
// bytes, and a larger page would only mean more to write for each person who enrols.
const (
	peoplePage = 16 << 10
	keysPage   = 4 << 10
)

// growth is by how many pages a file becomes longer when it is full, beyond what it needs. bbolt's own 16 MiB would be
// most of a small vault, and each growth costs one more wait for the disk.
const growth = 4

// A file is one of the two, open.
type file struct {
	*bbolt.DB
	raw    *os.File // bbolt's own, so that what is written past bbolt lands in the file that it has open
	live   int64    // bytes of the keys and values in entries
	shaken bool     // a write failed: what lies in the file may be older than bbolt believes
}

// openDB opens or makes a file. The list of free pages is written at each commit, because the code that rebuilds a
// missing one at start panics in a goroutine where nobody can catch it; it is short, since no file has many. A map,
// because the default searches that list from end to end. expect is how long the file may become before it must be mapped anew. What else was weighed: docs/measurements.md.
func openDB(path string, expect int64) (*file, error) {
	f, pageSize := new(file), keysPage
	if strings.HasPrefix(filepath.Base(path), peopleFile) {
		pageSize = peoplePage
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: time.Second, FreelistType: bbolt.FreelistMapType, NoFreelistSync: false, PageSize: pageSize, InitialMmapSize: int(expect),
		OpenFile: func(name string, flag int, mode os.FileMode) (raw *os.File, err error) {
			f.raw, err = os.OpenFile(name, flag|unix.O_NOFOLLOW, mode)
			return f.raw, err
		}})
	if err != nil {
		return nil, err
	}
	f.DB = db
	f.AllocSize = growth * db.Info().PageSize
	return f, nil
}

// update is a transaction, on the disk when it returns without an error.
func (f *file) update(do func(tx *bbolt.Tx) error) error {
	err := f.Update(do)
	f.shaken = f.shaken || err != nil
	return err
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
func openFile(path string, keyLen int) (*file, error) {
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
	f, err := openDB(path, 0)
	if err != nil {
		return nil, fmt.Errorf("vault: open %s: %w", path, err)
	}
	err = f.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(entries)
		if all == nil || tx.Bucket(unfinished) == nil {
			return pages.ErrUnsound
		}
		return all.ForEach(func(k, v []byte) error {
			if keyLen > 0 && len(k) != keyLen || v == nil {
				return pages.ErrUnsound
			}
			f.live += int64(len(k) + len(v))
			return nil
		})
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("vault: %s is not a file of the vault: %w", path, err), f.Close())
	}
	return f, nil
}
