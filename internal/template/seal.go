package template

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	nonceSize = 12
	tagSize   = 16

	// SealedLen is the length of every sealed template.
	SealedLen = nonceSize + size + tagSize
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
	out := make([]byte, nonceSize, SealedLen)
	if _, err := io.ReadFull(rand, out); err != nil {
		return nil, fmt.Errorf("template: draw a nonce: %w", err)
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	b := a.at(t)
	if b == nil {
		return nil, errGone
	}
	return gcm.Seal(out, out, b[:], aad), nil
}

// Open decrypts a sealed template straight into locked memory: the numbers are nowhere else on the way. On any
// difference in key, aad or bytes nothing comes of it.
func (a *Arena) Open(sealed []byte, key *[32]byte, aad []byte) (Template, error) {
	if len(sealed) != SealedLen {
		return Template{}, ErrShut
	}
	gcm, err := newGCM(key)
	if err != nil {
		return Template{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.madeUp {
		return Template{}, errors.New("template: an arena for people who do not exist opens nothing")
	}
	return a.fill(func(b *[size]byte) error {
		if _, err := gcm.Open(b[:0], sealed[:nonceSize], sealed[nonceSize:], aad); err != nil {
			return ErrShut
		}
		// The seal proves that a Seal of ours made it, not that it was a template then.
		if n := dot(numbers(b), numbers(b)); !(math.Abs(float64(n)-1) < 1e-3) {
			return ErrShut
		}
		return nil
	})
}

func newGCM(key *[32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
