package pages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// SetAside moves a damaged file out of the way, under the first free name PATH.damaged-N. Nothing of it is deleted: it
// is evidence, and somebody may know how to read it.
func SetAside(path string) (aside string, err error) {
	for i := 1; ; i++ {
		aside = fmt.Sprintf("%s.damaged-%d", path, i)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(path, aside)
		} else if err != nil {
			return "", err
		}
	}
}
