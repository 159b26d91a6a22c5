// Package person is the opaque name that the keeper has for somebody: sixteen random bytes. It never says who that
// is: an ID is drawn, not computed from a card, a PIN or a face, so nothing about the person can be read out of it.
package person

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// An ID is one person. The zero ID is nobody.
type ID [16]byte

// New draws an ID. It cannot meet an older one by chance: 16 random bytes, and never nobody.
func New(rand io.Reader) (ID, error) {
	var id ID
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return ID{}, fmt.Errorf("draw a new person id: %w", err)
	}
	if id == (ID{}) {
		return ID{}, errors.New("draw a new person id: the random source gave only zeros; it is broken")
	}
	return id, nil
}

// String is the ID in 32 hex digits. It stays in the keeper; outside words carry pseudonyms.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Parse reads what String wrote, and nothing else: capitals are refused, so that one person has one spelling.
func Parse(s string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) || hex.EncodeToString(b) != s {
		return ID{}, fmt.Errorf("person id %q is not 32 small hex digits", s)
	}
	id = ID(b)
	if id == (ID{}) {
		return ID{}, errors.New("person id of zeros is nobody")
	}
	return id, nil
}
