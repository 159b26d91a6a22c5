package consent

import (
	"encoding/binary"
	"errors"
	"fmt"

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
		seen := map[string]string{}
		return records.ForEach(func(k, v []byte) error { return r.take(notices, seen, k, v) })
	})
}

// take checks one record against the one before it. Records come in the order of their keys: by person, then sequence.
func (r *Register) take(notices *bbolt.Bucket, seen map[string]string, k, v []byte) error {
	if len(k) != 24 {
		return fmt.Errorf("record %x: not a record", k)
	}
	p, sequence := person.ID(k[:16]), binary.BigEndian.Uint64(k[16:])
	s := r.stand[p]
	n, err := decode(v, p, seen)
	switch {
	case err != nil:
		return fmt.Errorf("record %d of a person: %w", sequence, err)
	case n.Sequence != sequence, sequence != s.last.Sequence+1:
		return fmt.Errorf("record %d of a person: one before it is missing", sequence)
	case sequence > 1 && n.Prev != s.last.Hash(), sequence == 1 && n.Prev != digits{}:
		return fmt.Errorf("record %d of a person: the chain does not hold", sequence)
	case notices.Get(n.Notice[:]) == nil:
		return fmt.Errorf("record %d of a person: the text of its notice is missing", sequence)
	}
	r.stand[p] = s.after(n)
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
