package vault

import (
	"bytes"

	"example.org/edged/internal/person"
	"go.etcd.io/bbolt"
)

// A somebody is what lies in the two files of one person. The bytes are bbolt's own, for as long as a walk is there.
type somebody struct {
	person.ID
	record []byte // nil: none
	keys   []wrapped
}

// wrapped is one wrapped key.
type wrapped struct {
	name []byte // person ‖ key id
	key  []byte
}

// key is the one of that id, or nil. An empty one is not nil.
func (s *somebody) key(id keyID) []byte {
	for _, k := range s.keys {
		if bytes.Equal(k.name[len(s.ID):], id[:]) {
			return k.key
		}
	}
	return nil
}

// walk goes through both files side by side, which costs a fraction of looking for each person's key, and shows
// everybody from the first byte of whose id on up to, but not with, to (256: the end). What it shows is valid inside
// see only.
func walk(people, keys *bbolt.Bucket, from, to int, see func(s *somebody) error) error {
	p, k := people.Cursor(), keys.Cursor()
	pk, record := p.Seek([]byte{byte(from)})
	kk, key := k.Seek([]byte{byte(from)})
	in := func(name []byte) bool { return name != nil && int(name[0]) < to }
	var s somebody
	for in(pk) || in(kk) {
		s.record, s.keys = nil, s.keys[:0]
		if in(pk) && (!in(kk) || bytes.Compare(pk, kk[:len(s.ID)]) <= 0) {
			s.ID, s.record = person.ID(pk), record
			pk, record = p.Next()
		} else {
			s.ID = person.ID(kk)
		}
		for ; bytes.HasPrefix(kk, s.ID[:]); kk, key = k.Next() {
			s.keys = append(s.keys, wrapped{kk, key})
		}
		if err := see(&s); err != nil {
			return err
		}
	}
	return nil
}
