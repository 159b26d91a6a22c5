package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
)

// schema names the form of a record. A reader that does not know it must not guess.
const schema = "edged-consent/1"

// A State is what happened to a consent, in the words of ISO/IEC TS 27560.
type State string

// The states. Each is one act or one event, and a record of its own: nothing is ever changed afterwards.
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

// A Record is one act of one person about one purpose, or one event that ended it. It has the fields of ISO/IEC TS
// 27560 that a door needs; it names nobody but by an opaque id, and it holds no face. There is no field for a second
// purpose, nor for anything agreed to besides.
type Record struct {
	Schema   string    `json:"schema"`
	ID       digits    `json:"record_id"`
	Sequence uint64    `json:"sequence"` // 1, 2, 3 … for each person
	Person   person.ID `json:"-"`        // nobody for a refusal, which needs no name
	Who      string    `json:"person"`
	Device   string    `json:"device"`

	Notice         digits          `json:"notice_hash"`
	NoticeVersion  int             `json:"notice_version"`
	Language       string          `json:"language"`
	Purpose        notice.Purpose  `json:"purpose"`
	Data           notice.DataKind `json:"data"`
	Recipients     []string        `json:"recipients"` // besides the device: nobody
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
	Until    time.Time `json:"retention_until,omitzero"` // of a given consent only: its end, which it always has
	Prev     digits    `json:"prev_hash"`                // of the person's record before this one
}

// Hash names the record; a template is bound to the hash of the consent it was made under.
func (r Record) Hash() [32]byte { return sha256.Sum256(r.encode()) }

// seal cuts the times to what is stored and gives the record its number: the hash of all the rest of it.
func (r Record) seal() Record {
	r.At, r.Until = r.At.UTC().Truncate(time.Millisecond), r.Until.UTC().Truncate(time.Millisecond)
	r.Who = r.Person.String()
	r.ID = digits{}
	r.ID = r.Hash()
	return r
}

// decode reads what encode wrote, byte for byte, and checks that the record is about person p and whole in itself.
func decode(b []byte, p person.ID) (Record, error) {
	r, ok := scan(b)
	if !ok {
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		r = Record{}
		if err := d.Decode(&r); err != nil {
			return Record{}, err
		}
	}
	r.Person = p
	switch {
	case r.Schema != schema:
		return Record{}, fmt.Errorf("schema %q is not %q", r.Schema, schema)
	case r.Who != p.String():
		return Record{}, errors.New("it is about somebody else")
	case !bytes.Equal(r.encode(), b), r.seal().ID != r.ID:
		return Record{}, errors.New("it was changed")
	}
	return r, nil
}

// digits are 32 bytes that JSON writes in hex.
type digits [32]byte

func (d digits) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(d[:])), nil }

func (d *digits) UnmarshalText(b []byte) error {
	if len(b) != 2*len(d) {
		return errors.New("a hash has 64 hex digits")
	}
	_, err := hex.Decode(d[:], b)
	return err
}
