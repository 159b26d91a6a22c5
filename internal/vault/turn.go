package vault

import (
	"errors"

	"example.org/edged/internal/person"
	"go.etcd.io/bbolt"
)

// Turn seals anew whatever lies sealed under another turn of the device's rotation, and says how many that were. What
// was stolen before is worthless afterwards, and nobody was called back for it. The vault is busy meanwhile.
func (v *Vault) Turn() (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var stale []person.ID
	err := v.view(func(people, keys *bbolt.Bucket) error {
		return people.ForEach(func(k, b []byte) error {
			if hasKey(keys, person.ID(k)) && v.arena.Stale(sealedPart(b)) {
				stale = append(stale, person.ID(k))
			}
			return nil
		})
	})
	if err != nil || len(stale) == 0 {
		return 0, err
	}
	wrap, err := v.wrap()
	if err != nil {
		return 0, err
	}
	turned := 0
	var many []Held
	wipe := func() {
		for _, h := range many {
			v.arena.Wipe(h.Template)
		}
		many = nil
	}
	defer func() { wipe() }()
	err = v.keep(len(stale), func(from, to int) ([]Held, error) {
		wipe()
		err := v.view(func(people, keys *bbolt.Bucket) error {
			for _, p := range stale[from:to] {
				l, t, err := v.unseal(wrap, &somebody{p, people.Get(p[:]), keysOf(keys, p)})
				if err == nil {
					many = append(many, Held{l, t})
				} else if why := bad(0); !errors.As(err, &why) { // damaged ones stay what they are
					return err
				}
			}
			return nil
		})
		turned += len(many)
		return many, err
	})
	return turned, err
}
