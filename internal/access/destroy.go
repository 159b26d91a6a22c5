package access

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Destroy removes the book of PINs in dir and every older one that was set aside: the device leaves.
func Destroy(dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("destroying the PINs: %w", err)
	}
	for _, e := range names {
		if strings.HasPrefix(e.Name(), "access.db") {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("destroying the PINs: %w", err)
			}
		}
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("destroying the PINs: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
