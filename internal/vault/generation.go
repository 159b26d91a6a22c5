package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"example.org/edged/internal/pages"
	"example.org/edged/internal/person"
	"go.etcd.io/bbolt"
)

// markOf is what a file says of its generation: it follows from the key, and leads nowhere back.
func markOf(key *[32]byte) []byte {
	mark, err := hkdf.Key(sha256.New, key[:], nil, "edged/v1/generation-mark", 16)
	if err != nil {
		panic("vault: internal error: " + err.Error()) // only lengths can be wrong, and they are fixed
	}
	return mark
}

// readMark is empty for a file that is not there.
func readMark(path string) ([]byte, error) {
	if there, err := exists(path); err != nil || !there {
		return nil, err
	}
	db, err := openFile(path, 0)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return markIn(db)
}

func markIn(db *file) (mark []byte, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(marks); b != nil {
			mark = bytes.Clone(b.Get(marks))
		}
		return nil
	})
	return mark, err
}

// settle decides, before anything is opened, which of keys.db and keys.db.next is the one of today.
func (v *Vault) settle() error {
	if there, err := exists(v.path(nextFile)); err != nil || !there {
		return err
	}
	now, err := readMark(v.path(keysFile))
	if err != nil {
		return err
	}
	_, err = v.decide(now)
	return err
}

// decide puts keys.db.next in the place of keys.db, whose mark is now, or removes it. What a power cut left half
// written belongs to no generation that began: it is not even read while keys.db is the right one.
func (v *Vault) decide(now []byte) (moved bool, err error) {
	key, err := v.gen.Current()
	if err != nil {
		return false, fmt.Errorf("vault: %w", err)
	}
	defer clear(key[:])
	mark := markOf(&key)
	if bytes.Equal(now, mark) {
		return false, errors.Join(remove(v.path(nextFile)), v.lock.Sync())
	}
	next, err := readMark(v.path(nextFile))
	if err != nil || !bytes.Equal(next, mark) {
		return false, err // neither: sameGeneration says so of the one that is opened
	}
	return true, errors.Join(os.Rename(v.path(nextFile), v.path(keysFile)), v.lock.Sync())
}

var errPutBack = errors.New("it was put back from before an erasure")

// sameGeneration refuses a file whose keys the keysmith cannot open any more.
func (v *Vault) sameGeneration(db *file) error {
	key, err := v.gen.Current()
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer clear(key[:])
	mark, err := markIn(db)
	if err == nil && !bytes.Equal(mark, markOf(&key)) {
		err = fmt.Errorf("vault: %s is of another key generation than the keysmith's: %w, or the keysmith began anew: %w", v.path(keysFile), errPutBack, pages.ErrUnsound)
	}
	return err
}

// rotate wraps the keys of everybody who is left with a new generation, and has the former one destroyed. Whenever the
// power fails, one whole keys file and the generation that opens it are there: see settle.
func (v *Vault) rotate() error {
	old, err := v.wrap()
	if err == nil {
		err = v.sameGeneration(v.keys)
	}
	if err != nil {
		return err
	}
	key, err := v.gen.Begin()
	if err != nil {
		return fmt.Errorf("vault: begin a key generation: %w", err)
	}
	defer clear(key[:])
	fresh, err := wrapper(&key)
	if err != nil {
		return err
	}
	nonce := make([]byte, fresh.NonceSize())
	next, err := fill(v.path(nextFile), v.keys, func([]byte) bool { return true }, func(k, wrapped []byte) ([]byte, error) {
		if len(wrapped) != wrappedLen {
			return wrapped, nil // damaged: it stays what it is, and opens under no generation
		}
		bind := bindKey(v.device, person.ID(k[:16]), keyID(k[16:]))
		var plain [32]byte
		defer clear(plain[:])
		if _, err := old.Open(plain[:0], wrapped[:old.NonceSize()], wrapped[old.NonceSize():], bind); err != nil {
			return wrapped, nil
		}
		if _, err := io.ReadFull(v.rand, nonce); err != nil {
			return nil, err
		}
		return fresh.Seal(bytes.Clone(nonce), nonce, plain[:], bind), nil
	}, markOf(&key))
	if err != nil {
		return fmt.Errorf("vault: write %s (is the disk full?): %w", v.path(nextFile), err)
	}
	if err := errors.Join(v.lock.Sync(), v.step("keys rewrapped")); err != nil {
		return errors.Join(err, next.Close(), remove(v.path(nextFile)))
	}
	v.torn = true
	if err := v.gen.Commit(); err != nil {
		return errors.Join(fmt.Errorf("vault: destroy the former key generation: %w", err), next.Close())
	}
	if err := v.step("generation committed"); err != nil {
		return errors.Join(err, next.Close())
	}
	if err := os.Rename(v.path(nextFile), v.path(keysFile)); err != nil {
		return errors.Join(fmt.Errorf("vault: put the new %s in place: %w", v.path(keysFile), err), next.Close())
	}
	former := v.keys
	v.keys, v.torn = next, false
	if err := errors.Join(v.lock.Sync(), former.Close()); err != nil {
		return fmt.Errorf("vault: let the former %s go: %w", v.path(keysFile), err)
	}
	return nil
}

// mend finds out which generation it is after a rotation that failed half way.
func (v *Vault) mend() error {
	if !v.torn {
		return nil
	}
	now, err := markIn(v.keys)
	if err != nil {
		return fmt.Errorf("vault: read %s: %w", v.path(keysFile), err)
	}
	moved, err := v.decide(now)
	if err != nil {
		return err
	}
	if moved {
		db, err := openFile(v.path(keysFile), len(person.ID{})+len(keyID{}))
		if err != nil {
			return err
		}
		err = v.keys.Close()
		if v.keys = db; err != nil {
			return fmt.Errorf("vault: let the former %s go: %w", v.path(keysFile), err)
		}
	}
	if err := v.sameGeneration(v.keys); err != nil {
		return err
	}
	v.torn = false
	return nil
}
