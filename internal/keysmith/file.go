package keysmith

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/wire"
)

const unborn = ".new" // a file being written, worth nothing until it is renamed

// readClosed reads a file that nobody else could have read or planted.
func readClosed(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, no(wire.KeyTroubleDamaged, "%s is a symbolic link: put the file itself there", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size > most || st.Nlink != 1:
		return nil, no(wire.KeyTroubleDamaged, "%s is not a file of the keysmith: move it away", path)
	case st.Mode&0o077 != 0:
		return nil, no(wire.KeyTroubleDamaged, "%s has mode %04o, so others may have read it: chmod 600 it if nobody did, else remove the folder and enrol everybody again", path, st.Mode&0o7777)
	case int(st.Uid) != os.Geteuid():
		return nil, no(wire.KeyTroubleDamaged, "%s belongs to user %d, not to %d who runs this: chown it", path, st.Uid, os.Geteuid())
	}
	return io.ReadAll(f)
}

// write puts a whole file in place, or leaves the former one: also after a power cut.
func write(path string, b []byte) error {
	part := path + unborn
	if err := destroy(part); err != nil {
		return err
	}
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, destroy(part))
	}
	return syncFolder(filepath.Dir(path))
}

// destroy overwrites a file before it removes it. On flash and on copying file systems the old bytes may live on, which
// is why no tier counts on this.
func destroy(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		st, failed := f.Stat()
		if failed == nil && st.Mode().IsRegular() {
			_, failed = f.Write(make([]byte, min(st.Size(), 1<<16)))
		}
		if err := errors.Join(failed, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
