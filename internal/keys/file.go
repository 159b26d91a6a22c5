package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

func readOrMake(path string, secret *[secretLen]byte, rand io.Reader) error {
	err := read(path, secret)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := create(path, secret, rand); err != nil {
		return fmt.Errorf("make the device key file %s: %w", path, err)
	}
	return nil
}

// read refuses a file that somebody else could have read or planted. It checks the open file, not the name, so that
// nothing can be exchanged in between; O_NONBLOCK so that a pipe planted there does not hold the door's start.
func read(path string, secret *[secretLen]byte) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return fmt.Errorf("device key file %s is a symbolic link: put the file itself there", path)
	}
	if err != nil {
		return fmt.Errorf("open the device key file: %w", err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("look at the device key file %s: %w", path, err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("device key file %s is not a plain file: move it away", path)
	case st.Mode&0o7777 != 0o600:
		return fmt.Errorf("device key file %s has mode %04o, so others may have read it: chmod 600 it if nobody did, else remove it and enrol everybody again",
			path, st.Mode&0o7777)
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("device key file %s belongs to user %d, not to %d who runs this: chown it", path, st.Uid, os.Geteuid())
	case st.Nlink != 1:
		return fmt.Errorf("device key file %s has %d names: remove the others", path, st.Nlink)
	case st.Size != secretLen:
		return fmt.Errorf("device key file %s has %d bytes, not %d: put the right one back, or remove it and enrol everybody again",
			path, st.Size, secretLen)
	}
	if _, err := io.ReadFull(f, secret[:]); err != nil {
		return fmt.Errorf("read the device key file %s: %w", path, err)
	}
	if *secret == [secretLen]byte{} {
		return fmt.Errorf("device key file %s holds only zeros (a disk fault?): remove it and enrol everybody again", path)
	}
	return nil
}

// create writes beside the name and moves it there: the name holds a whole key or nothing, also after a power cut,
// and a file that came there meanwhile is not overwritten.
func create(path string, secret *[secretLen]byte, rand io.Reader) error {
	if _, err := io.ReadFull(rand, secret[:]); err != nil {
		return fmt.Errorf("draw random bytes: %w", err)
	}
	if *secret == [secretLen]byte{} {
		return errors.New("the random source gave only zeros: it is broken")
	}
	part := path + ".new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(part)
	_, err = f.Write(secret[:])
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := unix.Renameat2(unix.AT_FDCWD, part, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
