package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/pages"
)

// tag is what the book keeps of a PIN; see Book.
func (b *Book) tag(digits []byte) []byte {
	key := b.cost.key(digits, b.salt)
	defer clear(key)
	return b.mac("tag", key)
}

// mac keys the parts with the pepper. The label and the fixed length of every part keep one use from standing in for
// another.
func (b *Book) mac(label string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, b.pepper[:])
	h.Write([]byte("edged access " + label + "\x00"))
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// saveTries is durable when it returns: bbolt syncs the file at every commit.
func (b *Book) saveTries(wrong int, until time.Time) error {
	var row [12]byte
	binary.BigEndian.PutUint32(row[:], uint32(wrong))
	if !until.IsZero() {
		binary.BigEndian.PutUint64(row[4:], uint64(until.UnixMilli()))
	}
	return b.update(func(tx *bbolt.Tx) error { return tx.Bucket(bookBucket).Put(triesKey, row[:]) })
}

func (b *Book) view(do func(*bbolt.Tx) error) error {
	return pages.Guard(func() error { return b.db.View(do) })
}

func (b *Book) update(do func(*bbolt.Tx) error) error {
	return pages.Guard(func() error { return b.db.Update(do) })
}

func pack(c cost) []byte {
	row := binary.BigEndian.AppendUint32(nil, c.memory)
	return append(binary.BigEndian.AppendUint32(row, c.passes), c.lanes)
}

func unpack(row []byte) cost {
	return cost{binary.BigEndian.Uint32(row), binary.BigEndian.Uint32(row[4:]), row[8]}
}
