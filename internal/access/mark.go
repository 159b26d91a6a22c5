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

const (
	unmarked = 0
	marked   = 1
)

// rights is what a row says of its person beside their name.
type rights struct {
	second bool // a face alone opens nothing
	stay   stay // the zero stay has no end
}

// row binds a tag to a person. A row without a mark and without an end has the form that it has had from the beginning.
func (b *Book) row(tag []byte, who person.ID, r rights) []byte {
	flag := byte(unmarked)
	if r.second {
		flag = marked
	}
	switch named := who[:len(who):len(who)]; {
	case !r.stay.end.IsZero():
		named = append(append(named, flag), r.stay.pack()...)
		return append(named, b.mac("row with an end", tag, named)...)
	case r.second:
		return append(append(named, marked), b.mac("marked row", tag, who[:])...)
	default:
		return append(named, b.mac("row", tag, who[:])...)
	}
}

// read is the person in a row, and what it says of them.
func (b *Book) read(tag, row []byte) (who person.ID, r rights, err error) {
	changed := errors.New("a row was changed")
	switch len(row) {
	case len(who) + sha256.Size:
	case len(who) + 1 + sha256.Size:
		r.second = true
	case len(who) + 1 + stayLen + sha256.Size:
		r.second = row[len(who)] == marked
		r.stay = unpackStay(row[len(who)+1:])
	default:
		return who, rights{second: true}, changed
	}
	if !hmac.Equal(row, b.row(tag, person.ID(row[:len(who)]), r)) {
		return who, rights{second: true}, changed
	}
	return person.ID(row[:len(who)]), r, nil
}

// Mark says whether somebody needs a second sign beside their face, always. Nobody without a way in can be marked.
func (b *Book) Mark(who person.ID, second bool) error {
	return b.update(func(tx *bbolt.Tx) error {
		tags := tx.Bucket(tagsBucket)
		tag := append([]byte(nil), tx.Bucket(peopleBucket).Get(who[:])...)
		if len(tag) == 0 {
			return errors.New("marking somebody who has no way in")
		}
		is, r, err := b.read(tag, tags.Get(tag))
		if err != nil || is != who {
			return errors.New("marking somebody whose row was changed: give them a new PIN")
		}
		r.second = second
		return tags.Put(tag, b.row(tag, who, r))
	})
}

// Marked tells whether a face alone opens nothing for somebody. Whoever cannot be read is marked.
func (b *Book) Marked(who person.ID) (second bool) {
	second = true
	err := b.view(func(tx *bbolt.Tx) error {
		tag := tx.Bucket(peopleBucket).Get(who[:])
		is, r, err := b.read(tag, tx.Bucket(tagsBucket).Get(tag))
		if err == nil && is == who {
			second = r.second
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
