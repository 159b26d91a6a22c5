package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
)

// load checks pages, notices and chains, and reads where everybody stands. What this version does not understand is
// damage: the register must know everything that was ever said, or it cannot say what is in force.
func (r *Register) load(fresh bool) error {
	if fresh {
		if err := r.db.Update(func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket(bucketRecords)
			_, err2 := tx.CreateBucket(bucketNotices)
			return errors.Join(err, err2)
		}); err != nil {
			return err
		}
	}
	return r.db.View(func(tx *bbolt.Tx) error {
		records, notices := tx.Bucket(bucketRecords), tx.Bucket(bucketNotices)
		if records == nil || notices == nil {
			return errors.New("it is not a consent register")
		}
		if err := notices.ForEach(func(k, v []byte) error {
			n, err := notice.Parse(v)
			if err != nil {
				return fmt.Errorf("notice %x: %w", k, err)
			}
			if h := n.Hash(); string(h[:]) != string(k) {
				return fmt.Errorf("notice %x: the text was changed", k)
			}
			r.since[digits(k)] = r.current.Since(n).Class
			return nil
		}); err != nil {
			return err
		}
		seen := &reading{words: map[string]string{}}
		return records.ForEach(func(k, v []byte) error { return r.take(notices, seen, k, v) })
	})
}

// take checks one record against the one before it. Records come in the order of their keys: by person, then sequence.
func (r *Register) take(notices *bbolt.Bucket, seen *reading, k, v []byte) error {
	if len(k) != 24 {
		return fmt.Errorf("record %x: not a record", k)
	}
	p, sequence := person.ID(k[:16]), binary.BigEndian.Uint64(k[16:])
	s := r.stand[p]
	n, err := decode(v, p, seen)
	switch {
	case err != nil:
		return fmt.Errorf("record %d of a person: %w", sequence, err)
	case n.Sequence != sequence, sequence != s.newest().Sequence+1:
		return fmt.Errorf("record %d of a person: one before it is missing", sequence)
	case n.Prev != s.sum: // zeros before the first
		return fmt.Errorf("record %d of a person: the chain does not hold", sequence)
	case notices.Get(n.Notice[:]) == nil:
		return fmt.Errorf("record %d of a person: the text of its notice is missing", sequence)
	}
	r.stand[p] = s.after(n, sha256.Sum256(v))
	return nil
}

// remember keeps the text of the notice in force, before anybody can agree to it. A text under a number that another
// text has, or had after it, is refused: people were told a number, and it must lead to what they read.
func (r *Register) remember() error {
	return r.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketNotices)
		if b.Get(r.hash[:]) != nil {
			return nil
		}
		if err := b.ForEach(func(k, v []byte) error {
			if old, err := notice.Parse(v); err != nil || old.Version >= r.current.Version {
				return fmt.Errorf("%w: version %d is taken (text %x…)", ErrVersion, r.current.Version, k[:4])
			}
			return nil
		}); err != nil {
			return err
		}
		if err := b.Put(r.hash[:], r.current.Canonical()); err != nil {
			return fmt.Errorf("consent: keep the text of the notice: %w", err)
		}
		return nil
	})
}

// stored tells whether a time is one that seal leaves as it is.
func stored(t time.Time) bool { return t.Location() == time.UTC && t.Nanosecond()%1e6 == 0 }

// number is the number that seal gives a record, of the bytes that encode wrote: their hash with zeros in the number's
// place and without the signature, which stands last. It saves a start the writing of every record a second time.
func (r Record) number(b []byte) digits {
	at, end := len(`{"schema":"`+r.Schema+`","record_id":"`), len(b)
	if r.Sig != (signature{}) {
		end -= len(`,"sig":""}`) + 2*len(r.Sig)
	}
	h := sha256.New()
	h.Write(b[:at])
	h.Write(bytes.Repeat([]byte("0"), 2*len(r.ID)))
	h.Write(b[at+2*len(r.ID) : end])
	if end < len(b) {
		h.Write([]byte("}"))
	}
	return digits(h.Sum(nil))
}
