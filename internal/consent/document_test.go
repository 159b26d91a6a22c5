package consent_test

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"crypto/ed25519"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// publicKey is the public half of the key that the tests' device signs with.
func publicKey(t testing.TB, seed byte) string {
	t.Helper()
	key, err := note.NewEd25519VerifierKey("edged/door-1", ed25519.NewKeyFromSeed(append([]byte{seed}, make([]byte, 31)...)).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// life is the whole story of a child's consent: asked, given by the mother, restricted, resumed, taken back, erased.
func life(t testing.TB, r *consent.Register, hash [32]byte) []consent.Record {
	t.Helper()
	at := noon
	do := func(_ consent.Record, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Hour)
	}
	do(r.Give(anna, hash, "zh", byMother(birthday.Standing{Band: wire.AgeChild, Comes: noon.Add(100 * day)}), at, true))
	do(r.Rest(anna, consent.ByPIN, "", at, true))
	do(r.Resume(anna, consent.ByPIN, "", at, true))
	do(r.Withdraw(anna, consent.ByPIN, at, true))
	do(r.Mark(anna, consent.Erased, at, true))
	all, err := r.History(anna)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var mother = person.ID{0xee}

func byMother(child birthday.Standing) consent.Basis {
	return consent.Basis{Evidence: consent.ByGuardian, Age: child, Guardian: mother, Relation: wire.RelationParent,
		Adult: birthday.Grown(), Staff: "porter", Asked: noon.Add(-time.Minute)}
}

func TestJ6_ADocumentIsReadAsItWasWritten(t *testing.T) {
	r, n := opened(t)
	chain := life(t, r, n.Hash())
	d, err := consent.Describe(chain, r.Notice)
	if err != nil {
		t.Fatal(err)
	}
	b := d.Encode()
	back, records, err := consent.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Encode(), b) || len(records) != 5 {
		t.Errorf("%d records came back", len(records))
	}
	for _, rec := range records {
		if err := rec.Verify(publicKey(t, 1)); err != nil {
			t.Error(err)
		}
		if err := rec.Verify(publicKey(t, 2)); err == nil {
			t.Error("another device's key fits")
		}
	}
	var states []string
	for _, e := range back.Consents[0].Events {
		states = append(states, e.State)
	}
	if got := strings.Join(states, " "); got != "requested given restricted resumed withdrawn erased" {
		t.Errorf("the events are %q", got)
	}
	text := n.Text["zh"]
	for _, said := range []string{text.Handler, text.Contact, text.Purpose, text.Necessity, text.Effect, text.Rights, text.AtEnd, "parent", "porter", mother.String(), "P365D", "face-template"} {
		if !strings.Contains(string(b), said) {
			t.Errorf("the document does not say %q", said)
		}
	}
}

// One letter anywhere, a field more, a record less, two swapped: worthless.
func TestJ6_AForgedDocumentIsRefused(t *testing.T) {
	r, n := opened(t)
	d, err := consent.Describe(life(t, r, n.Hash()), r.Notice)
	if err != nil {
		t.Fatal(err)
	}
	b := string(d.Encode())
	swap := func(from, to string) string {
		t.Helper()
		if !strings.Contains(b, from) {
			t.Fatalf("%q is not in the document", from)
		}
		return strings.Replace(b, from, to, 1)
	}
	for name, forged := range map[string]string{
		"also agrees":            swap(`"records":`, `"also_agrees":["newsletter"],"records":`),
		"also agrees, in it":     swap(`"separate":true`, `"separate":true,"also_agrees":["newsletter"]`),
		"irrevocable":            swap(`"separate":true`, `"irrevocable":true,"separate":true`),
		"another purpose":        swap(`"purpose":"door-entry"`, `"purpose":"attendance"`),
		"a longer retention":     swap(`"P365D"`, `"P9999D"`),
		"a word of the rights":   swap(n.Text["zh"].Rights[:3], "无"),
		"another guardian":       swap(`"party_role":"parent"`, `"party_role":"appointed"`),
		"a state left out":       swap(`"event_state":"withdrawn"`, `"event_state":"resumed"`),
		"nothing":                "",
		"cut off":                b[:len(b)-1],
		"twice":                  b + b,
		"spaces":                 swap(`"records":`, `"records": `),
		"another schema version": swap("edged-consent-document/1", "edged-consent-document/2"),
	} {
		if _, _, err := consent.ParseDocument([]byte(forged)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	d.Records[1], d.Records[2] = d.Records[2], d.Records[1]
	if _, _, err := consent.ParseDocument(d.Encode()); err == nil {
		t.Error("two records swapped: taken")
	}
}

// docs/consent-record.md names every field of a document and of a record, or the promise of a documented form is empty.
func TestEveryFieldOfTheDocumentIsDescribed(t *testing.T) {
	doc, err := os.ReadFile("../../docs/consent-record.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
			return
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if !strings.Contains(string(doc), "`"+name+"`") {
				t.Errorf("docs/consent-record.md does not describe %q", name)
			}
			walk(typ.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[consent.Document]())
	walk(reflect.TypeFor[consent.Record]())
}

func FuzzParseDocument(f *testing.F) {
	n := example(f)
	r := open(f, f.TempDir(), n)
	defer r.Close()
	d, err := consent.Describe(life(f, r, n.Hash()), r.Notice)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d.Encode())
	f.Add([]byte(`{"schema_version":"edged-consent-document/1","records":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, _, err := consent.ParseDocument(b)
		if err == nil && !bytes.Equal(d.Encode(), b) {
			t.Fatalf("two spellings of one document")
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	n := example(f)
	r := open(f, f.TempDir(), n)
	defer r.Close()
	for _, rec := range life(f, r, n.Hash()) {
		f.Add(consent.Encode(rec))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := consent.Parse(b)
		if err == nil && !bytes.Equal(consent.Encode(rec), b) {
			t.Fatal("two spellings of one record")
		}
	})
}
