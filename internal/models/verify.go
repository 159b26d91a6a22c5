package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/edged/internal/room"
)

// Verify says whether the folder holds the pack, whole and unchanged, and no other model. Its errors name the file and
// the command that mends it.
func Verify(pack room.Pack) error {
	for _, role := range roles {
		if _, has := pack.Files[role]; !has && role != "feature" && role != "detector" {
			continue // the manifest says which others a pack has
		}
		if _, err := pack.Read(role); err != nil {
			return err
		}
	}
	return foreign(pack)
}

// foreign refuses models that nobody named. The list is of what may be there, because the list of what may not is
// endless.
func foreign(pack room.Pack) error {
	entries, err := os.ReadDir(pack.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the folder of models: %w", err)
	}
	var own []string
	for _, f := range pack.Files {
		own = append(own, f.Name)
	}
	for _, e := range entries {
		if strings.EqualFold(filepath.Ext(e.Name()), ".onnx") && !slices.Contains(own, e.Name()) {
			return fmt.Errorf("%s is not a model of pack %q: remove it (a door may recognise a person who agreed, not analyse them)",
				filepath.Join(pack.Dir, e.Name()), pack.Name)
		}
	}
	return nil
}
