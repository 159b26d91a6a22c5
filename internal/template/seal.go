package template

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	turnSize  = 4 // the number of the turn, in clear and part of what the seal proves
	nonceSize = 12
	tagSize   = 16

	// SealedLen is the length of every sealed template.
	SealedLen = turnSize + nonceSize + size + tagSize
)

// ErrShut means that a sealed template did not open: other key, other label, other bytes. Which of them cannot be told.
var ErrShut = errors.New("template: does not open")

// Seal encrypts a template with AES-256-GCM and binds it to aad, which is not part of the result.
//
// A key seals one template and no other: the vault draws a new key for every Keep. So no nonce can come twice under
// a key, and a constant one would do; it is random all the same, so that a future caller who breaks that rule does
// not hand out the difference of two faces.
func (a *Arena) Seal(t Template, key *[32]byte, aad []byte, rand io.Reader) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, turnSize+nonceSize, SealedLen)
	if _, err := io.ReadFull(rand, out[turnSize:]); err != nil {
		return nil, fmt.Errorf("template: draw a nonce: %w", err)
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	b := a.at(t)
	if b == nil {
		return nil, errGone
	}
	binary.BigEndian.PutUint32(out, a.secret().now.number)
	return gcm.Seal(out, out[turnSize:], b[:], bind(out[:turnSize], aad)), nil
}

func bind(turn, aad []byte) []byte {
	return append(append(make([]byte, 0, len(turn)+len(aad)), turn...), aad...)
}

// Open decrypts a sealed template straight into locked memory: the numbers are nowhere else on the way. One of another
// turn is brought to the present one there. On any difference in key, aad or bytes nothing comes of it. Several may be
// opened at the same time: each has a place of its own, which nobody else knows until it is open.
func (a *Arena) Open(sealed []byte, key *[32]byte, aad []byte) (Template, error) {
	if len(sealed) != SealedLen {
		return Template{}, ErrShut
	}
	gcm, err := newGCM(key)
	if err != nil {
		return Template{}, err
	}
	t, err := a.reserve()
	if err != nil {
		return Template{}, err
	}
	stale, err := a.openAt(t, gcm, sealed, aad)
	if err == nil && stale {
		err = a.over(t, binary.BigEndian.Uint32(sealed))
	}
	if err != nil {
		a.Wipe(t)
		return Template{}, err
	}
	return t, nil
}

func (a *Arena) reserve() (Template, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.madeUp {
		return Template{}, errors.New("template: an arena for people who do not exist opens nothing")
	}
	return a.fill(func(*[size]byte) error { return nil })
}

// openAt opens into a reserved place, and tells whether what is there now is of another turn.
func (a *Arena) openAt(t Template, gcm cipher.AEAD, sealed, aad []byte) (stale bool, err error) {
	a.mu.RLock() // keeps the memory where it is
	defer a.mu.RUnlock()
	b := a.at(t)
	if b == nil {
		return false, errGone
	}
	turn, nonce, rest := sealed[:turnSize], sealed[turnSize:turnSize+nonceSize], sealed[turnSize+nonceSize:]
	if _, err := gcm.Open(b[:0], nonce, rest, bind(turn, aad)); err != nil {
		return false, ErrShut
	}
	// The seal proves that a Seal of ours made it, not that it was a template then.
	if n := dot(numbers(b), numbers(b)); !(math.Abs(float64(n)-1) < 1e-3) {
		return false, ErrShut
	}
	return binary.BigEndian.Uint32(turn) != a.secret().now.number, nil
}

// over brings what lies there from an earlier turn to the present one. There is one place to work in, so one at a time.
func (a *Arena) over(t Template, from uint32) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.at(t)
	if b == nil {
		return errGone
	}
	if a.secret().over(from, numbers(b)) != nil {
		return ErrShut
	}
	return nil
}

// Stale tells whether a sealed template is of another turn than the present one, so that it should be sealed anew.
func (a *Arena) Stale(sealed []byte) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return !a.closed && len(sealed) == SealedLen && binary.BigEndian.Uint32(sealed) != a.secret().now.number
}

func newGCM(key *[32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
