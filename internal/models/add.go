package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Add takes files that the installer brings, whatever they are called, checks each against the manifest, and puts them
// into dir. It answers which roles the pack still lacks there. Nothing is written before all files are known.
func (m *Manifest) Add(dir string, paths ...string) (missing []string, err error) {
	pack := m.Pack(dir)
	if err := foreign(pack); err != nil {
		return nil, fmt.Errorf("%w; each pack needs a folder of its own: --dir", err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		b, err := bring(path)
		if err != nil {
			return nil, fmt.Errorf("adding models: %w", err)
		}
		name, err := m.known(path, b)
		if err != nil {
			return nil, err
		}
		files[name] = b
	}
	if err := put(dir, files); err != nil {
		return nil, err
	}
	for _, role := range roles {
		if _, wanted := m.Roles[role]; !wanted {
			continue
		}
		if _, err := pack.Read(role); err != nil {
			missing = append(missing, role)
		}
	}
	return missing, nil
}

// known is the name under which the pack has these bytes.
func (m *Manifest) known(path string, b []byte) (string, error) {
	sum := sha256.Sum256(b)
	got := hex.EncodeToString(sum[:])
	var wanted []string
	for _, role := range roles {
		r, ok := m.Roles[role]
		if ok && r.SHA256 == got {
			return r.File, nil
		}
		if ok {
			wanted = append(wanted, fmt.Sprintf("%s (%s, %d bytes, SHA-256 %s…)", r.File, role, r.Bytes, r.SHA256[:8]))
		}
	}
	hint := ""
	if len(b) < 1024 && strings.HasPrefix(string(b), "version https://git-lfs") {
		hint = ": it is a Git LFS pointer, not the file it stands for; fetch the large file itself"
	}
	return "", fmt.Errorf("adding models: %s (%d bytes, SHA-256 %s…) is none of pack %q%s; it has %s", path, len(b), got[:8], m.Name, hint,
		strings.Join(wanted, ", "))
}

func bring(path string) ([]byte, error) {
	info, err := os.Stat(path) // before opening: to open a named pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, modelMax+1))
	if err == nil && len(b) > modelMax {
		err = errors.New("it is longer than any model")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}
