package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.org/edged/internal/person"
	"go.etcd.io/bbolt"
)

// People is whose record lies in dir. It needs no key, and it makes no file.
func People(dir string) ([]person.ID, error) {
	path := filepath.Join(dir, peopleFile)
	if there, err := exists(path); err != nil || !there {
		return nil, err
	}
	db, err := openFile(path, len(person.ID{}))
	if err != nil {
		return nil, err
	}
	var all []person.ID
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(entries).ForEach(func(k, _ []byte) error {
			all = append(all, person.ID(k))
			return nil
		})
	})
	return all, errors.Join(err, db.Close())
}

// Destroy removes every file of the vault in dir, what was set aside too, keys first. It is for a device that leaves:
// there is no vault to open any more, so a damaged one is destroyed as well as a sound one.
func Destroy(dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	for _, kind := range []string{keysFile, ""} {
		for _, e := range names {
			for _, ours := range ours() {
				if strings.HasPrefix(e.Name(), ours) && strings.HasPrefix(e.Name(), kind) {
					if err := wipe(filepath.Join(dir, e.Name())); err != nil {
						return fmt.Errorf("vault: destroy %s: %w", e.Name(), err)
					}
				}
			}
		}
		if err := syncFolder(dir); err != nil {
			return fmt.Errorf("vault: %w", err)
		}
	}
	return nil
}

// wipe overwrites a file before it removes it. Flash may keep the old blocks all the same; it costs nothing.
func wipe(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(path))
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size()))
	}
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
}
