package vault

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

// A Label is everything that a stored template is bound to. It lies beside the template in clear, because retention
// must read it without a key, and is the associated data of its seal: change any of it and the template never opens.
type Label struct {
	Person  person.ID
	Purpose string
	Model   [32]byte  // of the feature model that made the numbers
	Consent [32]byte  // of the consent record
	Expiry  time.Time // whole seconds; a fraction is dropped, so nothing lives longer than was agreed
}

// What the two kinds of sealed bytes are, so that one is never taken for the other.
const (
	sealedTemplate = "edged/v1/template"
	wrappedKey     = "edged/v1/wrapped-key"
)

// longest is for Purpose and for the device's name.
const longest = 255

// A keyID tells the keys that one person has had apart. It is random and means nothing.
type keyID [16]byte

// fields is the one encoding of a list of values: each with its length in front, big endian, so that no two lists
// give the same bytes.
func fields(values ...[]byte) []byte {
	size := 0
	for _, v := range values {
		size += 2 + len(v)
	}
	out := make([]byte, 0, size)
	for _, v := range values {
		out = binary.BigEndian.AppendUint16(out, uint16(len(v)))
		out = append(out, v...)
	}
	return out
}

// bind is the associated data of a sealed template.
func (l Label) bind(device string, key keyID) []byte {
	return fields([]byte(sealedTemplate), l.Person[:], []byte(l.Purpose), []byte(device), l.Model[:], l.Consent[:],
		binary.BigEndian.AppendUint64(nil, uint64(l.Expiry.Unix())), key[:])
}

// bindKey is the associated data of a person's wrapped key.
func bindKey(device string, p person.ID, key keyID) []byte {
	return fields([]byte(wrappedKey), []byte(device), p[:], key[:])
}

func (l Label) check() error {
	switch {
	case l.Person == person.ID{}:
		return errors.New("label without a person")
	case l.Purpose == "" || len(l.Purpose) > longest:
		return fmt.Errorf("label with a purpose of %d bytes; 1 to %d", len(l.Purpose), longest)
	case l.Expiry.Unix() <= 0:
		return errors.New("label without an expiry: no face is kept without end")
	}
	return nil
}

// A record is what lies in people.db under a person: the associated data, length first, then the sealed template.
type record struct {
	Label
	device []byte
	key    keyID
	aad    []byte
	sealed []byte
}

// bad is why a record does not open.
type bad wire.Reason

func (b bad) Error() string { return "record does not open: " + wire.Reason(b).String() }

func (r record) encode() []byte { return append(fields(r.aad), r.sealed...) }

// decode reads a record of p. It takes only what encode writes, byte for byte.
func decode(p person.ID, b []byte) (record, error) {
	aad, sealed, ok := cut(b)
	if !ok || len(sealed) != template.SealedLen {
		return record{}, bad(wire.ReasonDamaged)
	}
	var part [8][]byte
	rest := aad
	for i := range part {
		if part[i], rest, ok = cut(rest); !ok {
			return record{}, bad(wire.ReasonDamaged)
		}
	}
	l := Label{Purpose: string(part[2])}
	var expiry [8]byte
	var key keyID
	whole := fits(l.Person[:], part[1]) && fits(l.Model[:], part[4]) && fits(l.Consent[:], part[5]) &&
		fits(expiry[:], part[6]) && fits(key[:], part[7])
	l.Expiry = time.Unix(int64(binary.BigEndian.Uint64(expiry[:])), 0).UTC()
	switch {
	case !whole || len(rest) > 0 || string(part[0]) != sealedTemplate || l.check() != nil:
		return record{}, bad(wire.ReasonDamaged)
	case l.Person != p:
		return record{}, bad(wire.ReasonMisplaced)
	}
	return record{l, part[3], key, aad, sealed}, nil
}

func fits(to, from []byte) bool { return copy(to, from) == len(to) && len(from) == len(to) }

func cut(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	if len(b) < n {
		return nil, nil, false
	}
	return b[2:n], b[n:], true
}
