package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

const checkpoint = "checkpoint"

// A piece is bytes for one place in one file.
type piece struct {
	path string
	at   int64
	data []byte
}

// extend adds bytes to the piece for the same file, or begins one. Bytes for one file always follow each other.
func extend(pieces []piece, path string, at int64, data []byte) []piece {
	for i := range pieces {
		if pieces[i].path == path {
			pieces[i].data = append(pieces[i].data, data...)
			return pieces
		}
	}
	return append(pieces, piece{path, at, append([]byte(nil), data...)})
}

// write is durable when it returns. The place is given, not "the end", so that writing again after half a write
// overwrites the half.
func (p piece) write(dir string) error {
	path := filepath.Join(dir, p.path)
	if p.at == 0 {
		if err := makeFolders(dir, filepath.Dir(p.path)); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(p.data, p.at)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if p.at == 0 {
		return syncFolder(filepath.Dir(path))
	}
	return nil
}

// makeFolders makes every folder on the way and syncs the one above it.
func makeFolders(dir, rel string) error {
	if rel == "." {
		return nil
	}
	if err := makeFolders(dir, filepath.Dir(rel)); err != nil {
		return err
	}
	err := os.Mkdir(filepath.Join(dir, rel), 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(filepath.Join(dir, rel)))
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// publish signs a head and puts it in the place of the old one, whole or not at all.
func (l *Log) publish(t tree) error {
	h := l.key.sign(t)
	msg, err := Checkpoint(l.key.public, h)
	if err != nil {
		return err
	}
	path := filepath.Join(l.dir, checkpoint)
	if err := writeSynced(path+".new", msg); err != nil {
		return fmt.Errorf("audit: writing the head: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("audit: writing the head: %w", err)
	}
	if err := syncFolder(l.dir); err != nil {
		// The new head may or may not survive a power cut. To write another one of the same size would be a fork.
		l.dead = err
		return fmt.Errorf("audit: writing the head: %w", err)
	}
	l.tree, l.head = t, h
	return nil
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// trim takes away what is not under the head: the rest of the last files, and files after them.
func (l *Log) trim() error {
	if err := l.trimFiles(-1, l.tree.size/tileWidth, l.bytes); err != nil {
		return err
	}
	for level := 0; level <= maxLevel; level++ {
		n := l.tree.size >> (level * tileHeight)
		if err := l.trimFiles(level, n/tileWidth, int64(n%tileWidth)*tlog.HashSize); err != nil {
			return err
		}
	}
	l.dirty = false
	return nil
}

func (l *Log) trimFiles(level int, last uint64, size int64) error {
	for n := last; ; n++ {
		path := filepath.Join(l.dir, tilePath(level, n))
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil && size == 0 {
			err = os.Remove(path)
		} else if err == nil && info.Size() > size {
			err = cut(path, size)
		}
		if err != nil {
			return fmt.Errorf("audit: cutting off what is not signed: %w", err)
		}
		size = 0
	}
}

func cut(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}
