package config

import (
	"reflect"

	"example.org/edged/internal/assess"
)

// ReadForm reads a filled-in form of an impact assessment, as strictly as the config file: what is missing, hollow or
// unknown is told with file, line, column and what is asked.
func ReadForm(path string) (*assess.Form, error) {
	text, bad := slurp(path)
	if bad != nil {
		return nil, &Error{[]Defect{*bad}}
	}
	root, bad := tree(path, text)
	if bad != nil {
		return nil, &Error{[]Defect{*bad}}
	}
	var f assess.Form
	d := newDecoder(path, reflect.TypeFor[assess.Form]())
	d.section(root, reflect.ValueOf(&f).Elem(), "")
	for _, wrong := range f.Check() {
		d.need(false, wrong.Field, wrong.What, wrong.Fix)
	}
	if len(d.defects) > 0 {
		return nil, &Error{d.defects}
	}
	return &f, nil
}
