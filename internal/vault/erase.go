package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
	"go.etcd.io/bbolt"
)

// Erase destroys what is kept of these people. It returns without an error only when a search of both files, free
// pages too, has found nothing of it. It can be called again at any time and finishes what an earlier call, or a
// power cut, left undone; for somebody of whom there is nothing it does nothing.
//
// The order is the promise: first the keys, and from there on nobody's template opens, whatever happens; then the
// records, each leaving a mark behind in the same transaction; last the files are written anew, without the marks.
// Erasing several people at once writes the files once.
func (v *Vault) Erase(people ...person.ID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := Discard(v.dir); err != nil { // first, because it also makes room on a full disk
		return err
	}
	if err := v.mend(); err != nil {
		return err
	}
	gone := make(map[person.ID]keyID) // of all keys
	for _, p := range people {
		if p != nobody {
			gone[p] = keyID{}
		}
	}
	records, marks, err := v.find(gone)
	if err != nil {
		return fmt.Errorf("vault: erase: read %s: %w", v.path(peopleFile), err)
	}
	keys, err := v.keyNames(gone, false)
	if err == nil {
		err = v.dropKeys(keys)
	}
	if err != nil {
		return err
	}
	if len(records) == 0 && marks == 0 && len(keys) == 0 && len(v.owed.words) == 0 {
		return nil
	}
	if err := v.step("keys erased"); err != nil {
		return err
	}
	if err := v.dropRecords(records); err != nil {
		return err
	}
	if err := v.step("records erased"); err != nil {
		return err
	}
	return v.finish(func(k []byte) bool { _, goes := gone[person.ID(k)]; return !goes })
}

// dropRecords deletes records and leaves a mark for each in the same transaction.
func (v *Vault) dropRecords(of []person.ID) error {
	freed := 0
	err := v.people.update(func(tx *bbolt.Tx) error {
		records, marks := tx.Bucket(entries), tx.Bucket(unfinished)
		records.FillPercent = 1 // pages less than half full are joined with the next
		for _, p := range of {
			freed += len(p) + len(records.Get(p[:]))
			if err := errors.Join(records.Delete(p[:]), marks.Put(p[:], nil)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("vault: erase records in %s: %w", v.path(peopleFile), err)
	}
	v.people.live -= int64(freed)
	return nil
}

// find remembers what is there of these people, and tells who has a record and how many have a mark.
func (v *Vault) find(gone map[person.ID]keyID) (records []person.ID, marks int, err error) {
	err = v.people.View(func(tx *bbolt.Tx) error {
		for p := range gone {
			if b := tx.Bucket(entries).Get(p[:]); b != nil {
				records = append(records, p)
				v.owed.add(secretPart(b, len(gone)))
				v.owed.add(p[:])
			} else if has(tx.Bucket(unfinished), p[:]) {
				marks++
				v.owed.add(p[:])
			}
		}
		return nil
	})
	return records, marks, err
}

// finish begins a new generation, clears the file of people of what was erased and proves that nothing owed is in
// either file. Where the keysmith does not follow, the files are cleared all the same, and the marks of what is owed
// stay.
//
// The free pages are overwritten where they lie, so an erasure costs a few pages and not the whole file. The file is
// written anew when it has outgrown what is alive in it, when a write failed, or when something is found in it all the
// same.
func (v *Vault) finish(stays func(k []byte) bool) error {
	err := v.rotate()
	if err == nil {
		err = v.step("keys compacted")
	}
	if err != nil {
		return errors.Join(err, v.clearUp())
	}
	whole := v.people.shaken || v.people.loose()
	for {
		if whole {
			err = v.anew(stays)
		} else {
			err = v.clean(stays)
		}
		if err == nil {
			err = v.step("people compacted")
		}
		if err != nil {
			return err
		}
		left, err := v.left()
		if err != nil {
			return err
		}
		if left == "" {
			v.owed = newTraces()
			return nil
		}
		if whole || left != peopleFile {
			return fmt.Errorf("vault: %s still holds something of an erased template: call Erase again", v.path(left))
		}
		whole = true // a page that bbolt has lost count of: only a new file is without it
	}
}

// left is the file in which something owed was found.
func (v *Vault) left() (string, error) {
	for _, name := range []string{keysFile, peopleFile} {
		left, err := holdsAny(v.path(name), v.owed)
		if err != nil {
			return "", fmt.Errorf("vault: search %s for traces: %w", v.path(name), err)
		}
		if left {
			return name, nil
		}
	}
	return "", nil
}

// clearUp clears the files without a new generation: what was erased goes from them, and its marks stay.
func (v *Vault) clearUp() error {
	if v.torn {
		return nil // keys.db.next may be the right one: the next attempt finds out
	}
	all := func([]byte) bool { return true }
	keys, err := v.fill(keysFile, v.keys, all)
	if err = v.renew(keysFile, &v.keys, keys, err); err != nil {
		return err
	}
	if v.people.shaken {
		return v.anew(all)
	}
	return v.people.scrub()
}

// renew puts a compacted file in the place of an open one. The folder is synced before the old file is let go, so
// what was erased cannot come back with a power cut after Erase has returned.
func (v *Vault) renew(name string, db **file, fresh *file, err error) error {
	if fresh, err = v.place(name, fresh, err); err != nil {
		return err
	}
	old := *db
	*db = fresh
	if err := errors.Join(v.lock.Sync(), old.Close()); err != nil {
		return fmt.Errorf("vault: let the old %s go: %w", v.path(name), err)
	}
	return nil
}

// Pending are people whose erasure has begun and is not at its end. Nothing of theirs can be opened; call Erase.
func (v *Vault) Pending() []person.ID {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []person.ID
	v.view(func(people, keys *bbolt.Bucket) error {
		people.ForEach(func(k, b []byte) error {
			p := person.ID(k)
			if _, err := decode(p, b); !hasKey(keys, p) && !errors.Is(err, bad(wire.ReasonMisplaced)) {
				all = append(all, p)
			}
			return nil
		})
		return people.Tx().Bucket(unfinished).ForEach(func(k, _ []byte) error {
			if !bytes.Equal(k, nobody[:]) {
				all = append(all, person.ID(k))
			}
			return nil
		})
	})
	return all
}

func (v *Vault) erasing(p person.ID) (yes bool) {
	v.view(func(people, keys *bbolt.Bucket) error {
		yes = people.Get(p[:]) != nil && !hasKey(keys, p) || has(people.Tx().Bucket(unfinished), p[:])
		return nil
	})
	return yes
}

// Discard destroys files that Open has set aside: they hold people's sealed faces, and whose cannot be told. Erase
// does it too; call this for an erasure while there is no vault.
func Discard(dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	found := false
	for _, e := range names {
		if slices.ContainsFunc(ours(), func(name string) bool { return strings.HasPrefix(e.Name(), name+aside) }) {
			found = true
			if err := remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("vault: destroy what was set aside: %w", err)
			}
		}
	}
	if !found {
		return nil
	}
	return syncFolder(dir)
}

// holdsSomebody tells whether a file of the vault exists and has entries.
func holdsSomebody(path string) (bool, error) {
	if there, err := exists(path); err != nil || !there {
		return false, err
	}
	db, err := openFile(path, 0)
	if err != nil {
		return true, err
	}
	defer db.Close()
	some := false
	err = db.View(func(tx *bbolt.Tx) error {
		k, _ := tx.Bucket(entries).Cursor().First()
		some = k != nil
		return nil
	})
	return some, err
}

func has(b *bbolt.Bucket, key []byte) bool {
	k, _ := b.Cursor().Seek(key) // Get cannot tell an empty value from none
	return bytes.Equal(k, key)
}

func hasKey(keys *bbolt.Bucket, p person.ID) bool {
	k, _ := keys.Cursor().Seek(p[:])
	return bytes.HasPrefix(k, p[:])
}

func sealedPart(b []byte) []byte { return b[max(0, len(b)-template.SealedLen):] }

// fully is of how many people erased at once every word is searched for; of more, the beginnings: bbolt writes whole
// pages, so where the middle of a record is left, its beginning is too, and the words of all would take 60 KiB each.
const fully = 256

// secretPart is what of a record is nobody else's: not the number of the turn, that the sealed part begins with.
func secretPart(b []byte, together int) []byte {
	s := sealedPart(b)
	s = s[min(4, len(s)):]
	if together > fully {
		s = s[:min(len(s), 4*word)]
	}
	return s
}
