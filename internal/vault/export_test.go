package vault

import "go.etcd.io/bbolt"

// After lets a test stop between two steps, as a power cut or a full disk would.
func (v *Vault) After(step func(name string) error) { v.after = step }

// Decode is decode for the fuzzer.
func Decode(p [16]byte, b []byte) (again []byte, err error) {
	r, err := decode(p, b)
	if err != nil {
		return nil, err
	}
	r.aad = r.bind(string(r.device), r.key)
	return r.encode(), nil
}

// PurposeKey is purposeKey.
func PurposeKey(key *[32]byte, purpose string) [32]byte { return purposeKey(key, purpose) }

// OpensAs tries a stored record, whose label is right in every word, with the key of another purpose; "" is no purpose
// at all, the person's own key.
func (v *Vault) OpensAs(p [16]byte, purpose string) (opens bool, err error) {
	wrap, err := v.wrap()
	if err != nil {
		return false, err
	}
	err = v.view(func(people, keys *bbolt.Bucket) error {
		r, err := decode(p, people.Get(p[:]))
		if err != nil {
			return err
		}
		wrapped := keys.Get(append(p[:], r.key[:]...))
		b, err := wrap.Open(nil, wrapped[:wrap.NonceSize()], wrapped[wrap.NonceSize():], bindKey(v.device, p, r.key))
		if err != nil {
			return err
		}
		key := [32]byte(b)
		if purpose != "" {
			key = purposeKey(&key, purpose)
		}
		t, err := v.arena.Open(r.sealed, &key, r.bind(v.device, r.key))
		if opens = err == nil; opens {
			v.arena.Wipe(t)
		}
		return nil
	})
	return opens, err
}

// Shake is a write to the file of people that failed.
func (v *Vault) Shake() { v.people.shaken = true }
