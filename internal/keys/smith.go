package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/wire"
)

// A Smith is the keeper's end of the wire to the keysmith: it asks for the generations of the key that faces are kept
// under. Whatever the keysmith does, a question ends after a while, so that a TPM that hangs costs the face and not the
// door.
type Smith struct {
	mu       sync.Mutex
	file     *os.File
	conn     *wire.Conn[wire.KeysmithSays, wire.KeysmithHears]
	path     string // of the file that remembers the tier
	patience time.Duration
	turn     uint32
	tier     atomic.Uint32 // a wire.Tier, which is told while a question is waited for
	known    bool
	current  func() *[secretLen]byte // a function, because fmt has nothing to print of one
	begun    uint64                  // the generation to commit; 0 when none is begun
}

// Join greets the keysmith on the other end of f. The file at path remembers which tier kept the keys last.
func Join(f *os.File, path string, patience time.Duration) (*Smith, error) {
	mem, err := lockedPage()
	if err != nil {
		return nil, err
	}
	key := (*[secretLen]byte)(mem)
	s := &Smith{file: f, path: path, patience: patience, current: func() *[secretLen]byte { return key }}
	if s.conn, err = wire.Open[wire.KeysmithSays, wire.KeysmithHears](f, nil); err != nil {
		return nil, fmt.Errorf("greeting the keysmith: %w", err)
	}
	return s, nil
}

// Tier is what keeps the keys, as far as it is known.
func (s *Smith) Tier() wire.Tier { return wire.Tier(s.tier.Load()) }

// Current is the key of the current generation.
func (s *Smith) Current() ([32]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		s.begun = 0
		g, err := s.ask(&wire.KeyOpen{Turn: s.turn + 1})
		if err != nil {
			return [32]byte{}, err
		}
		defer clear(g.Key[:])
		if err := s.remember(g.Tier); err != nil {
			return [32]byte{}, err
		}
		*s.current() = g.Key
		s.known = true
	}
	return *s.current(), nil
}

// Begin is the key of a new generation, which counts from Commit on.
func (s *Smith) Begin() ([32]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.ask(&wire.KeyBegin{Turn: s.turn + 1})
	if err != nil {
		return [32]byte{}, err
	}
	defer clear(g.Key[:])
	s.begun = g.Generation
	return g.Key, nil
}

// Commit makes what was begun the current generation and has the former one destroyed. After an error it may be either:
// Current then asks which.
func (s *Smith) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun == 0 {
		return errors.New("keys: no generation was begun")
	}
	g, err := s.ask(&wire.KeyCommit{Turn: s.turn + 1, Generation: s.begun})
	if err != nil {
		return err
	}
	defer clear(g.Key[:])
	*s.current(), s.known, s.begun = g.Key, true, 0
	return nil
}

// ask says one question and waits for its answer; answers to older questions are dropped. After an error nothing is
// believed to be known.
func (s *Smith) ask(w wire.KeysmithHears) (*wire.KeyGiven, error) {
	s.turn++
	g, err := s.answer(w)
	if err != nil {
		clear(s.current()[:])
		s.known, s.begun = false, 0
		return nil, fmt.Errorf("keys: %w", err)
	}
	s.tier.Store(uint32(g.Tier))
	return g, nil
}

func (s *Smith) answer(w wire.KeysmithHears) (*wire.KeyGiven, error) {
	if err := s.conn.SayWithin(w, s.patience); err != nil {
		return nil, fmt.Errorf("the keysmith does not listen: %w", err)
	}
	if err := s.file.SetReadDeadline(time.Now().Add(s.patience)); err != nil {
		return nil, err
	}
	for {
		heard, err := s.conn.Hear()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, fmt.Errorf("the keysmith gave no answer within %v: the lines of room=keysmith say why", s.patience)
		}
		if err != nil {
			return nil, fmt.Errorf("hear the keysmith: %w", err)
		}
		switch heard := heard.(type) {
		case *wire.KeyGiven:
			if heard.Turn == s.turn {
				return heard, nil
			}
			clear(heard.Key[:])
		case *wire.KeyRefused:
			if heard.Turn == s.turn {
				s.tier.Store(uint32(heard.Tier))
				return nil, fmt.Errorf("the keysmith gives no key (tier %s, %s): the lines of room=keysmith say what to do", heard.Tier, heard.Why)
			}
		}
	}
}

// remember refuses a tier weaker than the one that kept keys here before, as after the keysmith's folder was removed on
// a machine whose TPM is gone: people agreed to have their faces kept better.
func (s *Smith) remember(tier wire.Tier) error {
	b, err := os.ReadFile(s.path)
	before := strings.TrimSpace(string(b))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("keys: read which tier kept the keys: %w", err)
	case before == tier.String():
		return nil
	}
	for t := tier + 1; t <= wire.TierTPM; t++ {
		if before == t.String() {
			return fmt.Errorf("keys: faces were kept by tier %s, and the keysmith now offers only %s: mend the %[1]s, or remove %[3]s to take the weaker one for good", before, tier, s.path)
		}
	}
	part := s.path + ".new"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("keys: write which tier keeps the keys: %w", err)
	}
	_, err = f.WriteString(tier.String() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, s.path)
	}
	if err != nil {
		return fmt.Errorf("keys: write which tier keeps the keys: %w", err)
	}
	return nil
}

// Close forgets the key and ends the conversation.
func (s *Smith) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.current()[:])
	s.known = false
	return s.conn.Close()
}
