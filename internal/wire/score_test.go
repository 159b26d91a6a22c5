package wire

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// A score is what an attacker climbs on. None has a place in any word but those that begin in the eye and end in the
// keeper, or on the terminal of whoever measures: no fraction, and no whole number that is one by its name.
func TestNoWordOutOfTheKeeperHasAPlaceForAScore(t *testing.T) {
	byName := regexp.MustCompile(`(?i)score|cosine|similar|alike|confiden|distance|liveness|openness|quality`)
	measured := map[string]string{ // over many people who do not exist
		"*wire.Searched": "errors of a measurement, of nobody in particular",
	}
	walked := 0
	for _, w := range all() {
		if is[EyeSays](w) && !is[EyeHears](w) || is[MeasureSays](w) && !is[EyeHears](w) || measured[reflect.TypeOf(w).String()] != "" {
			continue
		}
		walked++
		walk(reflect.TypeOf(w).Elem(), "", func(path string, typ reflect.Type) {
			if k := typ.Kind(); k == reflect.Float32 || k == reflect.Float64 || byName.MatchString(path) {
				t.Errorf("%T%s %s could be a score", w, path, typ)
			}
		})
	}
	if walked < 30 {
		t.Errorf("only %d words were walked", walked)
	}
	found := 0
	walk(reflect.TypeFor[Sighting](), "", func(path string, typ reflect.Type) {
		if typ.Kind() == reflect.Float32 && strings.Contains(path, "Live") || byName.MatchString(path) {
			found++
		}
	})
	if found < 2 {
		t.Error("the walk does not find what a sighting has of the kind")
	}
}

func walk(typ reflect.Type, path string, leaf func(string, reflect.Type)) {
	if typ == reflect.TypeFor[Stages]() { // microseconds
		return
	}
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			walk(typ.Field(i).Type, path+"."+typ.Field(i).Name, leaf)
		}
	case reflect.Array, reflect.Slice, reflect.Pointer:
		walk(typ.Elem(), path, leaf)
	default:
		leaf(path, typ)
	}
}
