package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

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

// Refused is one that did not.
type Refused struct {
	Person person.ID
	Reason wire.Reason
}

// Load opens everything that was made by this model into the arena. What does not open stays where it is, and is
// named with the reason; only Erase removes anything. Records whose erasure has begun are not among either (Pending).
func (v *Vault) Load(model [32]byte) ([]Held, []Refused, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.mend(); err != nil {
		return nil, nil, err
	}
	wrap, err := v.wrap()
	if err != nil {
		return nil, nil, err
	}
	var held []Held
	var refused []Refused
	err = v.view(func(people, keys *bbolt.Bucket) error {
		return people.ForEach(func(k, b []byte) error {
			p := person.ID(k)
			if !hasKey(keys, p) {
				return nil
			}
			l, t, err := v.unseal(wrap, keys, p, b)
			switch {
			case errors.Is(err, errRecord):
				refused = append(refused, Refused{p, wire.ReasonDamaged})
			case err != nil:
				return err
			case l.Model != model:
				v.arena.Wipe(t)
				refused = append(refused, Refused{p, wire.ReasonOtherModel})
			default:
				held = append(held, Held{l, t})
			}
			return nil
		})
	})
	if err != nil {
		for _, h := range held {
			v.arena.Wipe(h.Template)
		}
		return nil, nil, fmt.Errorf("vault: load %s: %w", v.path(peopleFile), err)
	}
	return held, refused, nil
}

// unseal opens one record. The label comes back only when the seal has proved it.
func (v *Vault) unseal(wrap cipher.AEAD, keys *bbolt.Bucket, p person.ID, b []byte) (Label, template.Template, error) {
	r, err := decode(p, b)
	if err != nil {
		return Label{}, template.Template{}, err
	}
	wrapped := keys.Get(append(p[:], r.key[:]...))
	if len(wrapped) != wrappedLen || r.device != v.device {
		return Label{}, template.Template{}, errRecord
	}
	var key [32]byte
	defer clear(key[:])
	if _, err := wrap.Open(key[:0], wrapped[:wrap.NonceSize()], wrapped[wrap.NonceSize():], bindKey(v.device, p, r.key)); err != nil {
		return Label{}, template.Template{}, errRecord
	}
	// The label is encoded anew from what was understood: what is proved is what is used.
	own := purposeKey(&key, r.Purpose)
	defer clear(own[:])
	t, err := v.arena.Open(r.sealed, &own, r.bind(v.device, r.key))
	if errors.Is(err, template.ErrShut) {
		return Label{}, template.Template{}, errRecord
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
