package kiosk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// mostBody is the longest body that a POST may have.
const mostBody = 512

// parseBody reads a flat JSON object of strings that has only the fields named, each at most once. It is stricter than
// encoding/json, which takes a field twice, in any case of letters, and ignores what follows.
func parseBody(body []byte, fields ...string) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("body is not a JSON object")
	}
	got := make(map[string]string, len(fields))
	for d.More() {
		name, err := word(d)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(fields, name) {
			return nil, fmt.Errorf("unknown field of %d bytes", len(name))
		}
		if _, twice := got[name]; twice {
			return nil, fmt.Errorf("field %s comes twice", name)
		}
		if got[name], err = word(d); err != nil {
			return nil, err
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return nil, errors.New("body is cut short")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the object")
	}
	return got, nil
}

// word never quotes what it read: it may be a PIN.
func word(d *json.Decoder) (string, error) {
	t, err := d.Token()
	if err != nil {
		return "", errors.New("body is not JSON")
	}
	s, ok := t.(string)
	if !ok {
		return "", errors.New("a field is not a string")
	}
	return s, nil
}
