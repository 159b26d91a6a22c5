package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

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
