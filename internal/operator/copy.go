package operator

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/extract"
)

type verifyCopyCmd struct {
	Codes string `arg:"" help:"A file with the texts of the QR codes, one a line, in any order; - for standard input."`
	Key   string `required:"" help:"The device's public key."`
	JSON  bool   `name:"json" help:"Print the copy itself, in JSON, once it verifies."`
}

// Run puts the codes together and checks each record of consent in what they hold.
func (c *verifyCopyCmd) Run(d *desk) error {
	text, err := d.text(c.Codes, "EDGEC")
	if err != nil {
		return err
	}
	document, records, err := openCopy(strings.Split(strings.TrimSpace(text), "\n"), c.Key) // a space is a letter of base45
	switch {
	case err != nil:
		fmt.Fprintln(d.out, "does not verify:", err)
		return errNo
	case c.JSON:
		return d.answer(json.RawMessage(document))
	}
	fmt.Fprintf(d.out, "verifies: %d records of consent, each signed by this device\n", len(records))
	for _, r := range records {
		fmt.Fprintf(d.out, "  %s  %-11s %s", r.At.Format(time.RFC3339), r.State, r.Evidence)
		if r.Guardian != nil {
			fmt.Fprintf(d.out, ", by a guardian (%s), seen by %s", r.Guardian.Relation, r.Guardian.Verifier)
		}
		if !r.Until.IsZero() {
			fmt.Fprintf(d.out, ", until %s", r.Until.Format(time.DateOnly))
		}
		fmt.Fprintln(d.out)
	}
	return nil
}

// openCopy gives a copy or a receipt, and the records in it, all of which the key has signed.
func openCopy(codes []string, key string) (document []byte, records []consent.Record, err error) {
	if document, err = extract.Join(codes); err != nil {
		return nil, nil, err
	}
	var whole struct {
		Schema   string          `json:"schema"`
		Consents json.RawMessage `json:"consent_document"`
	}
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, nil, fmt.Errorf("the copy is not JSON: %w", err)
	}
	inner := document // the receipt of a consent is its document alone
	if whole.Schema != "" {
		inner = whole.Consents
	}
	if inner == nil { // somebody who was never asked has a copy without any
		return document, nil, nil
	}
	if _, records, err = consent.ParseDocument(inner); err != nil {
		return nil, nil, err
	}
	for i, r := range records {
		if err := r.Verify(key); err != nil {
			return nil, nil, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	return document, records, nil
}
