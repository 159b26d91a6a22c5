package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
	"go.etcd.io/bbolt"
)

// Held is one template that opened.
type Held struct {
	Label    Label
	Template template.Template
}

// Refused is one that did not. Its label is what the file says, which nothing proves.
type Refused struct {
	Person person.ID
	Label  Label
	Reason wire.Reason
}

// Against is the reason in the light of what was agreed. A seal that fails does not tell which word of its label was
// changed; where the label differs from what it must be, that is the one.
func (r Refused) Against(agreed Label) wire.Reason {
	switch l := r.Label; {
	case r.Reason != wire.ReasonDamaged || l == Label{}:
		return r.Reason
	case l.Purpose != agreed.Purpose:
		return wire.ReasonPurposeChanged
	case l.Expiry.Unix() != agreed.Expiry.Unix():
		return wire.ReasonExpiryChanged
	case l.Consent != agreed.Consent:
		return wire.ReasonConsentChanged
	case l.Model != agreed.Model:
		return wire.ReasonOtherModel
	}
	return r.Reason
}

// Load opens everything that was made by this model into the arena, as much at a time as there are cores, and hands
// each to take, which wipes it when it has what it needs: so no more templates lie in memory than take keeps. take is
// called from several goroutines at the same time and must not call the vault. What does not open stays where it is,
// and is named with the reason; only Erase removes anything. Records whose erasure has begun are not among either
// (Pending). After an error some may have been taken.
func (v *Vault) Load(model [32]byte, take func(Held)) ([]Refused, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.mend(); err != nil {
		return nil, err
	}
	wrap, err := v.wrap()
	if err != nil {
		return nil, err
	}
	l := &loading{v: v, wrap: wrap, model: model, take: take}
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(l.run)
	}
	all.Wait()
	if len(l.errs) > 0 {
		return nil, fmt.Errorf("vault: load %s: %w", v.path(peopleFile), l.errs[0])
	}
	slices.SortFunc(l.refused, func(a, b Refused) int { return bytes.Compare(a.Person[:], b.Person[:]) })
	return l.refused, nil
}

// A loading is one Load, that several goroutines do.
type loading struct {
	v     *Vault
	wrap  cipher.AEAD // has no state: each call brings its nonce
	model [32]byte
	take  func(Held)
	next  atomic.Int32 // the part to do next
	whose sync.Once
	names map[keyID]bool // of every key that there is, once one was missed

	mu      sync.Mutex
	refused []Refused
	errs    []error
}

// parts is into how many parts people are divided, by the first byte of their ids, which are drawn at random.
const parts = 64

func (l *loading) run() {
	for {
		part := int(l.next.Add(1)) - 1
		if part >= parts {
			return
		}
		err := l.v.view(func(people, keys *bbolt.Bucket) error {
			return walk(people, keys, part*256/parts, (part+1)*256/parts, l.see)
		})
		if err != nil {
			l.mu.Lock()
			l.errs = append(l.errs, err)
			l.mu.Unlock()
			l.next.Store(parts)
			return
		}
	}
}

func (l *loading) see(s *somebody) error {
	if s.record == nil {
		return nil
	}
	label, t, err := l.v.unseal(l.wrap, s)
	if len(s.keys) == 0 && !errors.Is(err, bad(wire.ReasonMisplaced)) {
		return nil // its erasure has begun
	}
	var why bad
	switch {
	case errors.As(err, &why):
		return l.refuse(s, label, wire.Reason(why))
	case err != nil:
		return err
	case label.Model != l.model:
		l.v.arena.Wipe(t)
		return l.refuse(s, label, wire.ReasonOtherModel)
	}
	l.take(Held{label, t})
	return nil
}

func (l *loading) refuse(s *somebody, label Label, why wire.Reason) error {
	if why == wire.ReasonReplayed {
		if err := l.learn(); err != nil {
			return err
		}
		if r, err := decode(s.ID, s.record); err == nil && l.names[r.key] {
			why = wire.ReasonMisplaced // the key lives, under another name
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = append(l.refused, Refused{s.ID, label, why})
	return nil
}

// learn reads the ids of all keys, once and only when a key was missed, so that somebody who edits all records does not
// have them read as often.
func (l *loading) learn() (err error) {
	l.whose.Do(func() {
		l.names = make(map[keyID]bool)
		err = l.v.view(func(_, keys *bbolt.Bucket) error {
			return keys.ForEach(func(name, _ []byte) error {
				l.names[keyID(name[len(person.ID{}):])] = true
				return nil
			})
		})
	})
	return err
}

// Find opens one person's record, as Load does for all. It is false when there is none, or none that opens.
func (v *Vault) Find(p person.ID, model [32]byte) (h Held, ok bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	wrap, err := v.wrap()
	if err != nil {
		return Held{}, false, err
	}
	err = v.view(func(people, keys *bbolt.Bucket) error {
		s := somebody{ID: p, record: people.Get(p[:])}
		for c, name, key := cursor(keys, p); bytes.HasPrefix(name, p[:]); name, key = c.Next() {
			s.keys = append(s.keys, wrapped{name, key})
		}
		if s.record == nil || len(s.keys) == 0 {
			return nil
		}
		l, t, err := v.unseal(wrap, &s)
		switch {
		case errors.As(err, new(bad)):
			return nil
		case err != nil:
			return err
		case l.Model != model:
			v.arena.Wipe(t)
			return nil
		}
		h, ok = Held{l, t}, true
		return nil
	})
	if err != nil {
		return Held{}, false, fmt.Errorf("vault: open one record of %s: %w", v.path(peopleFile), err)
	}
	return h, ok, nil
}

func cursor(b *bbolt.Bucket, p person.ID) (c *bbolt.Cursor, name, value []byte) {
	c = b.Cursor()
	name, value = c.Seek(p[:])
	return c, name, value
}

// unseal opens one record. The label that comes back is proved by the seal if there is no error, and by nothing if
// there is.
func (v *Vault) unseal(wrap cipher.AEAD, s *somebody) (Label, template.Template, error) {
	r, err := decode(s.ID, s.record)
	if err != nil {
		return Label{}, template.Template{}, err
	}
	wrapped := s.key(r.key)
	switch {
	case string(r.device) != v.device:
		return r.Label, template.Template{}, bad(wire.ReasonOtherDevice)
	case wrapped == nil:
		return r.Label, template.Template{}, bad(wire.ReasonReplayed)
	case len(wrapped) != wrappedLen:
		return r.Label, template.Template{}, bad(wire.ReasonKeyChanged)
	}
	var key [32]byte
	defer clear(key[:])
	if _, err := wrap.Open(key[:0], wrapped[:wrap.NonceSize()], wrapped[wrap.NonceSize():], bindKey(v.device, s.ID, r.key)); err != nil {
		return r.Label, template.Template{}, bad(wire.ReasonKeyChanged)
	}
	// The label is encoded anew from what was understood: what is proved is what is used.
	own := purposeKey(&key, r.Purpose)
	defer clear(own[:])
	t, err := v.arena.Open(r.sealed, &own, r.bind(v.device, r.key))
	if errors.Is(err, template.ErrShut) {
		err = bad(wire.ReasonDamaged)
	}
	return r.Label, t, err
}

// wrap is the cipher of the current generation, that wraps people's keys.
func (v *Vault) wrap() (cipher.AEAD, error) {
	key, err := v.gen.Current()
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	defer clear(key[:])
	return wrapper(&key)
}

func wrapper(key *[32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return cipher.NewGCM(block)
}
