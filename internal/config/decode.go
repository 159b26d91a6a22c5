package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// place is where in the file something stands.
type place struct{ line, column int }

// decoder fills a struct from a YAML tree and collects what is wrong, so that all of it can be mended at once. The
// library's own decoder is not used: it stops at the first fault and quotes the lines around it, secrets included.
type decoder struct {
	file    string
	at      map[string]place // every key that the file holds, and where its value stands
	bad     map[string]bool  // keys with a defect of their own: no rule judges them again
	defects []Defect
	keys    []string // every key that could stand in the file
}

func newDecoder(file string, root reflect.Type) *decoder {
	return &decoder{file: file, at: map[string]place{}, bad: map[string]bool{}, keys: keysOf(root, "")}
}

// fault notes a defect at a key.
func (d *decoder) fault(path, what, fix string) { d.faultAt(d.where(path), path, what, fix) }

// where a key stands; one that is missing is looked for at the section that should hold it.
func (d *decoder) where(path string) place {
	for path != "" {
		if p, ok := d.at[path]; ok {
			return p
		}
		path = above(path)
	}
	return place{1, 1}
}

// above is the key of the section or list that holds a key.
func above(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

func (d *decoder) faultAt(p place, path, what, fix string) {
	d.bad[path] = true
	if len(d.defects) < maxDefects {
		d.defects = append(d.defects, Defect{d.file, max(1, p.line), max(1, p.column), path, what, fix})
	}
}

func placeOf(n ast.Node) place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{1, 1}
	}
	return place{n.GetToken().Position.Line, n.GetToken().Position.Column}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// value fills v, which f describes, from n.
func (d *decoder) value(n ast.Node, v reflect.Value, f reflect.StructField, path string) {
	if _, null := n.(*ast.NullNode); null || n == nil {
		d.fault(path, "has no value", "write one or delete the line"+example(f))
		return
	}
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), f, path)
	case isSection(v.Type()) && f.Tag.Get("short") != "" && !isBranch(n):
		d.short(n, v, f.Tag.Get("short"), path)
	case isSection(v.Type()):
		d.section(n, v, path)
	case v.Kind() == reflect.Map:
		d.named(n, v, path)
	case v.Kind() == reflect.Slice:
		d.list(n, v, f, path)
	default:
		d.leaf(n, v, f, path)
	}
}

func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[Size]() && t != reflect.TypeFor[Date]()
}

// pair is one line of a section.
type pair struct {
	key   string
	at    place
	value ast.Node
}

// pairs lists a section's lines; a key that stands twice is told with both lines, and the second is left out.
func (d *decoder) pairs(n ast.Node, path string) ([]pair, bool) {
	var nodes []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		nodes = n.Values
	case *ast.MappingValueNode:
		nodes = []*ast.MappingValueNode{n}
	default:
		d.faultAt(placeOf(n), path, "is "+wordFor(n)+", wanted a section", "write its keys below it, two spaces deeper, each as \"key: value\" with a plain colon and a space")
		return nil, false
	}
	seen := map[string]place{}
	var out []pair
	for _, m := range nodes {
		p := pair{at: placeOf(m.Key), value: m.Value}
		if t := m.Key.GetToken(); t != nil {
			p.key = t.Value
		}
		if first, twice := seen[p.key]; twice {
			d.faultAt(p.at, join(path, label(p.key)), fmt.Sprintf("is set a second time, first on line %d", first.line), "delete one of the two")
			continue
		}
		seen[p.key] = p.at
		out = append(out, p)
	}
	return out, true
}

// section fills a struct.
func (d *decoder) section(n ast.Node, v reflect.Value, path string) {
	pairs, ok := d.pairs(n, path)
	if !ok {
		return
	}
	fill(v)
	set := map[string]bool{}
	for _, p := range pairs {
		f, known := fieldFor(v.Type(), p.key)
		if !known {
			d.unknown(p, path)
			continue
		}
		set[p.key] = true
		at := join(path, p.key)
		d.at[at] = p.at
		if !isBranch(p.value) {
			d.at[at] = placeOf(p.value)
		}
		d.value(p.value, v.FieldByIndex(f.Index), f, at)
	}
	for _, f := range reflect.VisibleFields(v.Type()) {
		if key := f.Tag.Get("yaml"); f.Tag.Get("need") != "" && !set[key] {
			d.fault(join(path, key), "is missing", "write it"+example(f))
		}
	}
}

// short fills a section of which only one key is written, in the section's own place: site: home.
func (d *decoder) short(n ast.Node, v reflect.Value, key, path string) {
	f, ok := fieldFor(v.Type(), key)
	if !ok {
		panic("config: internal error: no key " + key)
	}
	fill(v)
	d.value(n, v.FieldByIndex(f.Index), f, path)
}

// named fills a map from name to section.
func (d *decoder) named(n ast.Node, v reflect.Value, path string) {
	pairs, ok := d.pairs(n, path)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range pairs {
		at := join(path, label(p.key))
		d.at[at] = p.at
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, one, reflect.StructField{}, at)
		v.SetMapIndex(reflect.ValueOf(p.key), one)
	}
}

// maxList is how many values a list may have.
const maxList = 64

func (d *decoder) list(n ast.Node, v reflect.Value, f reflect.StructField, path string) {
	s, ok := n.(*ast.SequenceNode)
	switch {
	case !ok && isSection(v.Type().Elem()):
		d.faultAt(placeOf(n), path, "is "+wordFor(n)+", wanted a list", "begin each entry on a line of its own with \"- \""+example(f))
	case !ok:
		d.faultAt(placeOf(n), path, "is "+wordFor(n)+", wanted a list", "put the values in [ ]"+example(f))
	case len(s.Values) == 0:
		d.fault(path, "is an empty list", "name at least one"+example(f))
	case len(s.Values) > maxList:
		d.fault(path, fmt.Sprintf("has %d entries", len(s.Values)), fmt.Sprintf("at most %d are taken", maxList))
	}
	if !ok || len(s.Values) == 0 || len(s.Values) > maxList {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values)))
	for i, one := range s.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.at[at] = placeOf(one)
		d.value(one, v.Index(i), f, at)
		for j := range i {
			if v.Index(i).Kind() == reflect.String && v.Index(i).Len() > 0 && v.Index(i).String() == v.Index(j).String() {
				d.fault(at, "stands in the list twice", "delete one of the two")
			}
		}
	}
}

// leaf fills a single value and checks it against its tags.
func (d *decoder) leaf(n ast.Node, v reflect.Value, f reflect.StructField, path string) {
	if isBranch(n) {
		d.faultAt(placeOf(n), path, "is "+wordFor(n)+", wanted a single value", "write it on the same line"+example(f))
		return
	}
	if what, fix := parseLeaf(v, scalarOf(n), f.Tag); what != "" {
		d.fault(path, what, fix)
	}
}

// unknown says which key was probably meant: a near one of this section, or one that lives in another section. The
// value is never shown: a password under a wrong key is still a password.
func (d *decoder) unknown(p pair, path string) {
	if len(d.defects) == maxDefects {
		return
	}
	var here, elsewhere []string
	for _, k := range d.keys {
		up, last := "", k
		if i := strings.LastIndexByte(k, '.'); i >= 0 {
			up, last = k[:i], k[i+1:]
		}
		if up == plain(path) {
			here = append(here, last)
		} else if last == p.key {
			elsewhere = append(elsewhere, k)
		}
	}
	fix := "the keys here are " + strings.Join(here, ", ")
	if near := nearest(p.key, here); near != "" {
		fix = "did you mean " + near + "?"
	} else if len(elsewhere) > 0 {
		fix = "did you mean " + list(elsewhere) + "? The" + strings.TrimPrefix(fix, "the")
	}
	d.faultAt(p.at, join(path, label(p.key)), "there is no such key", fix)
}

// plain is a path without the numbers of list entries: staff[0] is staff.
func plain(path string) string {
	for {
		i, j := strings.IndexByte(path, '['), strings.IndexByte(path, ']')
		if i < 0 || j < i {
			return path
		}
		path = path[:i] + path[j+1:]
	}
}

// label is a key as it may be shown: short, printable, and hidden where it looks like a secret.
func label(key string) string {
	if q := shown(key); q != `"`+key+`"` || key == "" {
		return q
	}
	return key
}

func isMap(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

func isBranch(n ast.Node) bool {
	_, isList := n.(*ast.SequenceNode)
	return isList || isMap(n)
}

func wordFor(n ast.Node) string {
	switch {
	case isMap(n):
		return "a section"
	case isBranch(n):
		return "a list"
	}
	return "a single value"
}
