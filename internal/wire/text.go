package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// The words below appear in JSON outside the rooms (the audit log, events), so they write and read themselves. Reading
// takes the exact word only.

func (m Method) MarshalText() ([]byte, error)     { return word(uint8(m), methods) }
func (m *Method) UnmarshalText(b []byte) error    { return unword(b, methods, (*uint8)(m)) }
func (o Outcome) MarshalText() ([]byte, error)    { return word(uint8(o), outcomes) }
func (o *Outcome) UnmarshalText(b []byte) error   { return unword(b, outcomes, (*uint8)(o)) }
func (r Reason) MarshalText() ([]byte, error)     { return word(uint8(r), reasons) }
func (r *Reason) UnmarshalText(b []byte) error    { return unword(b, reasons, (*uint8)(r)) }
func (k Kind) MarshalText() ([]byte, error)       { return word(uint8(k), kinds) }
func (k *Kind) UnmarshalText(b []byte) error      { return unword(b, kinds, (*uint8)(k)) }
func (a Ask) MarshalText() ([]byte, error)        { return word(uint8(a), asks) }
func (a *Ask) UnmarshalText(b []byte) error       { return unword(b, asks, (*uint8)(a)) }
func (t Tier) MarshalText() ([]byte, error)       { return word(uint8(t), tiers) }
func (t *Tier) UnmarshalText(b []byte) error      { return unword(b, tiers, (*uint8)(t)) }
func (r RuleSet) MarshalText() ([]byte, error)    { return word(uint8(r), ruleSets) }
func (r *RuleSet) UnmarshalText(b []byte) error   { return unword(b, ruleSets, (*uint8)(r)) }
func (p Pseudonym) MarshalText() ([]byte, error)  { return hex.AppendEncode(nil, p[:]), nil }
func (p *Pseudonym) UnmarshalText(b []byte) error { return unhex(p[:], b) }

func word(v uint8, names []string) ([]byte, error) {
	if int(v) >= len(names) {
		return nil, fmt.Errorf("wire: %d is not one of %d words", v, len(names))
	}
	return []byte(names[v]), nil
}

func unword(b []byte, names []string, v *uint8) error {
	for i, name := range names {
		if string(b) == name {
			*v = uint8(i)
			return nil
		}
	}
	return fmt.Errorf("wire: %q is not one of %q", b, names)
}

func unhex(dst, b []byte) error {
	if _, err := hex.Decode(make([]byte, len(b)), b); err != nil || len(b) != hex.EncodedLen(len(dst)) || bytes.ContainsAny(b, "ABCDEF") {
		return fmt.Errorf("wire: %q is not %d small hex digits", b, hex.EncodedLen(len(dst)))
	}
	_, err := hex.Decode(dst, b)
	return err
}
