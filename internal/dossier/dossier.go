// Package dossier is what a handler hands to an authority or a court, and what they check of it with nothing but the
// device's public key: the filing, and the evidence about one person. It never holds a face, a PIN or anything that
// leads to a person beyond the pseudonym of the log, and never says more than its signed lines bear: what they do not
// prove is called "cannot be proved".
//
// More than five names are exported: two dossiers, their parts, and what checking gives.
package dossier

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

const schema = 1

// Common is what every dossier begins with.
type Common struct {
	Schema     int              `json:"schema"`
	Kind       string           `json:"kind"` // "filing", "cancellation" or "evidence"
	Device     string           `json:"device"`
	Declared   site.Declaration `json:"declared"`
	Notice     json.RawMessage  `json:"notice"`     // the handling rules, as people read them
	Assessment json.RawMessage  `json:"assessment"` // signed; the log names its hash
	Log        audit.Extract    `json:"log"`
}

// maxLen bounds what is read: a filing is some 60 kB, evidence about somebody who comes every day some megabytes.
const maxLen = 64 << 20

// Answer is one statement of a check: what it says, and whether that is proved.
type Answer struct {
	Asks   string `json:"asks"`
	Proved bool   `json:"proved"`
	Says   string `json:"says"`
}

// opened is a dossier whose signatures hold.
type opened struct {
	lines      map[uint64]audit.Entry
	order      []uint64
	head       wire.Head
	notice     *notice.Notice
	assessment *assess.Assessment
}

// open checks what all dossiers have in common.
func (c *Common) open(publicKey string) (o opened, err error) {
	if c.Schema != schema {
		return o, fmt.Errorf("the dossier is of version %d, and this program reads version %d", c.Schema, schema)
	}
	if o.lines, o.head, err = c.Log.Verify(publicKey); err != nil {
		return o, err
	}
	for _, l := range c.Log.Lines {
		o.order = append(o.order, l.Index)
	}
	if there(c.Notice) {
		if o.notice, err = notice.Parse(c.Notice); err != nil {
			return o, err
		}
	}
	if there(c.Assessment) {
		if o.assessment, err = assess.Parse(c.Assessment); err != nil {
			return o, err
		}
	}
	return o, nil
}

// find gives the lines that a question is about, the oldest first.
func (o opened) find(want func(audit.Entry) bool) (all []uint64) {
	for _, i := range o.order {
		if want(o.lines[i]) {
			all = append(all, i)
		}
	}
	return all
}

// kind is find for lines of one kind.
func (o opened) kind(k wire.Kind) []uint64 {
	return o.find(func(e audit.Entry) bool { return e.Kind == k })
}

// assessedAt is where the log names the assessment for the first time.
func (o opened) assessedAt() (index uint64, ok bool) {
	if o.assessment == nil {
		return 0, false
	}
	hash := audit.Hash(o.assessment.Hash())
	at := o.find(func(e audit.Entry) bool { return e.Kind == wire.KindAssessed && e.Commit == hash })
	if len(at) == 0 {
		return 0, false
	}
	return at[0], true
}

func day(e audit.Entry) string {
	s := time.UnixMilli(e.At).UTC().Format(time.DateOnly)
	if !e.Trusted {
		s += " (the device did not trust its clock then)"
	}
	return s
}

// decode reads a dossier strictly: what it does not know, it does not pass over.
func decode(b []byte, into any) error {
	if len(b) > maxLen {
		return fmt.Errorf("a dossier of %d bytes, at most %d", len(b), maxLen)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("this is no dossier: %w", err)
	}
	return nil
}

// Kind tells what a file is, before it is read as that.
func Kind(b []byte) (string, error) {
	var c struct{ Kind string }
	if json.Unmarshal(b, &c) != nil || !slices.Contains([]string{"filing", "cancellation", "evidence"}, c.Kind) {
		return "", errors.New("this is no dossier")
	}
	return c.Kind, nil
}

// there tells whether a part was enclosed: JSON writes nothing as null.
func there(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
