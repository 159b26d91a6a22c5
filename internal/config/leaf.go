package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

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
		text = "door-1"
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

var (
	spanForm   = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)$`)
	looseSpan  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([\p{L}]*)$`)
	offsetForm = regexp.MustCompile(`^([+-])([0-9]{2}):([0-9]{2})$`)
	sizeForm   = regexp.MustCompile(`^([0-9]{1,5})x([0-9]{1,5})$`)
)

var units = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// unitWords are what people write for a unit.
var unitWords = map[string]string{"sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s", "min": "m", "mins": "m",
	"minute": "m", "minutes": "m", "分": "m", "分钟": "m", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h", "day": "d", "days": "d",
	"天": "d", "日": "d", "msec": "ms", "millisecond": "ms", "milliseconds": "ms", "毫秒": "ms"}

// parseSpan reads one number with one unit. Days are 24 hours: due dates are counted in hours, not in calendars.
func parseSpan(text string) (time.Duration, bool) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	x, err := strconv.ParseFloat(m[1], 64)
	if span := x * float64(units[m[2]]); err == nil && span < math.MaxInt64/2 {
		return time.Duration(math.Round(span)), true
	}
	return 0, false
}

// suggestSpan guesses what "3 sec" or a bare 3 was meant to be.
func suggestSpan(text string, tag reflect.StructTag) string {
	m := looseSpan.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "write a number and its unit (ms, s, m, h, d)" + exampleOf(tag)
	}
	unit, word := strings.ToLower(m[2]), ""
	if _, ok := units[unit]; ok {
		word = unit
	} else if w, ok := unitWords[unit]; ok {
		word = w
	} else if bound, _, _ := strings.Cut(tag.Get("default"), ".."); unit == "" && bound != "" {
		word = strings.TrimLeft(bound, "0123456789.")
	}
	if guess := m[1] + word; word != "" {
		if _, ok := parseSpan(guess); ok {
			return "write " + guess
		}
	}
	return "write a number and its unit (ms, s, m, h, d)" + exampleOf(tag)
}

func parseOffset(text string) (Offset, bool) {
	m := offsetForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	h, _ := strconv.Atoi(m[2])
	min, _ := strconv.Atoi(m[3])
	if min > 59 {
		return 0, false
	}
	o := Offset(time.Duration(h)*time.Hour + time.Duration(min)*time.Minute)
	if m[1] == "-" {
		o = -o
	}
	return o, true
}

func parseSize(text string) (Size, bool) {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return Size{}, false
	}
	var s Size
	_, err := fmt.Sscanf(text, "%dx%d", &s.Width, &s.Height)
	return s, err == nil
}
