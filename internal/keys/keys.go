// Package keys holds the keeper's keys: the one secret of the device, which gives a key for each of a closed list of
// purposes, and the current generation of the key that faces are kept under, which it asks of the keysmith. It never
// gives the secret itself away, and never sees a face.
//
// The two are apart on purpose. The door must open by PIN also when the TPM is gone, so what PINs, pseudonyms and the log
// need lies in a file (mode 0600) on the same disk: whoever copies the whole disk can try PINs against their hashes, and
// compute pseudonyms. Faces do not open with it: they need the keysmith.
//
// More than five names are exported: the purposes are the list of everything that the secret is used for.
package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// What the device's secret is used for. One key is good for one purpose, so that a fault in one place tells nothing
// about another.
const (
	PINPepper    = "edged/v1/pin-pepper"    // makes PIN hashes useless without the device
	Pseudonym    = "edged/v1/pseudonym"     // turns a person into a pseudonym
	AuditSigning = "edged/v1/audit-signing" // seed of the audit log's signing key
	Rotation     = "edged/v1/rotation"      // turns templates so that they fit no other device
	Receipt      = "edged/v1/receipt"       // nonces of receipts
	Births       = "edged/v1/births"        // ages that staff have noted
)

// A Root is the device's secret. Hold it by pointer.
type Root struct {
	mu     sync.Mutex
	secret func() *[secretLen]byte // a function, because fmt has nothing to print of one; nil once wiped
}

const secretLen = 32

// Open reads the device's secret from the key file, or makes one there when no such file exists.
//
// Whoever loses the file loses PINs and stored faces, which are turned by it; people can be enrolled again. Whoever
// copies it has what PINs, pseudonyms and the log rest on, and no face: those need the keysmith's key as well.
func Open(path string, rand io.Reader) (*Root, error) {
	mem, err := lockedPage()
	if err != nil {
		return nil, err
	}
	secret := (*[secretLen]byte)(mem)
	if err := readOrMake(path, secret, rand); err != nil {
		clear(mem)
		unix.Munmap(mem)
		return nil, err
	}
	return &Root{secret: func() *[secretLen]byte { return secret }}, nil
}

// Derive gives the key for one purpose: HKDF-SHA256 (RFC 5869) with the purpose as its info. A purpose that is not
// listed, or a wiped Root, is a fault in the program, and a key made of zeros would be everybody's: it panics.
func (r *Root) Derive(purpose string) [32]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains([]string{PINPepper, Pseudonym, AuditSigning, Rotation, Receipt, Births}, purpose) {
		panic(fmt.Sprintf("keys: internal error: %q is no purpose", purpose))
	}
	if r.secret == nil {
		panic("keys: internal error: a key was asked for after Wipe")
	}
	key, err := hkdf.Key(sha256.New, r.secret()[:], nil, purpose, 32)
	if err != nil {
		panic(fmt.Sprintf("keys: internal error: %v", err)) // only lengths can be wrong, and they are fixed
	}
	defer clear(key)
	return [32]byte(key)
}

// Wipe clears the secret from memory; the file stays.
func (r *Root) Wipe() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.secret != nil {
		clear(r.secret()[:])
		r.secret = nil
	}
}

// lockedPage is memory that is not swapped, dumped or inherited. It is never given back: 4 KiB, once.
func lockedPage() ([]byte, error) {
	mem, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("get memory for the device key: %w", err)
	}
	err = unix.Mlock(mem)
	if err == nil {
		err = unix.Madvise(mem, unix.MADV_DONTDUMP)
	}
	if err == nil {
		err = unix.Madvise(mem, unix.MADV_WIPEONFORK)
	}
	if err != nil {
		unix.Munmap(mem)
		return nil, fmt.Errorf("lock memory for the device key: %w; raise LimitMEMLOCK in the unit (ulimit -l)", err)
	}
	return mem, nil
}
