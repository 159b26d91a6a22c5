package keysmith

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"example.org/edged/internal/wire"
)

// software holds generations under a secret that does not change: it can replace a sealed key, but cannot make a copy
// of the former one useless.
type software struct {
	folder string
	tier   wire.Tier
	gcm    cipher.AEAD
	rand   io.Reader
}

// Shortest secrets that are taken. Sixteen bytes of a credential are meant to be random; a passphrase is not, and
// argon2id makes each guess at it cost.
const (
	shortestCredential = 16
	shortestPassphrase = 12
)

func fromCredential(folder string, secret []byte, rand io.Reader) (holder, error) {
	if len(secret) < shortestCredential {
		return nil, no(wire.KeyTroubleNoTier, "the credential edged.keys has %d bytes: make one of 32 random bytes (head -c32 /dev/urandom | systemd-creds encrypt - FILE)", len(secret))
	}
	return under(folder, wire.TierCredential, secret, rand)
}

// fromPassphrase: argon2id with the second recommended setting of RFC 9106, section 4.
func fromPassphrase(folder string, secret, salt []byte, rand io.Reader) (holder, error) {
	words := []byte(strings.TrimRight(string(secret), "\r\n"))
	if len(words) < shortestPassphrase {
		return nil, no(wire.KeyTroubleNoTier, "the passphrase has %d characters: take at least %d, better six random words", len(words), shortestPassphrase)
	}
	if len(salt) < 16 {
		return nil, no(wire.KeyTroubleDamaged, "%s has no salt: put it back, or remove the folder and enrol everybody again", filepath.Join(folder, madeFile))
	}
	key := argon2.IDKey(words, salt, 3, 64<<10, 4, 32)
	defer clear(key)
	debug.FreeOSMemory() // 64 MiB that are not needed again
	return under(folder, wire.TierPassphrase, key, rand)
}

func fromFile(folder string, rand io.Reader) (holder, error) {
	path := filepath.Join(folder, rootFile)
	secret, err := readClosed(path, 32)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(secret) != 32 {
		return nil, no(wire.KeyTroubleDamaged, "%s is missing or cut off: put it back, or remove the folder and enrol everybody again", path)
	}
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	return under(folder, wire.TierFile, secret, rand)
}

// under makes the holder with HKDF-SHA256 (RFC 5869) of a secret: the tier is in the derivation, so one secret used
// for two tiers gives two keys.
func under(folder string, tier wire.Tier, secret []byte, rand io.Reader) (holder, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "edged/v1/generations/"+tier.String(), 32)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	return &software{folder, tier, gcm, rand}, err
}

// current is 0 before the first one.
func (s *software) current() (uint64, error) {
	path := filepath.Join(s.folder, currentFile)
	b, err := readClosed(path, 32)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, no(wire.KeyTroubleDamaged, "%s holds no number: put it back, or remove the folder and enrol everybody again", path)
	}
	return n, nil
}

func (s *software) advance(to uint64) error {
	return write(filepath.Join(s.folder, currentFile), strconv.AppendUint(nil, to, 10))
}

func (s *software) bind(n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("edged/v1/generation/"+s.tier.String()+"/"), n)
}

func (s *software) seal(n uint64, key *[32]byte) ([]byte, error) {
	nonce := make([]byte, s.gcm.NonceSize())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	return s.gcm.Seal(nonce, nonce, key[:], s.bind(n)), nil
}

func (s *software) open(n uint64, sealed []byte) (key [32]byte, err error) {
	if len(sealed) != s.gcm.NonceSize()+len(key)+s.gcm.Overhead() {
		return key, no(wire.KeyTroubleDamaged, "the key of generation %d is cut off: put the file back, or remove the folder and enrol everybody again", n)
	}
	if _, err := s.gcm.Open(key[:0], sealed[:s.gcm.NonceSize()], sealed[s.gcm.NonceSize():], s.bind(n)); err != nil {
		return key, no(wire.KeyTroubleShut, "the key of generation %d does not open: the %s is not the one it was made with, or the file was changed. Put the right one back, or remove the folder and enrol everybody again", n, s.tier)
	}
	return key, nil
}
