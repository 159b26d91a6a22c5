package clock

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The file is one line that a person can read: "edged-clock 1 2026-11-22T03:19:05Z 1c291ca3". The checksum finds
// accidents; whoever can write the file can also remove it, and then NotBefore stands in.

// encode cuts to the second: down, so that a stored floor is never after the time it was stored at.
func encode(t time.Time) []byte {
	line := "edged-clock 1 " + t.UTC().Format(time.RFC3339)
	return fmt.Appendf(nil, "%s %08x\n", line, crc32.ChecksumIEEE([]byte(line)))
}

// decode takes only what encode writes, byte for byte.
func decode(b []byte) (time.Time, error) {
	words := strings.Fields(string(b))
	if len(words) != 4 {
		return time.Time{}, errors.New("the stored time is damaged: it is not one line of four words")
	}
	t, err := time.Parse(time.RFC3339, words[2])
	if err != nil || string(encode(t)) != string(b) {
		return time.Time{}, errors.New("the stored time is damaged: date or checksum is wrong")
	}
	if !t.Before(latest) {
		return time.Time{}, fmt.Errorf("the stored time is damaged: it is after %d", latest.Year()-1)
	}
	return t, nil
}

// write puts b in place of file such that a power cut leaves the old line or the new one.
func write(file string, b []byte) (err error) {
	fresh := file + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(fresh, file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
