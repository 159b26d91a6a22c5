package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// A stay is until when somebody belongs to this house: a visit by the hour, a lease or a contract. It is part of the
// row that a PIN is found by, under the same HMAC, so that writing to the disk lengthens no stay: without its end the
// row is nobody's. When a stay ends the PIN goes at once; that the face must go too is remembered, under an HMAC of its
// own, until it has.
type stay struct {
	end time.Time
	why wire.Reason
}

// An Ended is somebody whose PIN went with their stay.
type Ended struct {
	Who person.ID
	Why wire.Reason
}

// ErrNoStay means that somebody has no way in here, so there is no stay to end.
var ErrNoStay = errors.New("nobody here is called that")

var endedBucket = []byte("ended") // person -> why, until nothing of them is stored

const stayLen = 9 // why, unix milliseconds

func (s stay) pack() []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(s.why)}, uint64(s.end.UnixMilli()))
}

// unpackStay reads what is believed only if packing it gives the same bytes under the right HMAC.
func unpackStay(b []byte) stay {
	return stay{time.UnixMilli(int64(binary.BigEndian.Uint64(b[1:]))), wire.Reason(b[0])}
}

func endsStay(why wire.Reason) bool {
	return why == wire.ReasonVisitEnded || why == wire.ReasonLeaseEnded || why == wire.ReasonContractEnded
}

// IssueVisit makes a new person and their PIN, both for a visit that ends.
func (b *Book) IssueVisit(end time.Time) (person.ID, PIN, error) {
	return b.issue(stay{end, wire.ReasonVisitEnded})
}

// End sets when somebody's stay ends, and why. A time that has come ends it with the next Expire.
func (b *Book) End(who person.ID, end time.Time, why wire.Reason) error {
	if end.IsZero() || !endsStay(why) {
		return fmt.Errorf("a stay ends at a time, because a visit, a lease or a contract does, and not by %v", why)
	}
	s := stay{end, why}
	err := b.update(func(tx *bbolt.Tx) error {
		tag := append([]byte(nil), tx.Bucket(peopleBucket).Get(who[:])...)
		if len(tag) == 0 {
			return ErrNoStay
		}
		tags := tx.Bucket(tagsBucket)
		is, r, err := b.read(tag, tags.Get(tag))
		if err != nil || is != who {
			return errors.New("their row was changed: give them a new PIN, and withdraw the old one")
		}
		r.stay = s
		return tags.Put(tag, b.row(tag, who, r))
	})
	if err != nil {
		return fmt.Errorf("setting the end of a stay: %w", err)
	}
	b.keeping.Lock()
	defer b.keeping.Unlock()
	b.stays[who] = s
	return nil
}

// Ends tells when somebody's stay ends; false where it has no end.
func (b *Book) Ends(who person.ID) (time.Time, bool) {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	s, ok := b.stays[who]
	return s.end, ok
}

// Expire takes the PIN of everybody whose stay is over at a time.
func (b *Book) Expire(at time.Time) (gone []Ended, err error) {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	for who, s := range b.stays {
		if at.Before(s.end) {
			continue
		}
		err := b.update(func(tx *bbolt.Tx) error {
			ended, err := tx.CreateBucketIfNotExists(endedBucket)
			if err != nil {
				return err
			}
			why := []byte{byte(s.why)}
			return errors.Join(revoke(tx, who), ended.Put(who[:], append(why, b.mac("ended", who[:], why)...)))
		})
		if err != nil {
			return gone, fmt.Errorf("ending a stay: %w", err)
		}
		delete(b.stays, who)
		b.over[who] = s.why
		gone = append(gone, Ended{who, s.why})
	}
	return gone, nil
}

// Over yields everybody whose stay has ended and of whom something may still be stored, and why.
func (b *Book) Over() iter.Seq2[person.ID, wire.Reason] {
	b.keeping.Lock()
	defer b.keeping.Unlock()
	return maps.All(maps.Clone(b.over))
}

// Forget drops somebody of whom nothing is stored any more.
func (b *Book) Forget(who person.ID) error {
	err := b.update(func(tx *bbolt.Tx) error {
		if ended := tx.Bucket(endedBucket); ended != nil {
			return ended.Delete(who[:])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forgetting somebody whose stay is over: %w", err)
	}
	b.keeping.Lock()
	defer b.keeping.Unlock()
	delete(b.over, who)
	return nil
}

// loadStays reads all rows. One that was changed is left where it is: its PIN is refused when it is tried. A line
// about somebody whose stay ended stands even when its reason cannot be believed: what it asks for is to erase.
func (b *Book) loadStays(tx *bbolt.Tx) error {
	b.stays, b.over = map[person.ID]stay{}, map[person.ID]wire.Reason{}
	err := tx.Bucket(tagsBucket).ForEach(func(tag, row []byte) error {
		if len(row) != len(person.ID{})+1+stayLen+sha256.Size {
			return nil
		}
		if who, r, err := b.read(tag, row); err == nil {
			b.stays[who] = r.stay
		}
		return nil
	})
	if ended := tx.Bucket(endedBucket); ended != nil && err == nil {
		err = ended.ForEach(func(k, v []byte) error {
			var who person.ID
			if len(v) == 0 || copy(who[:], k) != len(k) || len(k) != len(who) {
				return nil
			}
			why := wire.ReasonPurposeEnded
			if hmac.Equal(v[1:], b.mac("ended", k, v[:1])) && endsStay(wire.Reason(v[0])) {
				why = wire.Reason(v[0])
			}
			b.over[who] = why
			return nil
		})
	}
	return err
}
