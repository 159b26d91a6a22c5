// Package assess is the personal information protection impact assessment: what people write, what the device measures,
// what both are bound to, and who signed it when. It never lets a face be used on an assessment that is missing a part,
// speaks of another door, claims more than the device finds true of itself, or was made before an incident.
//
// The four blocks are those of article 9 of the Measures for the security management of face recognition technology
// (2025) and article 56 of the PIPL. The keeper records the hash of the assessment in its log before the first face is
// taken; so the order of the two can be shown to anybody, and cannot be made up afterwards.
//
// More than five names are exported: the form is, side by side, everything that people fill in.
package assess

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A Form is what people fill in.
type Form struct {
	Purpose    Purpose    `json:"purpose" yaml:"purpose" need:"yes"`
	Effect     Effect     `json:"effect" yaml:"effect" need:"yes"`
	Risk       Risk       `json:"risk" yaml:"risk" need:"yes"`
	Protection Protection `json:"protection" yaml:"protection" need:"yes"`
	Claims     Claims     `json:"claims" yaml:"claims" need:"yes"`
}

// Purpose is the first block: whether purpose and way are lawful, proper and necessary.
type Purpose struct {
	Lawful    string `json:"lawful" yaml:"lawful"`
	Proper    string `json:"proper" yaml:"proper"`
	Necessary string `json:"necessary" yaml:"necessary"`
}

// Effect is the second: what it does to people's rights, and whether what was done to reduce that works.
type Effect struct {
	OnRights string `json:"on_rights" yaml:"on_rights"`
	Reduced  string `json:"reduced" yaml:"reduced"`
}

// Risk is the third: what may happen to the data, and the harm that would be.
type Risk struct {
	Leak      string `json:"leak" yaml:"leak"`
	Tampering string `json:"tampering" yaml:"tampering"`
	Loss      string `json:"loss" yaml:"loss"`
	Misuse    string `json:"misuse" yaml:"misuse"` // taken, sold or used against the law
	Harm      string `json:"harm" yaml:"harm"`
}

// Protection is the fourth: whether the protections are lawful, effective and in proportion.
type Protection struct {
	Lawful        string `json:"lawful" yaml:"lawful"`
	Effective     string `json:"effective" yaml:"effective"`
	Proportionate string `json:"proportionate" yaml:"proportionate"`
}

// Claims are the statements that the device can look into itself. One that is better than what it finds is a conflict.
type Claims struct {
	RetentionDays int    `json:"retention_days" yaml:"retention_days"`
	Encrypted     bool   `json:"encrypted" yaml:"encrypted"`           // each face under a key of its own
	PicturesKept  bool   `json:"pictures_kept" yaml:"pictures_kept"`   // must be false: none ever is
	LeavesDevice  bool   `json:"leaves_device" yaml:"leaves_device"`   // must be false: no face does
	OtherWay      bool   `json:"other_way" yaml:"other_way"`           // a PIN opens the same door
	RoomsApart    bool   `json:"rooms_apart" yaml:"rooms_apart"`       // the kernel holds the rooms apart
	Keys          string `json:"keys" yaml:"keys"`                     // at least this tier: key-file, passphrase, credential or tpm
	TellsABroker  bool   `json:"tells_a_broker" yaml:"tells_a_broker"` // events without faces go to a broker
}

// Facts are what the device measured when the assessment was signed.
type Facts struct {
	Version       string  `json:"version"`
	Threshold     float64 `json:"threshold"`        // for the list as it was
	FalseMatch    float64 `json:"false_match_rate"` // upper bound there, 95 %
	RetentionDays int     `json:"retention_days"`
	Enrolled      int     `json:"enrolled"`  // people whose face was stored
	HighMark      int     `json:"high_mark"` // the most there ever were
	Keys          string  `json:"keys"`
	RoomsApart    bool    `json:"rooms_apart"`
	TellsABroker  bool    `json:"tells_a_broker"`
	ExportsDone   int     `json:"exports_done"` // faces handed to anybody
}

// Signed is who stands for it.
type Signed struct {
	Name string    `json:"name"`
	Post string    `json:"post"`
	At   time.Time `json:"at"`
	Seal string    `json:"seal"` // SHA-256 of everything else, hex
}

// An Assessment is a form that was signed, for one door as it was then.
type Assessment struct {
	Form   Form   `json:"form"`
	Bound  Bound  `json:"bound"`
	Facts  Facts  `json:"facts"`
	Signed Signed `json:"signed"`
}

// maxLen bounds what Parse reads.
const maxLen = 48 << 10

// Parse reads a signed assessment as Sign writes it. It says nothing about whether it holds.
func Parse(b []byte) (*Assessment, error) {
	if len(b) > maxLen {
		return nil, fmt.Errorf("assessment: %d bytes, at most %d", len(b), maxLen)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var a Assessment
	if err := d.Decode(&a); err != nil {
		return nil, fmt.Errorf("assessment: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("assessment: something follows after its end")
	}
	return &a, nil
}

// Sign seals a form for a door. The form must be whole and agree with what the device says of itself.
func Sign(f Form, b Bound, facts Facts, name, post string, at time.Time) (*Assessment, error) {
	if wrong := f.Check(); len(wrong) > 0 {
		return nil, fmt.Errorf("assessment: %s %s; %s", wrong[0].Field, wrong[0].What, wrong[0].Fix)
	}
	if name == "" || post == "" {
		return nil, errors.New("assessment: nobody signs it: name and post are needed")
	}
	a := &Assessment{f, b, facts, Signed{Name: name, Post: post, At: at.UTC().Truncate(time.Second)}}
	a.Signed.Seal = a.seal()
	return a, nil
}

// Canonical is the one spelling of an assessment.
func (a *Assessment) Canonical() []byte {
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil { // texts, numbers and words: there is nothing in it that could fail
		panic("assess: internal error: " + err.Error())
	}
	return append(b, '\n')
}

// Hash names exactly this assessment.
func (a *Assessment) Hash() [32]byte { return sha256.Sum256(a.Canonical()) }

func (a *Assessment) seal() string {
	b := *a
	b.Signed.Seal = ""
	h := sha256.Sum256(b.Canonical())
	return hex.EncodeToString(h[:])
}

// Folder is where the keeper keeps every assessment that ever held, and FileName what one is called there. Nothing
// removes them: the law asks for three years (PIPL, article 56), and a page a year is no burden.
const Folder = "assessments"

// FileName begins with the hash that the log names.
func FileName(hash [32]byte) string { return hex.EncodeToString(hash[:]) + ".json" }
