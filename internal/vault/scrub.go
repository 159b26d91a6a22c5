package vault

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// slack is how many pages a small file may have beyond what is asked of it: the two pages that lead to the others, the
// list of free pages and the root with one former copy of each, a leaf and its copy, and one growth. With fewer, a vault
// of three people would be written anew at each enrolment.
const slack = 9 + growth

// loose tells whether the file has outgrown what is alive in it. The promise is twice; the bound is less, so that slack
// and one more go of enrolments fit under the promise. bbolt leaves leaves half full where people come at random (a file
// settles at 1.5), copies a page to change it, and never gives one back, so only writing the file anew makes it smaller.
func (f *file) loose() bool {
	st, err := f.raw.Stat()
	return err == nil && st.Size() > f.live*7/4+int64(slack*f.Info().PageSize)
}

// Sizes are how long the two files are, and how much of that is alive.
func (v *Vault) Sizes() (people, keys Size, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, err := v.people.raw.Stat()
	if err != nil {
		return people, keys, fmt.Errorf("vault: %w", err)
	}
	k, err := v.keys.raw.Stat()
	if err != nil {
		return people, keys, fmt.Errorf("vault: %w", err)
	}
	return Size{p.Size(), v.people.live}, Size{k.Size(), v.keys.live}, nil
}

// Size is of one file, in bytes.
type Size struct{ File, Live int64 }

// scrub overwrites every page that is free, and what lies behind the last one, with zeros where it is anything else.
//
// This is safe because bbolt changes no page in place: what is free here belongs to no tree that the newest of the two
// first pages leads to, and that one is on the disk, or update would have failed. bbolt may itself write to these pages
// at any time, and writes each whole before it reads it. The transaction is held only to keep it from doing so
// meanwhile; it changes nothing.
func (f *file) scrub() error {
	if f.shaken { // then the disk may hold the older first page, and the tree that it leads to is not free at all
		return errors.New("a write to it failed before")
	}
	tx, err := f.Begin(true)
	if err != nil {
		return err
	}
	size := f.Info().PageSize
	from, end := 0, int(tx.Size())/size
	for id := 2; id < end && err == nil; { // 0 and 1 are the first pages
		info, failed := tx.Page(id)
		switch {
		case failed != nil:
			err = failed
		case info.Type == "free":
			if from == 0 {
				from = id
			}
			id++
		default:
			if from > 0 {
				err = f.zero(int64(from)*int64(size), int64(id)*int64(size))
			}
			from = 0
			id += 1 + info.OverflowCount
		}
	}
	if from == 0 {
		from = end
	}
	if st, failed := f.raw.Stat(); err == nil && failed == nil {
		err = f.zero(int64(from)*int64(size), st.Size()) // a write that was cut off leaves pages behind the last one
	} else {
		err = errors.Join(err, failed)
	}
	if err = errors.Join(err, tx.Rollback()); err == nil {
		err = f.raw.Sync()
	}
	return err
}

// zero makes zeros of what lies there. It reads first: most free pages were cleared by an erasure before, and reading
// wears no flash.
func (f *file) zero(from, to int64) error {
	buf, zeros := make([]byte, min(to-from, reading)), make([]byte, min(to-from, reading))
	for ; from < to; from += int64(len(buf)) {
		buf = buf[:min(to-from, int64(len(buf)))]
		if _, err := f.raw.ReadAt(buf, from); err != nil {
			return err
		}
		if bytes.Equal(buf, zeros[:len(buf)]) {
			continue
		}
		if _, err := f.raw.WriteAt(zeros[:len(buf)], from); err != nil {
			f.shaken = true
			return err
		}
	}
	return nil
}

// clean removes the marks of whoever does not stay, and what is left of people in the free pages. One mark that names
// nobody stands until the pages are clear: a power cut in between is made good at the next start (sweep).
func (v *Vault) clean(stays func(k []byte) bool) error {
	err := v.people.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(unfinished)
		var done [][]byte
		if err := b.ForEach(func(k, _ []byte) error {
			if !stays(k) {
				done = append(done, bytes.Clone(k))
			}
			return nil
		}); err != nil {
			return err
		}
		for _, k := range done {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return b.Put(nobody[:], nil)
	})
	if err != nil {
		return fmt.Errorf("vault: let the marks in %s go: %w", v.path(peopleFile), err)
	}
	if err := v.step("marks let go"); err != nil {
		return err
	}
	if err := v.people.scrub(); err != nil {
		return fmt.Errorf("vault: clear the free pages of %s: %w", v.path(peopleFile), err)
	}
	if err := v.step("people scrubbed"); err != nil {
		return err
	}
	// What this frees names nobody.
	err = v.people.update(func(tx *bbolt.Tx) error { return tx.Bucket(unfinished).Delete(nobody[:]) })
	if err != nil {
		return fmt.Errorf("vault: let the last mark in %s go: %w", v.path(peopleFile), err)
	}
	return nil
}

// anew writes the file of people into a new one, without the marks of whoever does not stay.
func (v *Vault) anew(stays func(k []byte) bool) error {
	fresh, err := v.fill(peopleFile, v.people, func(k []byte) bool { return !bytes.Equal(k, nobody[:]) && stays(k) })
	return v.renew(peopleFile, &v.people, fresh, err)
}

// fit writes anew what has outgrown what is alive in it.
func (v *Vault) fit() error {
	all := func([]byte) bool { return true }
	if v.keys.loose() {
		fresh, err := v.fill(keysFile, v.keys, all)
		if err := v.renew(keysFile, &v.keys, fresh, err); err != nil {
			return err
		}
	}
	if v.people.loose() {
		return v.anew(all)
	}
	return nil
}
