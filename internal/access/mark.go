package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/person"
)

// A person may be marked so that a face alone never opens for them: twins, whom no face tells apart, and children, whose
// faces change and look alike. The mark is part of the row that binds a person to their PIN, under the same HMAC, so
// that nobody who can write to the disk takes it away without taking the way in with it.

const marked = 1

// row binds a tag to a person. A row without a mark has the form that it has had from the beginning.
func (b *Book) row(tag []byte, who person.ID, second bool) []byte {
	if !second {
		return append(who[:len(who):len(who)], b.mac("row", tag, who[:])...)
	}
	return append(append(who[:len(who):len(who)], marked), b.mac("marked row", tag, who[:])...)
}

// read is the person in a row, and whether they are marked.
func (b *Book) read(tag, row []byte) (who person.ID, second bool, err error) {
	second = len(row) == len(who)+1+sha256.Size
	if len(row) < len(who) || !hmac.Equal(row, b.row(tag, person.ID(row[:len(who)]), second)) {
		return who, true, errors.New("a row was changed")
	}
	return person.ID(row[:len(who)]), second, nil
}

// Mark says whether somebody needs a second sign beside their face, always. Nobody without a way in can be marked.
func (b *Book) Mark(who person.ID, second bool) error {
	return b.update(func(tx *bbolt.Tx) error {
		tags := tx.Bucket(tagsBucket)
		tag := append([]byte(nil), tx.Bucket(peopleBucket).Get(who[:])...)
		if len(tag) == 0 {
			return errors.New("marking somebody who has no way in")
		}
		if is, _, err := b.read(tag, tags.Get(tag)); err != nil || is != who {
			return errors.New("marking somebody whose row was changed: give them a new PIN")
		}
		return tags.Put(tag, b.row(tag, who, second))
	})
}

// Marked tells whether a face alone opens nothing for somebody. Whoever cannot be read is marked.
func (b *Book) Marked(who person.ID) (second bool) {
	second = true
	err := b.view(func(tx *bbolt.Tx) error {
		tag := tx.Bucket(peopleBucket).Get(who[:])
		is, s, err := b.read(tag, tx.Bucket(tagsBucket).Get(tag))
		if err == nil && is == who {
			second = s
		}
		return err
	})
	return second || err != nil
}

// Each names everybody who has a way in.
func (b *Book) Each(do func(person.ID)) error {
	return b.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(peopleBucket).ForEach(func(k, _ []byte) error {
			if len(k) == len(person.ID{}) {
				do(person.ID(k))
			}
			return nil
		})
	})
}
