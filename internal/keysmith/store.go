// Package keysmith makes, opens and destroys the generations of the key that all keys of faces are wrapped with, under
// the best thing this device has to hold them: a TPM, a systemd credential, a passphrase or a key file. It never sees a
// face, never leaves a device that was made with one tier to a weaker one, and never destroys a generation before the
// next one lies safely on disk.
//
// # What lies in the folder
//
//	made               the tier, once and for all, and what it needs to be found again
//	generation-N       the key of generation N, sealed by the tier
//	current            N (a TPM counts by itself, in a place that nobody can turn back)
//	root.key           key file tier only: 32 random bytes, mode 0600
//
// # A new generation, and the power cut
//
// Begin seals a new key for N+1 and syncs it beside the old one; whoever asked wraps everything with the new key in new
// files; Commit moves the tier to N+1, and only then is the old key destroyed. Before Commit the old generation opens,
// after it the new one, and at no moment none or both: with a TPM because each sealed key opens at one value of a counter
// that only counts up (TPM 2.0 Library, Part 1, "NV Counters"; a deleted and redefined counter begins above every value
// that any counter of this TPM has had), elsewhere because one file is exchanged for another.
//
// More than five names are exported: a Store, what it is made of, and its three acts, which are also tested without a room.
package keysmith

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"example.org/edged/internal/wire"
)

// Parts are what a Store is made of. What this device does not have is nil.
type Parts struct {
	Folder     string
	Want       wire.Tier // TierUnknown: the best that is there
	TPM        io.ReadWriter
	TPMThere   bool // there is a TPM, also when it could not be opened: then nothing weaker is taken for it
	Bare       bool // nobody else uses this TPM and nothing stands between: what a former life left in it is cleared away
	Credential []byte
	Passphrase []byte
	Rand       io.Reader
}

// Trouble is why no key can be given. People read its text, the keeper its word.
type Trouble struct {
	Why  wire.KeyTrouble
	Tier wire.Tier
	Err  error
}

func (t *Trouble) Error() string { return t.Err.Error() }
func (t *Trouble) Unwrap() error { return t.Err }

// holder is what a tier does: it seals a key so that it opens while its number is the current one.
type holder interface {
	current() (uint64, error)
	seal(n uint64, key *[32]byte) ([]byte, error)
	open(n uint64, sealed []byte) ([32]byte, error)
	advance(to uint64) error
}

// made is the file that says what this device was made with.
type made struct {
	Tier string `json:"tier"`
	Salt []byte `json:"salt,omitempty"`
}

// A Store is an open folder of generations.
type Store struct {
	Parts
	tier wire.Tier
	hold holder
	n    uint64
	key  [32]byte
	next *[32]byte // begun, not committed
	step func(string) error
}

const (
	madeFile    = "made"
	currentFile = "current"
	rootFile    = "root.key"
	prefix      = "generation-"
)

// Open opens the folder, or makes the first generation in an empty one.
func Open(p Parts) (*Store, error) {
	s := &Store{Parts: p, step: func(string) error { return nil }}
	m, err := s.readMade()
	if errors.Is(err, fs.ErrNotExist) {
		err = s.make()
	} else if err == nil {
		err = s.reopen(m)
	}
	if err == nil {
		err = s.drop() // only now: had the current one not opened, the others might tell why
	}
	if err != nil {
		s.Wipe()
		return nil, s.trouble(err)
	}
	return s, nil
}

// trouble gives every error its word.
func (s *Store) trouble(err error) error {
	if t := new(Trouble); errors.As(err, &t) {
		t.Tier = s.tier
		return t
	}
	return &Trouble{wire.KeyTroubleFailed, s.tier, fmt.Errorf("keysmith: %w", err)}
}

func no(why wire.KeyTrouble, format string, args ...any) error {
	return &Trouble{Why: why, Err: fmt.Errorf("keysmith: "+format, args...)}
}

func (s *Store) readMade() (m made, err error) {
	b, err := readClosed(s.path(madeFile), 4096)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil || tierNamed(m.Tier) == wire.TierUnknown {
		return m, no(wire.KeyTroubleDamaged, "%s cannot be understood: put it back, or remove the folder and enrol everybody again", s.path(madeFile))
	}
	return m, nil
}

func tierNamed(name string) wire.Tier {
	for t := wire.TierFile; t <= wire.TierTPM; t++ {
		if t.String() == name {
			return t
		}
	}
	return wire.TierUnknown
}

// reopen opens what was made, with the tier that it was made with and no other.
func (s *Store) reopen(m made) error {
	s.tier = tierNamed(m.Tier)
	if s.Want != wire.TierUnknown && s.Want != s.tier {
		return no(wire.KeyTroubleOther, "the keys of this device are kept by %s, and the configuration asks for %s: write keys.tier: %[1]s, or remove %[3]s and enrol everybody again",
			s.tier, s.Want, s.Folder)
	}
	err := s.pick(m.Salt)
	if err == nil {
		s.n, err = s.hold.current()
	}
	if err != nil {
		return err
	}
	sealed, err := readClosed(s.generation(s.n), 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return no(wire.KeyTroubleShut, "the key of generation %d is not in %s: the folder is a copy of before somebody was erased, or a file was lost. No face in it opens again; remove the folder and enrol everybody again", s.n, s.Folder)
	}
	if err != nil {
		return err
	}
	s.key, err = s.hold.open(s.n, sealed)
	return err
}

// make begins the first generation. What a former attempt left is of no use: without the file made, nobody was told a key.
func (s *Store) make() (err error) {
	if s.tier, err = s.best(); err != nil {
		return err
	}
	names, err := os.ReadDir(s.Folder)
	if err != nil {
		return err
	}
	for _, e := range names {
		if e.Name() == currentFile || e.Name() == rootFile || strings.HasPrefix(e.Name(), prefix) || strings.HasSuffix(e.Name(), unborn) {
			if err := destroy(filepath.Join(s.Folder, e.Name())); err != nil {
				return err
			}
		}
	}
	m := made{Tier: s.tier.String()}
	if s.tier == wire.TierPassphrase {
		m.Salt = make([]byte, 16)
		if _, err := io.ReadFull(s.Rand, m.Salt); err != nil {
			return fmt.Errorf("draw a salt: %w", err)
		}
	}
	if s.tier == wire.TierFile {
		var root [32]byte
		if err := s.draw(&root); err != nil {
			return err
		}
		if err := write(s.path(rootFile), root[:]); err != nil {
			return err
		}
	}
	if err := s.pick(m.Salt); err != nil {
		return err
	}
	if s.n, err = s.hold.current(); err != nil {
		return err
	}
	// One step on even now: whatever a TPM has sealed for an earlier life of this device is dead from here on.
	if _, err := s.Begin(); err != nil {
		return err
	}
	if err := s.commit(s.n + 1); err != nil {
		return err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return write(s.path(madeFile), append(b, '\n'))
}

// best is the tier to begin with: the one that was asked for, or the strongest that is there.
func (s *Store) best() (wire.Tier, error) {
	has := map[wire.Tier]bool{wire.TierTPM: s.TPM != nil, wire.TierCredential: s.Credential != nil, wire.TierPassphrase: s.Passphrase != nil, wire.TierFile: true}
	if s.Want != wire.TierUnknown {
		if !has[s.Want] {
			s.tier = s.Want
			return s.Want, s.missing()
		}
		return s.Want, nil
	}
	if s.TPMThere && s.TPM == nil {
		s.tier = wire.TierTPM
		return s.tier, s.missing()
	}
	for t := wire.TierTPM; ; t-- {
		if has[t] {
			return t, nil
		}
	}
}

func (s *Store) missing() error {
	what := map[wire.Tier]string{
		wire.TierTPM:        "the TPM is not there or could not be opened: look at keys.tpm and at who may use it (group tss), or write keys.tier: credential, passphrase or key-file for a device that has no faces yet",
		wire.TierCredential: "systemd handed over no credential edged.keys: add LoadCredentialEncrypted=edged.keys:FILE to the unit",
		wire.TierPassphrase: "no passphrase was given: name the file in keys.passphrase_file",
	}[s.tier]
	return no(wire.KeyTroubleNoTier, "the keys of faces are to be kept by %s, but %s", s.tier, what)
}

// pick makes the holder of the tier.
func (s *Store) pick(salt []byte) (err error) {
	switch {
	case s.tier == wire.TierTPM && s.TPM != nil:
		s.hold, err = openTPM(s.TPM, s.Bare)
	case s.tier == wire.TierCredential && s.Credential != nil:
		s.hold, err = fromCredential(s.Folder, s.Credential, s.Rand)
	case s.tier == wire.TierPassphrase && s.Passphrase != nil:
		s.hold, err = fromPassphrase(s.Folder, s.Passphrase, salt, s.Rand)
	case s.tier == wire.TierFile:
		s.hold, err = fromFile(s.Folder, s.Rand)
	default:
		err = s.missing()
	}
	return err
}

// Tier is what holds the keys.
func (s *Store) Tier() wire.Tier { return s.tier }

// Generation is the number of the current one.
func (s *Store) Generation() uint64 { return s.n }

// Current is the key of the current generation. A generation that was begun and not committed is dropped.
func (s *Store) Current() ([32]byte, error) {
	if s.next != nil {
		clear(s.next[:])
		s.next = nil
		if err := s.drop(); err != nil {
			return [32]byte{}, s.trouble(err)
		}
	}
	return s.key, nil
}

// Begin makes the key of the next generation and puts it, sealed, beside the current one.
func (s *Store) Begin() ([32]byte, error) {
	next := new([32]byte)
	if err := s.draw(next); err != nil {
		return *next, s.trouble(err)
	}
	sealed, err := s.hold.seal(s.n+1, next)
	if err == nil {
		err = write(s.generation(s.n+1), sealed)
	}
	if err == nil {
		err = s.step("begun")
	}
	if err != nil {
		clear(next[:])
		return *next, s.trouble(err)
	}
	s.next = next
	return *next, nil
}

// Commit makes generation n, which was begun, the current one, and destroys the one before. It may be called again.
func (s *Store) Commit(n uint64) error {
	if s.next == nil && n == s.n {
		return nil // the answer to the first call was lost
	}
	if err := s.commit(n); err != nil {
		return s.trouble(err)
	}
	return nil
}

func (s *Store) commit(n uint64) error {
	if s.next == nil || n != s.n+1 {
		return no(wire.KeyTroubleUnbegun, "generation %d was not begun, %d is current", n, s.n)
	}
	if err := s.hold.advance(n); err != nil {
		return err
	}
	s.key, s.n = *s.next, n
	clear(s.next[:])
	s.next = nil
	if err := s.step("moved on"); err != nil {
		return err
	}
	return s.drop()
}

// drop destroys every generation but the current one.
func (s *Store) drop() error {
	names, err := os.ReadDir(s.Folder)
	if err != nil {
		return err
	}
	for _, e := range names {
		n, ok := strings.CutPrefix(e.Name(), prefix)
		if !strings.HasSuffix(n, unborn) && (!ok || n == strconv.FormatUint(s.n, 10)) {
			continue
		}
		if err := destroy(filepath.Join(s.Folder, e.Name())); err != nil {
			return fmt.Errorf("destroy an old generation: %w", err)
		}
	}
	return syncFolder(s.Folder)
}

func (s *Store) draw(key *[32]byte) error {
	if _, err := io.ReadFull(s.Rand, key[:]); err != nil {
		return fmt.Errorf("draw a key: %w", err)
	}
	if *key == [32]byte{} {
		return errors.New("the random source gave only zeros: it is broken")
	}
	return nil
}

// Wipe forgets the keys and lets the TPM go. The store is of no use afterwards.
func (s *Store) Wipe() {
	clear(s.key[:])
	if s.next != nil {
		clear(s.next[:])
	}
	if t, ok := s.hold.(*tpm); ok {
		t.flush()
	}
}

func (s *Store) path(name string) string { return filepath.Join(s.Folder, name) }

func (s *Store) generation(n uint64) string { return s.path(prefix + strconv.FormatUint(n, 10)) }
