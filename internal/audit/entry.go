package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/edged/internal/wire"
)

// Hash is a SHA-256, in small hex where it is written.
type Hash [32]byte

// MarshalText writes 64 hex digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText takes 64 hex digits; parseEntry refuses capitals, as it refuses every second spelling.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash of %d digits", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// An Entry is one line of the log. Every field is a word of a closed set, a whole number, a pseudonym or a hash, so
// that none can hold a face or a score; a test walks the type.
type Entry struct {
	At        int64          `json:"at"`      // unix milliseconds
	Trusted   bool           `json:"trusted"` // whether the keeper trusted that time
	Kind      wire.Kind      `json:"kind"`
	Door      uint8          `json:"door,omitzero"`
	Tier      wire.Tier      `json:"tier,omitzero"` // where the secret lived under which a face was erased
	Method    wire.Method    `json:"method,omitzero"`
	Outcome   wire.Outcome   `json:"outcome,omitzero"`
	Reason    wire.Reason    `json:"reason,omitzero"`
	Who       wire.Pseudonym `json:"who,omitzero"`
	Notice    Hash           `json:"notice,omitzero"`    // of the notice that was shown or agreed to
	Consent   Hash           `json:"consent,omitzero"`   // of the consent record
	Until     int64          `json:"until,omitzero"`     // unix seconds: when a face will be erased
	Ask       wire.Ask       `json:"ask,omitzero"`       // of a request over the network
	Recipient Hash           `json:"recipient,omitzero"` // who would have got the parcel
	Head      uint64         `json:"head,omitzero"`      // size of the signed head that was found, or shown
	Commit    Hash           `json:"commit,omitzero"`    // of an enrolment, and of its erasure: see package receipt; of an assessment its hash
	Count     uint64         `json:"count,omitzero"`     // of people, or of lines that were handed out
	Rules     wire.RuleSet   `json:"rules,omitzero"`     // the law in force
	By        Hash           `json:"by,omitzero"`        // the member of staff who did it, by the hash of their name: see Staff
}

// maxEntry is longer than any Entry can be (a test fills every field).
const maxEntry = 1024

// encode gives an entry the one spelling it has.
func (e Entry) encode() ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("audit: entry: %w", err)
	}
	return b, nil
}

// parseEntry takes only what encode writes. JSON lets a field come twice, in capitals or between spaces; comparing
// with the one spelling closes all of these at once.
func parseEntry(raw []byte) (Entry, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return Entry{}, fmt.Errorf("not an entry: %w", err)
	}
	if again, err := json.Marshal(e); err != nil || !bytes.Equal(again, raw) {
		return Entry{}, errors.New("not an entry: not in the spelling that the log writes")
	}
	return e, nil
}

// Staff is how the log names a member of staff: whoever has the configuration can tell who it is, the log alone cannot.
func Staff(name string) Hash { return sha256.Sum256([]byte("edged/staff\x00" + name)) }
