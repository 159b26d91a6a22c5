package room

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// modelMax is the longest model file that is read. The longest of the known packs has 39 MB.
const modelMax = 64 << 20

// Read returns the model for a role, and only if it is the one that the pack names: the bytes handed out are the
// bytes that were hashed, so nothing can be swapped between the check and the use.
func (p Pack) Read(role string) ([]byte, error) {
	want, ok := p.Files[role]
	if !ok {
		return nil, fmt.Errorf("model pack %q has no %s: run `edged models install`", p.Name, role)
	}
	path := filepath.Join(p.Dir, want.Name)
	b, err := readAtMost(path, modelMax)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("model %s (%s) is missing: run `edged models install`", path, role)
	case err != nil:
		return nil, fmt.Errorf("model %s (%s): %w: run `edged models install`", path, role, err)
	}
	sum := sha256.Sum256(b)
	if hex.EncodeToString(sum[:]) != want.SHA256 {
		return nil, fmt.Errorf("model %s (%s) is not the file that the manifest names (%d bytes, SHA-256 %x): it is truncated or was swapped; run `edged models install`",
			path, role, len(b), sum[:4])
	}
	return b, nil
}

func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%d bytes, at most %d", info.Size(), most)
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	return b, nil
}
