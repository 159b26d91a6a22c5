package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"go.etcd.io/bbolt"
)

const wrappedLen = 12 + 32 + 16 // nonce, key, tag

// nobody marks in unfinished that free pages hold the former template of somebody who enrolled anew.
var nobody = person.ID{}

// Keep seals a template under its label and a new key, in place of what the person had before. The new key comes
// first, then the record that names it, then the old key goes: whenever the power fails, the one or the other opens.
// After an error it may be either; Erase makes sure that it is neither.
func (v *Vault) Keep(l Label, t template.Template) error { return v.KeepAll([]Held{{l, t}}) }

// KeepAll is Keep for many people, each named once, and writes each file a few times instead of once a person. When
// the power fails, each of them is there as before or as after.
func (v *Vault) KeepAll(many []Held) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.keep(len(many), func(from, to int) ([]Held, error) { return many[from:to], nil })
}

// keep keeps n people, some at a time.
func (v *Vault) keep(n int, some func(from, to int) ([]Held, error)) error {
	if v.torn || len(v.owed.words) > 0 {
		return errors.New("vault: keep: an erasure is unfinished: call Erase again first")
	}
	replaced := false
	of := make(map[person.ID]keyID, n)
	for from := 0; from < n; from += batch {
		many, err := some(from, min(from+batch, n))
		if err != nil {
			return err
		}
		records := make([]record, len(many))
		for i, h := range many {
			if records[i], err = v.begin(h.Label); err != nil {
				return err
			}
		}
		old, err := v.keepBatch(records, many)
		if err != nil {
			return err
		}
		for i, r := range records {
			of[r.Person] = records[i].key
		}
		for _, b := range old {
			replaced = true
			v.owed.add(secretPart(b, n))
		}
	}
	if !replaced {
		return v.fit()
	}
	former, err := v.keyNames(of, true)
	if err == nil {
		err = v.dropKeys(former)
	}
	if err != nil {
		return err
	}
	if err := v.step("old key erased"); err != nil {
		return err
	}
	return v.finish(func([]byte) bool { return true })
}

// begin is a record under a label that promises an end.
func (v *Vault) begin(l Label) (record, error) {
	l.Expiry = time.Unix(l.Expiry.Unix(), 0).UTC()
	if err := l.check(); err != nil {
		return record{}, fmt.Errorf("vault: keep: %w", err)
	}
	if v.erasing(l.Person) {
		return record{}, errors.New("vault: keep: an erasure is unfinished: call Erase again first")
	}
	return record{Label: l}, nil
}

// batch is how many people one transaction holds: two megabytes.
const batch = 1000

// keepBatch writes new keys, then the records that name them, and gives back what stood sealed there before.
func (v *Vault) keepBatch(records []record, many []Held) (old [][]byte, err error) {
	wrapped, fresh := make([][]byte, len(records)), make([][]byte, len(records))
	for i := range records {
		if wrapped[i], err = v.seal(&records[i], many[i].Template); err != nil {
			return nil, fmt.Errorf("vault: keep: %w", err)
		}
		fresh[i] = append(bytes.Clone(records[i].Person[:]), records[i].key[:]...)
	}
	err = v.keys.update(func(tx *bbolt.Tx) error {
		for i, name := range fresh {
			if err := tx.Bucket(entries).Put(name, wrapped[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("vault: write %s: %w", v.path(keysFile), err)
	}
	v.keys.live += int64(len(records) * (len(person.ID{}) + len(keyID{}) + wrappedLen))
	if err := v.step("new key kept"); err != nil {
		return nil, err
	}
	grown := 0
	err = v.people.update(func(tx *bbolt.Tx) error {
		for _, r := range records {
			grown += len(r.Person)
			if b := tx.Bucket(entries).Get(r.Person[:]); b != nil {
				old = append(old, bytes.Clone(sealedPart(b)))
				grown -= len(r.Person) + len(b)
			}
			b := r.encode()
			grown += len(b)
			if err := tx.Bucket(entries).Put(r.Person[:], b); err != nil {
				return err
			}
		}
		if len(old) > 0 {
			return tx.Bucket(unfinished).Put(nobody[:], nil)
		}
		return nil
	})
	if err != nil {
		undone := v.dropKeys(fresh)
		v.owed = newTraces() // these keys have sealed nothing that was written
		return nil, errors.Join(fmt.Errorf("vault: write %s: %w", v.path(peopleFile), err), undone)
	}
	v.people.live += int64(grown)
	return old, v.step("new record kept")
}

// seal draws the person's new key, seals t under it into r, and gives the key back wrapped.
func (v *Vault) seal(r *record, t template.Template) ([]byte, error) {
	wrap, err := v.wrap()
	if err != nil {
		return nil, err
	}
	var key [32]byte
	defer clear(key[:])
	wrapped := make([]byte, wrap.NonceSize(), wrappedLen)
	for _, b := range [][]byte{key[:], r.key[:], wrapped} {
		if _, err := io.ReadFull(v.rand, b); err != nil {
			return nil, fmt.Errorf("draw a key: %w", err)
		}
	}
	r.aad = r.bind(v.device, r.key)
	own := purposeKey(&key, r.Purpose)
	defer clear(own[:])
	if r.sealed, err = v.arena.Seal(t, &own, r.aad, v.rand); err != nil {
		return nil, err
	}
	return wrap.Seal(wrapped, wrapped, key[:], bindKey(v.device, r.Person, r.key)), nil
}

// sweep finishes what a Keep left when the power failed: keys that no record names, and a former template in free
// pages. Keys of a record that cannot be read, or that names a key that is not there, stay: that is damage, and
// without any key it would pass for an erasure that somebody asked for.
func (v *Vault) sweep() error {
	replaced := false
	var orphans [][]byte
	err := v.view(func(people, keys *bbolt.Bucket) error {
		replaced = has(people.Tx().Bucket(unfinished), nobody[:])
		return walk(people, keys, 0, 256, func(s *somebody) error {
			var named keyID
			if s.record != nil {
				r, err := decode(s.ID, s.record)
				if named = r.key; err != nil || s.key(named) == nil {
					return nil
				}
			}
			for _, k := range s.keys {
				if s.record == nil || !bytes.Equal(k.name[len(s.ID):], named[:]) {
					orphans = append(orphans, bytes.Clone(k.name))
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("vault: read %s: %w", v.path(peopleFile), err)
	}
	err = v.dropKeys(orphans)
	v.owed = newTraces() // nothing here was promised to be gone, and the vault must open whatever else is in the files
	if err != nil || !replaced && len(orphans) == 0 {
		return err
	}
	return v.finish(func([]byte) bool { return true })
}

// keysOf are somebody's wrapped keys.
func keysOf(keys *bbolt.Bucket, p person.ID) (all []wrapped) {
	c := keys.Cursor()
	for k, key := c.Seek(p[:]); bytes.HasPrefix(k, p[:]); k, key = c.Next() {
		all = append(all, wrapped{k, key})
	}
	return all
}

// keyNames are the names of all keys of these people but those that spare has.
func (v *Vault) keyNames(of map[person.ID]keyID, spare bool) (names [][]byte, err error) {
	err = v.keys.View(func(tx *bbolt.Tx) error {
		for p, id := range of {
			for _, k := range keysOf(tx.Bucket(entries), p) {
				if !spare || !bytes.Equal(k.name[len(p):], id[:]) {
					names = append(names, bytes.Clone(k.name))
				}
			}
		}
		return nil
	})
	return names, err
}

// dropKeys deletes wrapped keys and remembers their bytes until it is proved that no file holds them any more.
func (v *Vault) dropKeys(names [][]byte) error {
	if len(names) == 0 {
		return nil
	}
	freed := 0
	err := v.keys.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(entries)
		for _, k := range names {
			wrapped := b.Get(k)
			freed += len(k) + len(wrapped)
			v.owed.add(k[len(person.ID{}):])
			v.owed.add(wrapped)
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("vault: erase keys in %s: %w", v.path(keysFile), err)
	}
	v.keys.live -= int64(freed)
	return nil
}

func (v *Vault) step(name string) error {
	if v.after == nil {
		return nil
	}
	return v.after(name)
}
