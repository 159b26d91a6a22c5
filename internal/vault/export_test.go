package vault

// After lets a test stop between two steps, as a power cut or a full disk would.
func (v *Vault) After(step func(name string) error) { v.after = step }

// Decode is decode for the fuzzer.
func Decode(p [16]byte, b []byte) (again []byte, err error) {
	r, err := decode(p, b)
	if err != nil {
		return nil, err
	}
	r.aad = r.bind(r.device, r.key)
	return r.encode(), nil
}
