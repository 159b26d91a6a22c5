package access

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/pages"
)

// openFile opens access.db, or makes it complete under another name first, so that an empty or half-made access.db is
// always damage and never a beginning: bbolt would take an empty file for a new one, and every PIN would be gone
// without a word.
func openFile(path string, begin func(*bbolt.Tx) error) (*bbolt.DB, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeFile(path, begin); err != nil {
			return nil, fmt.Errorf("making %s: %w", path, err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("opening the PINs: %w", err)
	} else if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %v: others could read or swap it: set it to 0600", path, info.Mode())
	} else if info.Size() == 0 {
		return nil, damaged(path, errors.New("it is empty"))
	}
	var db *bbolt.DB
	if err = pages.Check(path); err == nil { // bbolt believes its file, and some of its panics nobody can catch
		db, err = openDB(path)
	}
	switch {
	case errors.Is(err, bbolt.ErrTimeout), errors.Is(err, pages.ErrBusy):
		return nil, fmt.Errorf("%s is in use by another keeper: stop it first", path)
	case errors.As(err, new(syscall.Errno)) && !errors.Is(err, syscall.EIO): // nothing is known against the file itself
		return nil, fmt.Errorf("opening the PINs: %w", err)
	case err != nil:
		return nil, damaged(path, err)
	}
	return db, nil
}

// ErrSetAside means that the book could not be read. It lies beside the new one under another name.
var ErrSetAside = errors.New("set aside")

var errDamaged = errors.New("is damaged")

func makeFile(path string, begin func(*bbolt.Tx) error) error {
	half := path + ".new"
	if err := os.Remove(half); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := openDB(half)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(begin), db.Close()); err != nil {
		return err
	}
	if err := os.Rename(half, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func openDB(path string) (db *bbolt.DB, err error) {
	err = pages.Guard(func() error {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
		return err
	})
	return db, err
}

func damaged(path string, why error) error {
	return fmt.Errorf("%s %w (%w)", path, errDamaged, why)
}
