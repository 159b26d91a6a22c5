package courier

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"sync"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/pages"
)

const (
	outboxMost = 50_000
	roomyFile  = 4 << 20 // an empty outbox in a file larger than this gets a new file
)

var (
	bucketEvents = []byte("events")
	bucketCounts = []byte("counts")
	keyDropped   = []byte("dropped")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
)

// errDamaged means that the file broke while in use. The room ends, and the next start sets the file aside.
var errDamaged = errors.New("the outbox is damaged")

// An outbox keeps events on disk until the broker has them, in order. It is bounded: when it is full the oldest event
// goes, and is counted.
type outbox struct {
	folder string
	most   int
	log    *slog.Logger
	wake   chan struct{}

	mu      sync.Mutex
	db      *bbolt.DB
	n       int
	dropped uint64
}

// A stored is one event in the outbox. Keys rise.
type stored struct {
	key   uint64
	event []byte
}

// add writes events in one transaction, and returns when they are on disk.
func (o *outbox) add(events [][]byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, dropped := o.n, o.dropped
	err := guarded(func() error {
		return o.db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucketEvents)
			for _, e := range events {
				key, err := b.NextSequence()
				if err == nil {
					err = b.Put(big(key), seal(e))
				}
				if err != nil {
					return err
				}
				n++
			}
			for c := b.Cursor(); n > o.most; n-- {
				c.First()
				if err := c.Delete(); err != nil {
					return err
				}
				dropped++
			}
			return tx.Bucket(bucketCounts).Put(keyDropped, big(dropped))
		})
	})
	if err != nil {
		o.dropped += uint64(len(events))
		return fmt.Errorf("writing to the outbox: %w", err)
	}
	if dropped > 0 && o.dropped == 0 {
		o.log.Warn("the outbox is full: from now on the oldest events go", slog.Int("events", o.most))
	}
	o.n, o.dropped = n, dropped
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return nil
}

// next is the oldest events, at most n.
func (o *outbox) next(n int) ([]stored, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []stored
	err := guarded(func() error {
		return o.db.View(func(tx *bbolt.Tx) error {
			c := tx.Bucket(bucketEvents).Cursor()
			for k, v := c.First(); k != nil && len(out) < n; k, v = c.Next() {
				e, ok := unseal(v)
				if !ok || len(k) != 8 {
					return errDamaged
				}
				out = append(out, stored{key: binary.BigEndian.Uint64(k), event: e})
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	return out, nil
}

// done forgets every event up to key: the broker has them.
func (o *outbox) done(key uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.n
	err := guarded(func() error {
		return o.db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucketEvents)
			c := b.Cursor()
			for k, _ := c.First(); k != nil && binary.BigEndian.Uint64(k) <= key; k, _ = c.First() {
				if err := c.Delete(); err != nil {
					return err
				}
				n--
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("forgetting delivered events: %w", err)
	}
	o.n = n
	if n == 0 {
		return o.slim()
	}
	return nil
}

// counts is how many events wait, and how many went undelivered since the outbox was made.
func (o *outbox) counts() (waiting int, dropped uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n, o.dropped
}

func (o *outbox) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.db.Close()
}

// guarded turns what bbolt does on a damaged file into the error that this package knows a damaged file by.
func guarded(f func() error) error {
	err := pages.Guard(f)
	if errors.Is(err, pages.ErrUnfit) {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return err
}

// seal puts a checksum before an event: bbolt has none for its pages, and a flipped bit is not to go out as a fact.
func seal(e []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(e, castagnoli)), e...)
}

func unseal(v []byte) ([]byte, bool) {
	if len(v) < 4 || binary.BigEndian.Uint32(v) != crc32.Checksum(v[4:], castagnoli) {
		return nil, false
	}
	return append([]byte(nil), v[4:]...), true
}

func big(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
