// Package notice is what a person is told before anything is asked of them, as typed data in several languages. It
// never shows, stores or sends anything: a notice that is empty, contradicts itself or presses people is an error.
//
// More than five names are exported: a notice has a purpose and a kind of data, both closed sets, is read on a screen
// as sections, and what changed between two of them has a class.
package notice

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Languages that every notice has, in the order in which the screen offers them. Others may stand beside them when
// titles.json has their headings; the phrases that press people are known in these two only, so another language is
// read by a person before it is shown.
var Languages = []string{"zh", "en"}

// A Purpose is what a face may be used for. The set is closed: a purpose that is not below does not exist.
type Purpose string

// DoorEntry lets a person in at this door. Handing a face to anybody else is another purpose, and there is none yet.
const DoorEntry Purpose = "door-entry"

// A DataKind is what is kept of a person. The set is closed.
type DataKind string

// FaceTemplate is numbers computed from a face; no picture is kept.
const FaceTemplate DataKind = "face-template"

// LeavesNothing is the only answer there is to what leaves the device.
const LeavesNothing = "nothing"

// A Notice is one version of the text. Change a word of it and its hash, by which consents name it, changes too.
type Notice struct {
	Version       int             `json:"version" yaml:"version"`
	Purpose       Purpose         `json:"purpose" yaml:"purpose"`
	Data          []DataKind      `json:"data" yaml:"data"` // exactly one: one consent, one kind of data
	RetentionDays int             `json:"retention_days" yaml:"retention_days"`
	Leaves        string          `json:"leaves_device" yaml:"leaves_device"`
	Text          map[string]Text `json:"text" yaml:"text"` // by language
}

// Text is a notice in one language. How long a face is kept is not among the texts: the screen writes it from
// RetentionDays, so that words and policy cannot say different things.
type Text struct {
	Handler   string `json:"handler" yaml:"handler"`     // who answers for it
	Contact   string `json:"contact" yaml:"contact"`     // phone or mail
	Complaint string `json:"complaint" yaml:"complaint"` // where else to turn to, phone or mail
	Purpose   string `json:"purpose" yaml:"purpose"`
	Method    string `json:"method" yaml:"method"`
	Data      string `json:"data" yaml:"data"`
	AtEnd     string `json:"at_end" yaml:"at_end"` // what happens when the time is over
	Necessity string `json:"necessity" yaml:"necessity"`
	Effect    string `json:"effect" yaml:"effect"` // on the person's rights
	Rights    string `json:"rights" yaml:"rights"` // how to use them; withdrawal at the terminal
	OtherWays string `json:"other_ways" yaml:"other_ways"`
	Leaves    string `json:"leaves_device" yaml:"leaves_device"`
}

// maxLen bounds what Parse reads: some thirty screens of text.
const maxLen = 64 << 10

// Parse reads a notice as Canonical writes it; fields that it does not know are refused. It does not judge the
// content: see Validate.
func Parse(b []byte) (*Notice, error) {
	if len(b) > maxLen {
		return nil, fmt.Errorf("notice: %d bytes, at most %d", len(b), maxLen)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var n Notice
	if err := d.Decode(&n); err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("notice: something follows after its end")
	}
	return &n, nil
}

// Canonical is the one spelling of the notice: fields in the order of the type, languages sorted.
func (n *Notice) Canonical() []byte {
	b, err := json.Marshal(n)
	if err != nil { // strings, ints, maps of them: there is nothing in it that could fail
		panic("notice: internal error: " + err.Error())
	}
	return b
}

// Hash names exactly this text.
func (n *Notice) Hash() [32]byte { return sha256.Sum256(n.Canonical()) }

// Keep is how long a face is kept at most.
func (n *Notice) Keep() time.Duration { return time.Duration(n.RetentionDays) * 24 * time.Hour }
