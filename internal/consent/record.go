package consent

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// The forms of a record. A reader that does not know one must not guess. Records of the first form are unsigned and
// say less; they stay as they were written.
const (
	first  = "edged-consent/1"
	schema = "edged-consent/2"
)

// A State is what happened to a consent, in the words of ISO/IEC TS 27560.
type State string

// The states. Each is one act or one event, and a record of its own: nothing is ever changed afterwards.
const (
	Requested   State = "requested" // the device asks somebody anew: their guardian's consent, or an older text, is over
	Given       State = "given"
	Refused     State = "refused"
	Withdrawn   State = "withdrawn"
	Expired     State = "expired"
	Invalidated State = "invalidated" // by a change of what was agreed to
	Erased      State = "erased"      // of the face; says nothing new about the consent itself

	// Three of our own, which leave the consent as it is.
	Informed   State = "informed"   // of a change that does not ask again
	Restricted State = "restricted" // the face rests, and is kept (PIPL, article 44)
	Resumed    State = "resumed"
)

// Evidence is the second sign by which a person was known when they acted.
type Evidence string

// The kinds of evidence.
const (
	ByNobody   Evidence = "none" // a refusal needs no name, an expiry has no actor
	ByPIN      Evidence = "pin"
	ByGuardian Evidence = "guardian-pin"
	ByPaper    Evidence = "paper" // signed by hand, attested by staff, who keep the document
	ByStaff    Evidence = "staff"
)

// A Guardian is who agreed for somebody. They are named by an opaque id, too.
type Guardian struct {
	Who      string `json:"person"`
	Relation string `json:"relation"` // a wire.Relation
	Verifier string `json:"verifier"` // the member of staff who saw it on paper
}

// A Record is one act of one person about one purpose, or one event that ended it. It has the fields of ISO/IEC TS
// 27560 that a door needs (docs/consent-record.md); it names nobody but by an opaque id, and it holds no face. There is
// no field for a second purpose, nor for anything agreed to besides.
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
	Controller     string          `json:"controller,omitempty"`
	Contact        string          `json:"controller_contact,omitempty"`
	RetentionDays  int             `json:"retention_days,omitempty"`
	Rules          string          `json:"ruleset,omitempty"`
	PIA            string          `json:"pia_id,omitempty"`

	State    State     `json:"event_state"`
	At       time.Time `json:"event_time"`
	Trusted  bool      `json:"event_time_trusted"`
	Evidence Evidence  `json:"evidence"`
	Asked    time.Time `json:"asked_at,omitzero"` // when the notice was put before them
	Guardian *Guardian `json:"guardian,omitempty"`
	Document digits    `json:"document_hash,omitzero"`   // of what was signed by hand
	Attested string    `json:"attested_by,omitempty"`    // the member of staff
	Until    time.Time `json:"retention_until,omitzero"` // of a given consent only: its end, which it always has
	Prev     digits    `json:"prev_hash"`                // of the person's record before this one
	Sig      signature `json:"sig,omitzero"`             // by the device, over the record's id
}

// Hash names the record; a template is bound to the hash of the consent it was made under.
func (r Record) Hash() [32]byte { return sha256.Sum256(r.encode()) }

// Verify checks what can be checked of one record with nothing but the device's public key: that it says what a record
// may say, that no letter of it was changed, and that this device wrote it.
func (r Record) Verify(publicKey string) error {
	v, err := note.NewVerifier(publicKey)
	if err != nil {
		return fmt.Errorf("the public key is not a note verifier key: %w", err)
	}
	switch {
	case r.Schema == first:
		return errors.New("a record of the first form has no signature; the audit log has its hash")
	case r.seal().ID != r.ID:
		return errors.New("the record was changed")
	case !v.Verify(r.signed(), r.Sig[:]):
		return errors.New("the record is not signed with this key: it is another device's, or it was changed")
	}
	return r.valid()
}

// Parse reads one record as it stands in a copy or in evidence, and takes nothing else.
func Parse(b []byte) (Record, error) {
	var who struct {
		Person string `json:"person"`
	}
	if err := json.Unmarshal(b, &who); err != nil {
		return Record{}, fmt.Errorf("consent record: %w", err)
	}
	p, err := person.Parse(who.Person)
	if err != nil && who.Person != p.String() { // nobody, for a refusal
		return Record{}, fmt.Errorf("consent record: %w", err)
	}
	r, err := decode(b, p, nil)
	if err != nil {
		return Record{}, fmt.Errorf("consent record: %w", err)
	}
	return r, nil
}

// seal cuts the times to what is stored and gives the record its number: the hash of all the rest of it but the
// signature, which is made over the number.
func (r Record) seal() Record {
	cut := func(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
	r.At, r.Until, r.Asked = cut(r.At), cut(r.Until), cut(r.Asked)
	r.Who = r.Person.String()
	sig := r.Sig
	r.ID, r.Sig = digits{}, signature{}
	r.ID = r.Hash()
	r.Sig = sig
	return r
}

// signed is what the device signs. No signed note can begin so: a note's text holds no zero byte.
func (r Record) signed() []byte { return append([]byte("edged/consent-record/2\x00"), r.ID[:]...) }

func (r Record) sign(sign func([]byte) []byte) Record {
	copy(r.Sig[:], sign(r.signed()))
	return r
}

// longest is the most that a consent may last: what a notice may state.
const longest = 3 * 365 * 24 * time.Hour

// valid refuses what no consent may be, whoever wrote it: without an end, for a second purpose or recipient, by nobody,
// by a guardian who is the person, or on a paper that nobody keeps.
func (r Record) valid() error {
	given := r.State == Given
	switch {
	case !r.Separate || !r.RefusalOffered || r.LegalBasis != "consent" || r.Withdrawal != "at-the-terminal" ||
		r.Storage != "this-device" || r.Jurisdiction != "CN":
		return errors.New("it is not a separate consent that can be refused and withdrawn, for this device alone")
	case r.Purpose != notice.DoorEntry || r.Data != notice.FaceTemplate || len(r.Recipients) != 0:
		return errors.New("one consent is for one purpose, one kind of data and no recipient")
	case r.Device == "" || r.Controller == "" || r.Contact == "" || r.NoticeVersion < 1 || r.RetentionDays < 1:
		return errors.New("it does not say who answers for it, or which text was agreed to")
	case !r.State.known() || !r.Evidence.known():
		return fmt.Errorf("%q by %q is no event", r.State, r.Evidence)
	case given && (r.Until.IsZero() || !r.Until.After(r.At) || r.Until.Sub(r.At) > longest || !r.Trusted):
		return errors.New("a consent without a sure end is void")
	case given && (r.Person == person.ID{} || r.Language == "" || r.Evidence == ByNobody || r.Evidence == ByStaff):
		return errors.New("nobody agreed who could be asked for it")
	case !given && !r.Until.IsZero(), !given && r.Guardian != nil, !given && r.Document != digits{}:
		return errors.New("only a consent has an end, a guardian or a document")
	case given && (r.Evidence == ByGuardian) != (r.Guardian != nil):
		return errors.New("who agrees for somebody else is named as their guardian")
	case (r.Document != digits{}) != (given && r.Evidence == ByPaper), r.Attested == "" && (r.Evidence == ByPaper || r.Evidence == ByStaff):
		return errors.New("a paper has a hash, and somebody on the staff who has seen it")
	case r.Guardian != nil:
		return r.Guardian.valid(r.Person)
	}
	return nil
}

func (g Guardian) valid(p person.ID) error {
	who, err := person.Parse(g.Who)
	switch {
	case err != nil:
		return fmt.Errorf("the guardian: %w", err)
	case who == p:
		return errors.New("nobody is their own guardian")
	case g.Verifier == "":
		return errors.New("nobody on the staff has seen that they are the guardian")
	}
	for rel := wire.RelationParent; rel <= wire.RelationAppointed; rel++ {
		if g.Relation == rel.String() {
			return nil
		}
	}
	return fmt.Errorf("%q makes nobody a guardian", g.Relation)
}

func (s State) known() bool {
	switch s {
	case Requested, Given, Refused, Withdrawn, Expired, Invalidated, Erased, Informed, Restricted, Resumed:
		return true
	}
	return false
}

func (e Evidence) known() bool {
	switch e {
	case ByNobody, ByPIN, ByGuardian, ByPaper, ByStaff:
		return true
	}
	return false
}

// decode reads what encode wrote, byte for byte, and checks that the record is about person p and whole in itself. seen may
// be nil.
func decode(b []byte, p person.ID, seen *reading) (Record, error) {
	r, ok := scan(b, seen)
	if !ok {
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		r = Record{}
		if err := d.Decode(&r); err != nil {
			return Record{}, err
		}
	}
	r.Person = p
	again := seen.encode(&r)
	switch {
	case r.Schema != schema && r.Schema != first:
		return Record{}, fmt.Errorf("schema %q is not %q", r.Schema, schema)
	case r.Who != p.String():
		return Record{}, errors.New("it is about somebody else")
	case !bytes.Equal(again, b), !stored(r.At), !stored(r.Until), !stored(r.Asked), r.number(b) != r.ID:
		return Record{}, errors.New("it was changed")
	case r.Schema == schema:
		if err := r.valid(); err != nil {
			return Record{}, err
		}
	}
	return r, nil
}

// digits are 32 bytes that JSON writes in hex.
type digits [32]byte

func (d digits) MarshalText() ([]byte, error)  { return hex.AppendEncode(nil, d[:]), nil }
func (d *digits) UnmarshalText(b []byte) error { return unhex(d[:], b) }

// signature is one of Ed25519, in hex.
type signature [ed25519.SignatureSize]byte

func (s signature) MarshalText() ([]byte, error)  { return hex.AppendEncode(nil, s[:]), nil }
func (s *signature) UnmarshalText(b []byte) error { return unhex(s[:], b) }

func unhex(dst, b []byte) error {
	if len(b) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("%d hex digits where %d stand", len(b), hex.EncodedLen(len(dst)))
	}
	_, err := hex.Decode(dst, b)
	return err
}
