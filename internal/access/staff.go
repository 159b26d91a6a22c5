package access

import (
	"crypto/subtle"
	"fmt"
	"io"

	"example.org/edged/internal/room"
)

// HashStaff makes the hash of a staff PIN for the config file. Staff PINs are chosen, so the well-known ones are
// refused; they open no door.
func HashStaff(pin string, rand io.Reader) (string, error) {
	digits := []byte(pin)
	defer clear(digits)
	if err := checkPIN(digits); err != nil {
		return "", err
	}
	p := phc{cost: usual, salt: make([]byte, 16)}
	if _, err := io.ReadFull(rand, p.salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	p.key = p.cost.key(digits, p.salt)
	return p.String(), nil
}

// CheckHash tells whether a hash in the config file can ever match; the error says what to do and repeats nothing.
func CheckHash(hash string) error {
	_, err := parsePHC(hash)
	return err
}

// VerifyStaff says whose PIN this is, and clears digits. It works through the whole list whoever matches, and through
// one hash if the list is empty, so that the time taken says nothing about who works here. It counts no tries: where
// anybody can type, use Book.TryStaff.
func VerifyStaff(staff []room.Staff, digits []byte) (name string, ok bool) {
	defer clear(digits)
	return verifyStaff(staff, digits)
}

func verifyStaff(staff []room.Staff, digits []byte) (name string, ok bool) {
	dummy := phc{cost: usual, salt: make([]byte, 16), key: make([]byte, keyLen)}
	if len(staff) == 0 {
		dummy.matches(digits)
	}
	for _, s := range staff {
		p, err := parsePHC(s.Hash)
		if err != nil {
			p = dummy
		}
		if match := p.matches(digits); match && err == nil && !ok {
			name, ok = s.Name, true
		}
	}
	return name, ok
}

func (p phc) matches(digits []byte) bool {
	return subtle.ConstantTimeCompare(p.cost.key(digits, p.salt), p.key) == 1
}
