package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// Schema names the form of a record. A reader that does not know it must not guess.
const Schema = "edged-consent/1"

// A State is what happened to a consent, in the words of ISO/IEC TS 27560.
type State string

// The states. Each is one act or one event, and each is a record of its own: nothing is ever changed afterwards.
const (
	Given       State = "given"
	Refused     State = "refused"
	Withdrawn   State = "withdrawn"
	Expired     State = "expired"
	Invalidated State = "invalidated" // by a change of what was agreed to
	Erased      State = "erased"      // of the face; says nothing new about the consent itself
)

// Evidence is the second sign by which a person was known when they acted.
type Evidence string

// The kinds of evidence.
const (
	ByNobody Evidence = "none" // a refusal needs no name, an expiry has no actor
	ByPIN    Evidence = "pin"
)

// A Hash is SHA-256, written in hex.
type Hash [32]byte

func (h Hash) String() string               { return hex.EncodeToString(h[:]) }
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads exactly 64 small hex digits.
func (h *Hash) UnmarshalText(b []byte) error {
	d, err := hex.DecodeString(string(b))
	if err != nil || len(d) != len(h) || hex.EncodeToString(d) != string(b) {
		return fmt.Errorf("hash %q is not 64 small hex digits", b)
	}
	copy(h[:], d)
	return nil
}

// A Record is one act of one person about one purpose, or one event that ended it. It has the fields of ISO/IEC TS
// 27560 that a door needs; it names nobody but by an opaque id, and it holds no face.
type Record struct {
	Schema   string `json:"schema"`
	ID       string `json:"record_id"`
	Sequence uint64 `json:"sequence"` // 1, 2, 3 … for each person
	Person   string `json:"person"`   // 32 hex digits; zeros for a refusal by somebody who gave no name
	Device   string `json:"device"`

	NoticeHash     Hash            `json:"notice_hash"`
	NoticeVersion  int             `json:"notice_version"`
	Language       string          `json:"language"`
	Purpose        notice.Purpose  `json:"purpose"`
	Data           notice.DataKind `json:"data"`
	Recipients     []string        `json:"recipients"` // nobody but the device itself
	Storage        string          `json:"storage"`
	Jurisdiction   string          `json:"jurisdiction"`
	LegalBasis     string          `json:"legal_basis"`
	Withdrawal     string          `json:"withdrawal"`
	Separate       bool            `json:"separate"`
	RefusalOffered bool            `json:"refusal_offered"`

	State    State     `json:"event_state"`
	At       time.Time `json:"event_time"`
	Trusted  bool      `json:"event_time_trusted"`
	Evidence Evidence  `json:"evidence"`
	Until    time.Time `json:"retention_until"` // zero unless given
	Prev     Hash      `json:"prev_hash"`       // of the person's record before this one
}

// Hash names the record; a template is bound to the hash of the consent it was made under.
func (r Record) Hash() [32]byte { return sha256.Sum256(r.encode()) }

func (r Record) encode() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic("consent: internal error: " + err.Error())
	}
	return b
}

var _ = person.ID{}
var _ wire.ConsentState
