package config

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// scalar is a single value as it stands in the file. Kind is text, number, flag or block.
type scalar struct{ text, kind string }

func scalarOf(n ast.Node) scalar {
	switch n := n.(type) {
	case *ast.StringNode:
		return scalar{n.Value, "text"}
	case *ast.LiteralNode:
		if n.Value == nil {
			return scalar{"", "block"}
		}
		return scalar{n.Value.Value, "block"}
	case *ast.BoolNode:
		return scalar{n.Token.Value, "flag"}
	}
	if t := n.GetToken(); t != nil && t.Type != token.InvalidType {
		return scalar{t.Value, "number"}
	}
	return scalar{"", "text"}
}

// parseLeaf sets v from what the installer wrote, or says what is wrong and what to write instead.
func parseLeaf(v reflect.Value, s scalar, tag reflect.StructTag) (what, fix string) {
	switch p := v.Addr().Interface().(type) {
	case *time.Duration:
		span, ok := parseSpan(s.text)
		if !ok {
			return notA(s, "a duration", suggestSpan(s.text, tag))
		}
		*p = span
	case *Offset:
		offset, ok := parseOffset(s.text)
		if !ok {
			return notA(s, "a time zone", "write it as hours and minutes from UTC, such as +08:00")
		}
		*p = offset
	case *Date:
		day, err := time.Parse(time.DateOnly, s.text)
		if err != nil {
			return notA(s, "a day", "write year, month and day, such as 2026-11-01")
		}
		*p = Date(day)
	case *Size:
		size, ok := parseSize(s.text)
		if !ok {
			return notA(s, "a picture size", "write width x height, such as 640x480")
		}
		*p = size
	case *int:
		i, err := strconv.Atoi(s.text)
		if err != nil || s.kind != "number" {
			return notA(s, "a whole number", "write digits without quotes"+exampleOf(tag))
		}
		*p = i
	case *float64:
		x, err := strconv.ParseFloat(s.text, 64)
		if err != nil || s.kind != "number" || math.IsNaN(x) || math.IsInf(x, 0) {
			return notA(s, "a number", "write it without quotes"+exampleOf(tag))
		}
		*p = x
	case *bool:
		if s.kind != "flag" {
			return notA(s, "true or false", suggestFlag(s.text))
		}
		*p = strings.EqualFold(s.text, "true")
	case *Secret:
		if s.text == "" {
			return "is empty", "write a value or delete the line" + exampleOf(tag)
		}
		*p = Secret(s.text) // whatever it is, a rule judges it without showing it
		return "", ""
	default:
		if v.Kind() != reflect.String {
			panic("config: internal error: no reader for " + v.Type().String())
		}
		if s.kind != "text" && s.kind != "block" {
			return "is a " + s.kind + ", wanted a text", "put it in quotes" // unshown: it may be a password in the wrong place
		}
		if strings.ContainsFunc(s.text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
			return "holds a control character", "write plain text"
		}
		v.SetString(s.text)
	}
	return inTags(v, s, tag)
}

func notA(s scalar, wanted, fix string) (string, string) {
	if s.text == "" {
		return "is empty, wanted " + wanted, fix
	}
	return shown(s.text) + " is not " + wanted, fix
}

// inTags checks a value against the choices and the range of its tags.
func inTags(v reflect.Value, s scalar, tag reflect.StructTag) (what, fix string) {
	if one := tag.Get("one"); one != "" {
		words := strings.Split(one, "|")
		for _, w := range words {
			if v.String() == w {
				return "", ""
			}
		}
		if near := nearest(s.text, words); near != "" {
			return shown(s.text) + " is not a choice here", "did you mean " + near + "? The choices are " + list(words)
		}
		return shown(s.text) + " is not a choice here", "write " + list(words)
	}
	if v.Kind() == reflect.String && s.text == "" && tag.Get("yaml") != "" && (tag.Get("need") != "" || tag.Get("default") != "" || tag.Get("path") != "") {
		return "is empty", "write a value or delete the line" + exampleOf(tag)
	}
	from, to, ok := strings.Cut(tag.Get("range"), "..")
	if !ok {
		return "", ""
	}
	if compare(v, from, -1) || compare(v, to, +1) {
		return shown(s.text) + " is out of range", "write a value from " + from + " to " + to
	}
	return "", ""
}

// compare says whether v lies on the given side of a bound that is written like the value itself.
func compare(v reflect.Value, bound string, side int) bool {
	b := reflect.New(v.Type()).Elem()
	if what, _ := parseLeaf(b, scalar{bound, "number"}, ""); what != "" {
		panic("config: internal error: range bound " + bound)
	}
	if s, ok := v.Interface().(Size); ok {
		t := b.Interface().(Size)
		return side*(s.Width-t.Width) > 0 || side*(s.Height-t.Height) > 0
	}
	if v.CanInt() {
		return side < 0 && v.Int() < b.Int() || side > 0 && v.Int() > b.Int()
	}
	return side < 0 && v.Float() < b.Float() || side > 0 && v.Float() > b.Float()
}

// fill writes the defaults of a section and of the sections in it.
func fill(v reflect.Value) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		at, text := v.FieldByIndex(f.Index), f.Tag.Get("default")
		switch {
		case isSection(f.Type):
			fill(at)
		case text == "":
		case f.Type == reflect.TypeFor[[]string]():
			at.Set(reflect.ValueOf(strings.Split(text, ", ")))
		default:
			kind := "number"
			if at.Kind() == reflect.String {
				kind = "text"
			} else if at.Kind() == reflect.Bool {
				kind = "flag"
			}
			if what, _ := parseLeaf(at, scalar{text, kind}, f.Tag); what != "" {
				panic("config: internal error: default of " + f.Name + ": " + what)
			}
		}
	}
}

func fieldFor(t reflect.Type, key string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("yaml") == key && key != "-" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// keysOf lists every key that may stand below a type, as dotted paths.
func keysOf(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if !isSection(t) {
		return nil
	}
	var keys []string
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			keys = append(keys, join(path, key))
			keys = append(keys, keysOf(f.Type, join(path, key))...)
		}
	}
	return keys
}

// examples of keys that have no default to show.
func exampleOf(tag reflect.StructTag) string {
	text, key := tag.Get("default"), tag.Get("yaml")
	switch key {
	case "languages":
		text = "[zh, en]"
	case "device":
		text = "device: {id: door-1}"
	case "id":
		if text == "" {
			text = "door-1"
		}
	case "door":
		text = "door: {methods: [pin]}"
	case "methods":
		text = "[pin, face]"
	case "staff":
		text = "staff: [{name: reception, pin_hash: '…'}] with the hash from `edged pin`"
	case "name":
		text = "reception"
	case "pin_hash":
		text = "'…', as printed by `edged pin`"
	case "source":
		text = "v4l2"
	case "broker":
		text = "ssl://broker.example:8883"
	case "place":
		text = "residential-gate"
	case "models":
		text = "/usr/share/edged/models"
	}
	if text == "" {
		return ""
	}
	return ", such as " + text
}

func example(f reflect.StructField) string { return exampleOf(f.Tag) }

// suggestFlag answers YAML 1.1's many words for yes.
func suggestFlag(text string) string {
	switch strings.ToLower(text) {
	case "yes", "on", "y", "1":
		return "write true"
	case "no", "off", "n", "0":
		return "write false"
	}
	return "write true or false"
}
