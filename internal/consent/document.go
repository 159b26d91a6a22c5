package consent

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.org/edged/internal/notice"
)

// A Document is everything about one person's consents in a form that people and other programs read: the person's own
// copy, and evidence. Records and notices stand in it word for word, with their hashes and signatures; what is said of
// them besides, in the names of ISO/IEC TS 27560, is made from them and believed only when it is the same
// (docs/consent-record.md describes each field).
type Document struct {
	Schema   string                     `json:"schema_version"`
	Person   string                     `json:"pii_principal_id"`
	Consents []Summary                  `json:"consents"`
	Notices  map[string]json.RawMessage `json:"notices"` // by hash, as package notice writes them
	Records  []json.RawMessage          `json:"records"` // the chain, oldest first
}

// A Summary is one consent: the text, what happens with the data, who takes part, and what has happened to it.
type Summary struct {
	RecordID string   `json:"record_id"`
	Notice   Text     `json:"privacy_notice"`
	Handling Handling `json:"processing"`
	Parties  []Party  `json:"parties"`
	Events   []Event  `json:"events"`
}

// Text is which notice was put before the person.
type Text struct {
	Hash     string `json:"hash"`
	Version  int    `json:"version"`
	Language string `json:"language"`
}

// Handling is what the person agreed to, in the language they read.
type Handling struct {
	Purpose      string   `json:"purpose"`
	PurposeText  string   `json:"purpose_text"`
	LegalBasis   string   `json:"lawful_basis"`
	Data         []string `json:"pii_type"`
	Sensitive    bool     `json:"pii_sensitive"`
	Collection   string   `json:"collection_method"`
	Method       string   `json:"processing_method"`
	Storage      string   `json:"storage_location"`
	Retention    string   `json:"retention_period"` // ISO 8601
	AtEnd        string   `json:"expiry_handling"`
	Jurisdiction string   `json:"jurisdiction"`
	Recipients   []string `json:"recipients"`
	Withdrawal   string   `json:"withdrawal_method"`
	Rights       string   `json:"pii_principal_rights"`
	Necessity    string   `json:"necessity"`
	Effect       string   `json:"impact_on_rights"`
	Separate     bool     `json:"separate"`
	Refusable    bool     `json:"refusal_offered"`
	Written      bool     `json:"written_required"` // no law asks for it at a door; a paper may still be the evidence
	Rules        string   `json:"ruleset_version,omitempty"`
	PIA          string   `json:"impact_assessment,omitempty"`
}

// A Party takes part in it.
type Party struct {
	ID      string `json:"party_id"`
	Type    string `json:"party_type"`
	Name    string `json:"party_name,omitempty"`
	Contact string `json:"party_contact,omitempty"`
	Address string `json:"party_address,omitempty"`
	Role    string `json:"party_role,omitempty"`
}

// An Event is one thing that happened to the consent.
type Event struct {
	Time     time.Time `json:"event_time"`
	Trusted  bool      `json:"event_time_trusted"`
	Type     string    `json:"event_type"`
	State    string    `json:"event_state"`
	Entity   string    `json:"entity_id"` // who acted
	Evidence string    `json:"evidence"`
	Validity string    `json:"validity_duration,omitempty"` // ISO 8601
	Until    time.Time `json:"valid_until,omitzero"`
	Record   string    `json:"record_id"`
}

const documentSchema = "edged-consent-document/1"

// Describe makes the document of a chain, oldest record first. Notices gives the text of each hash.
func Describe(records []Record, notices func([32]byte) (*notice.Notice, bool)) (*Document, error) {
	d := &Document{Schema: documentSchema, Consents: []Summary{}, Notices: map[string]json.RawMessage{}, Records: []json.RawMessage{}}
	for _, r := range records {
		if d.Person == "" {
			d.Person = r.Who
		}
		if r.Who != d.Person {
			return nil, errors.New("consent document: records of two people")
		}
		hash := hex.EncodeToString(r.Notice[:])
		n, ok := notices(r.Notice)
		if !ok {
			return nil, fmt.Errorf("consent document: the text %s… is missing", hash[:8])
		}
		d.Notices[hash] = n.Canonical()
		d.Records = append(d.Records, r.encode())
		if r.State == Given {
			d.Consents = append(d.Consents, summary(r, n))
		}
		if last := len(d.Consents) - 1; last >= 0 {
			d.Consents[last].Events = append(d.Consents[last].Events, event(r)...)
		}
	}
	return d, nil
}

func summary(r Record, n *notice.Notice) Summary {
	t := n.Text[r.Language]
	s := Summary{RecordID: hex.EncodeToString(r.ID[:]), Notice: Text{hex.EncodeToString(r.Notice[:]), r.NoticeVersion, r.Language}}
	s.Handling = Handling{
		Purpose: string(r.Purpose), PurposeText: t.Purpose, LegalBasis: r.LegalBasis, Data: []string{string(r.Data)}, Sensitive: true,
		Collection: "camera-of-this-device", Method: t.Method, Storage: r.Storage, Retention: days(n.RetentionDays), AtEnd: t.AtEnd,
		Jurisdiction: r.Jurisdiction, Recipients: r.Recipients, Withdrawal: r.Withdrawal, Rights: t.Rights, Necessity: t.Necessity,
		Effect: t.Effect, Separate: r.Separate, Refusable: r.RefusalOffered, Rules: r.Rules, PIA: r.PIA,
	}
	s.Parties = []Party{
		{ID: "controller", Type: "pii-controller", Name: t.Handler, Contact: t.Contact, Address: t.Contact, Role: "answers for it"},
		{ID: r.Who, Type: "pii-principal"},
		{ID: r.Device, Type: "device", Role: "keeps and uses it"},
	}
	if g := r.Guardian; g != nil {
		s.Parties = append(s.Parties, Party{ID: g.Who, Type: "guardian", Role: g.Relation}, Party{ID: g.Verifier, Type: "staff", Role: "has seen the relation on paper"})
	}
	if r.Attested != "" {
		s.Parties = append(s.Parties, Party{ID: r.Attested, Type: "staff", Role: "has seen the paper signed"})
	}
	return s
}

// event is what a record says; a given one says two things, because it holds when the notice was put before them.
func event(r Record) []Event {
	e := Event{Time: r.At, Trusted: r.Trusted, Type: "explicit", State: string(r.State), Entity: r.Who, Evidence: string(r.Evidence),
		Record: hex.EncodeToString(r.ID[:])}
	switch {
	case r.State == Requested || r.Evidence == ByNobody && r.State != Refused:
		e.Type, e.Entity = "by-device", r.Device
	case r.Guardian != nil:
		e.Entity = r.Guardian.Who
	case r.Evidence == ByStaff:
		e.Type, e.Entity = "by-staff", r.Attested
	}
	if r.State != Given {
		return []Event{e}
	}
	e.Validity, e.Until = days(int(r.Until.Sub(r.At)/(24*time.Hour))), r.Until
	asked := Event{Time: r.Asked, Trusted: r.Trusted, Type: "by-device", State: string(Requested), Entity: r.Device,
		Evidence: string(ByNobody), Record: e.Record}
	if r.Asked.IsZero() { // of the first form
		return []Event{e}
	}
	return []Event{asked, e}
}

func days(n int) string { return fmt.Sprintf("P%dD", n) }

// Encode writes the document.
func (d *Document) Encode() []byte {
	b, err := json.Marshal(d)
	if err != nil { // strings, numbers and times of four digits, and JSON that this package wrote
		panic("consent: internal error: " + err.Error())
	}
	return b
}

// most bounds what ParseDocument reads.
const most = 4 << 20

// ParseDocument reads a document and makes it anew from the records and notices in it: a word that does not follow from
// them, a record that is missing in the middle, or a field too many makes it worthless. Whose device signed it is for
// Record.Verify.
func ParseDocument(b []byte) (*Document, []Record, error) {
	if len(b) > most {
		return nil, nil, fmt.Errorf("consent document: %d bytes, at most %d", len(b), most)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var got Document
	if err := d.Decode(&got); err != nil {
		return nil, nil, fmt.Errorf("consent document: %w", err)
	}
	if got.Schema != documentSchema {
		return nil, nil, fmt.Errorf("consent document: schema %q is not %q: use a newer edgectl", got.Schema, documentSchema)
	}
	notices := map[[32]byte]*notice.Notice{}
	for hash, raw := range got.Notices {
		n, err := notice.Parse(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("consent document: %w", err)
		}
		if h := n.Hash(); hex.EncodeToString(h[:]) != hash {
			return nil, nil, errors.New("consent document: a notice was changed")
		}
		notices[n.Hash()] = n
	}
	var records []Record
	for i, raw := range got.Records {
		r, err := Parse(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("consent document: record %d: %w", i+1, err)
		}
		if i > 0 && (r.Prev != records[i-1].Hash() || r.Sequence != records[i-1].Sequence+1) {
			return nil, nil, fmt.Errorf("consent document: the chain does not hold at record %d", i+1)
		}
		records = append(records, r)
	}
	again, err := Describe(records, func(h [32]byte) (*notice.Notice, bool) { n, ok := notices[h]; return n, ok })
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(again.Encode(), b) {
		return nil, nil, errors.New("consent document: it says something that its records do not")
	}
	return again, records, nil
}
