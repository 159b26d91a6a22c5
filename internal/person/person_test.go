package person_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"example.org/edged/internal/person"
)

func TestAnIDReadsBackAsItWasWritten(t *testing.T) {
	id, err := person.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	back, err := person.Parse(id.String())
	if err != nil || back != id {
		t.Fatalf("wrote %s, read %s, %v", id, back, err)
	}
}

func TestABrokenRandomSourceGivesNoPerson(t *testing.T) {
	for name, source := range map[string][]byte{"short": make([]byte, 15), "zeros": make([]byte, 16)} {
		if id, err := person.New(bytes.NewReader(source)); err == nil {
			t.Errorf("%s: drew %s", name, id)
		}
	}
}

func TestOnlyOneSpellingIsRead(t *testing.T) {
	good := strings.Repeat("0a", 16)
	for _, s := range []string{"", good[:30], good + "00", strings.ToUpper(good), strings.Repeat("00", 16), strings.Repeat("0g", 16), " " + good} {
		if id, err := person.Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, id)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(strings.Repeat("0a", 16))
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := person.Parse(s); err == nil && id.String() != s {
			t.Fatalf("%q was read as %s", s, id)
		}
	})
}
