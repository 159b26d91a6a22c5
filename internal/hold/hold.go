// Package hold writes small files so that a power cut leaves the old one or the new one. It never leaves half a file,
// and says "done" only when the disk has it.
package hold

import (
	"errors"
	"os"
	"path/filepath"
)

// Write puts b in the place of the file at path, for its owner's eyes only.
func Write(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
