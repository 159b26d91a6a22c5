package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"example.org/edged/internal/notice"
)

// Read reads and checks the file at path and the notice that it names. The error is an *Error with everything that is
// wrong in both. Nothing outside the two files is looked at: see Check.
func Read(path string) (*Config, error) {
	text, bad := slurp(path)
	if bad != nil {
		return nil, &Error{[]Defect{*bad}}
	}
	root, bad := tree(path, text)
	if bad != nil {
		return nil, &Error{[]Defect{*bad}}
	}
	var c Config
	d := newDecoder(path, reflect.TypeFor[Config]())
	if !isMap(root) {
		return nil, &Error{[]Defect{{path, 1, 1, "", "holds " + wordFor(root) + " instead of keys and values",
			"write \"key: value\" with a plain colon and a space; begin with a copy of one of the examples in configs/"}}}
	}
	d.section(root, reflect.ValueOf(&c).Elem(), "")
	file, err := filepath.Abs(path)
	if err != nil {
		return nil, &Error{[]Defect{{File: path, What: "cannot tell which folder it is in: " + reason(err), Fix: "give the path from /"}}}
	}
	c.File = file
	c.where = func(key string) (line, column int) { p := d.where(key); return p.line, p.column }
	if c.Notice != "" {
		c.Text = d.notice(beside(path, c.Notice), &c)
	}
	absolute(reflect.ValueOf(&c).Elem(), filepath.Dir(file))
	if c.Assess == "" {
		c.Assess = filepath.Join(c.State, "assessment.json")
	}
	d.rules(&c)
	if len(d.defects) > 0 {
		slices.SortStableFunc(d.defects, func(a, b Defect) int {
			return cmp.Or(cmp.Compare(b2i(a.File != path), b2i(b.File != path)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, &Error{d.defects}
	}
	return &c, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// beside is a path as the config file means it: from the config file's folder.
func beside(config, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(config), path)
}

// absolute makes every path of a section absolute.
func absolute(v reflect.Value, dir string) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		at := v.FieldByIndex(f.Index)
		if f.Tag.Get("yaml") == "-" {
			continue
		}
		if at.Kind() == reflect.Pointer && !at.IsNil() {
			at = at.Elem()
		}
		switch {
		case isSection(at.Type()):
			absolute(at, dir)
		case f.Tag.Get("path") != "" && at.Len() > 0 && !filepath.IsAbs(at.String()):
			at.SetString(filepath.Join(dir, at.String()))
		}
	}
}

// notice reads the notice that the config names; its defects carry its own file and lines.
func (d *decoder) notice(path string, c *Config) *notice.Notice {
	text, bad := slurp(path)
	if bad != nil {
		d.fault("notice", fmt.Sprintf("%q: %s", path, bad.What), "write the path of the notice, seen from the folder of this file")
		return nil
	}
	root, bad := tree(path, text)
	if bad != nil {
		d.defects = append(d.defects, *bad)
		d.bad["notice"] = true
		return nil
	}
	var n notice.Notice
	inner := newDecoder(path, reflect.TypeFor[notice.Notice]())
	inner.section(root, reflect.ValueOf(&n).Elem(), "")
	if len(inner.defects) == 0 {
		for _, why := range split(n.Validate(n.Keep())) { // that it is the policy's is checked in rules, with both places
			key := inner.keyIn(why)
			what, fix, _ := strings.Cut(strings.TrimLeft(strings.TrimPrefix(why, key), ": "), "; ")
			inner.fault(key, what, cmp.Or(fix, "compare with configs/notice.example.yaml"))
		}
	}
	if c.Face != nil && len(inner.defects) == 0 && !d.bad["face.keep"] && n.Keep() != c.Face.Keep {
		p := inner.where("retention_days")
		d.fault("face.keep", fmt.Sprintf("is %s, but the notice tells people %d days (%s:%d)", days(c.Face.Keep), n.RetentionDays, path, p.line),
			"people must be told how long their face is kept: make the two equal")
	}
	d.defects = append(d.defects, inner.defects...)
	if len(inner.defects) > 0 {
		d.bad["notice"] = true
		return nil
	}
	return &n
}

// split takes joined errors apart.
func split(err error) []string {
	if err == nil {
		return nil
	}
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return []string{strings.TrimPrefix(err.Error(), "notice: ")}
	}
	var out []string
	for _, e := range many.Unwrap() {
		out = append(out, split(e)...)
	}
	return out
}

// keyIn is the longest key of the file, or failing that of its form, that a complaint begins with.
func (d *decoder) keyIn(why string) string {
	best := ""
	begins := func(key string) bool {
		rest, ok := strings.CutPrefix(why, key)
		return ok && len(key) > len(best) && (rest == "" || strings.ContainsRune(": .[", rune(rest[0])))
	}
	for key := range d.at {
		if begins(key) {
			best = key
		}
	}
	for _, key := range d.keys {
		if begins(key) {
			best = key
		}
	}
	return best
}
