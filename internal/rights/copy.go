package rights

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/extract"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// A Copy is all that this device keeps of a person, but for the numbers of their face, which nobody can read. The names
// are stable; docs/consent-record.md describes what is in Consents.
type Copy struct {
	Schema   string            `json:"schema"`
	Device   string            `json:"device"`
	Made     time.Time         `json:"made_at"`
	Number   wire.Number       `json:"number"`
	Age      string            `json:"age"`           // wire.AgeBand
	Born     uint32            `json:"born,omitzero"` // yyyymmdd, of a minor
	Noted    string            `json:"age_noted_by,omitempty"`
	Face     bool              `json:"face_stored"`
	EraseAt  time.Time         `json:"face_erased_at,omitzero"`
	Rests    bool              `json:"face_rests"`
	Consents *consent.Document `json:"consent_document,omitempty"`
	Log      []audit.Entry     `json:"log"` // the latest lines about them, newest first
}

const copySchema = "edged-copy/1"

// Take gives somebody a copy of their record, in pieces.
func (d *Desk) Take(turn wire.Session, p person.ID) wire.Prompt {
	if !d.write(audit.Entry{Kind: wire.KindCopyTaken, Who: d.Name(p)}) { // before it is on the screen
		return wire.PromptFaultAsk
	}
	document, err := json.Marshal(d.copyOf(p))
	if err == nil {
		err = d.send(turn, document, true)
	}
	if err != nil {
		d.Slog.Error("a copy could not be made", slog.String("why", err.Error()))
		return wire.PromptFaultAsk
	}
	return wire.PromptHome
}

// Given gives somebody the receipt of the consent that they have just given.
func (d *Desk) Given(turn wire.Session, p person.ID) {
	if d.Faces == nil {
		return
	}
	document, err := d.Faces.Document(p)
	if err == nil {
		err = d.send(turn, document.Encode(), false)
	}
	if err != nil {
		d.Slog.Error("the receipt of a consent could not be made; the record has it", slog.String("why", err.Error()))
	}
}

func (d *Desk) copyOf(p person.ID) *Copy {
	who := d.Name(p)
	at, _ := d.Now()
	c := &Copy{Schema: copySchema, Device: d.Device, Made: at.UTC().Truncate(time.Second), Number: who.Number(), Age: d.Stands(p).Band.String()}
	if d.Births != nil {
		c.Born, c.Noted = d.Births.Noted(p)
	}
	if d.Faces != nil {
		var r wire.Record
		d.Faces.Describe(p, &r)
		if c.Face, c.Rests = r.EraseAt != 0, r.Restricted; c.Face {
			c.EraseAt = time.Unix(r.EraseAt, 0).UTC()
		}
		var err error
		if c.Consents, err = d.Faces.Document(p); err != nil {
			d.Slog.Error("a person's consents could not be read in full", slog.String("why", err.Error()))
		}
	}
	c.Log = d.recent(who)
	if len(c.Log) > 64 {
		c.Log = c.Log[:64]
	}
	return c
}

// send says the pieces.
func (d *Desk) send(turn wire.Session, document []byte, whole bool) error {
	pieces, err := extract.Pack(document)
	if err != nil {
		return err
	}
	for i, piece := range pieces {
		w := wire.Piece{Session: turn, Copy: whole, Part: uint8(i), Last: uint8(len(pieces) - 1), Len: uint16(len(piece))}
		if copy(w.Data[:], piece) < len(piece) {
			return fmt.Errorf("a piece of %d bytes", len(piece))
		}
		d.Say(&w)
	}
	return nil
}
