package audit_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// The words and arrays that an entry may be made of. A float could be a score, a string or a slice anything.
var leaves = map[reflect.Type]bool{
	reflect.TypeFor[bool](): true, reflect.TypeFor[uint8](): true, reflect.TypeFor[int64](): true, reflect.TypeFor[uint64](): true,
	reflect.TypeFor[wire.Kind](): true, reflect.TypeFor[wire.Method](): true, reflect.TypeFor[wire.Outcome](): true,
	reflect.TypeFor[wire.Reason](): true, reflect.TypeFor[wire.Ask](): true, reflect.TypeFor[wire.Tier](): true,
	reflect.TypeFor[wire.Pseudonym](): true, reflect.TypeFor[wire.RuleSet](): true, reflect.TypeFor[audit.Hash](): true,
}

func TestNoFieldOfAnEntryCanHoldAFace(t *testing.T) {
	e := reflect.TypeFor[audit.Entry]()
	for f := range e.Fields() {
		if !leaves[f.Type] {
			t.Errorf("%s is a %v", f.Name, f.Type)
		}
	}
	if e.Size() > 256 { // the smallest useful template is longer
		t.Errorf("an entry has %d bytes in all", e.Size())
	}
}

func TestTheLongestEntryFitsAndReadsBack(t *testing.T) {
	e := audit.Entry{At: math.MinInt64, Trusted: true, Door: 255, Until: math.MinInt64, Head: math.MaxUint64,
		Kind: wire.KindTemplateRefused, Method: wire.MethodFace, Outcome: wire.Suspended, Reason: wire.ReasonTooManyTries, Ask: wire.AskUnknown + 1, Tier: wire.TierPassphrase,
		Count: math.MaxUint64, Rules: wire.Rules20250601}
	for i := range e.Notice {
		e.Notice[i], e.Consent[i], e.Recipient[i], e.Who[i/2], e.Commit[i] = 255, 255, 255, 255, 255
	}
	b, err := e.Encode()
	if err != nil || len(b) > audit.MaxEntry {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	back, err := audit.ParseEntry(b)
	if err != nil || back != e {
		t.Fatalf("%+v, %v", back, err)
	}
}

func TestAWordThatIsNotInTheSetIsNotWritten(t *testing.T) {
	l := open(t, t.TempDir())
	for i, e := range []audit.Entry{{Kind: 200}, {Method: 200}, {Outcome: 200}, {Reason: 200}, {Ask: 200}} {
		if _, err := l.Append(e); err == nil {
			t.Errorf("entry %d was written", i)
		}
	}
	if l.Head().Size != 0 {
		t.Error("the log grew")
	}
}

func TestAnEntryHasOneSpelling(t *testing.T) {
	good := `{"at":1,"trusted":true,"kind":"started"}`
	if _, err := audit.ParseEntry([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"a field comes twice":             `{"at":1,"at":1,"trusted":true,"kind":"started"}`,
		"a field is in capitals":          `{"AT":1,"trusted":true,"kind":"started"}`,
		"a field is unknown":              `{"at":1,"trusted":true,"kind":"started","score":1}`,
		"a field is missing":              `{"at":1,"kind":"started"}`,
		"a zero is written out":           `{"at":1,"trusted":true,"kind":"started","door":0}`,
		"there is a space":                `{"at": 1,"trusted":true,"kind":"started"}`,
		"something follows":               good + "\n",
		"another value follows":           good + good,
		"a word is unknown":               `{"at":1,"trusted":true,"kind":"smiled"}`,
		"a word is a number":              `{"at":1,"trusted":true,"kind":0}`,
		"a pseudonym is in capitals":      `{"at":1,"trusted":true,"kind":"started","who":"AB000000000000000000000000000000"}`,
		"a hash is in capitals":           `{"at":1,"trusted":true,"kind":"started","notice":"AB00000000000000000000000000000000000000000000000000000000000000"}`,
		"a hash is short":                 `{"at":1,"trusted":true,"kind":"started","notice":"ab"}`,
		"a number has a fraction":         `{"at":1.0,"trusted":true,"kind":"started"}`,
		"it is null":                      `null`,
		"it is empty":                     ``,
		"a door is out of range":          `{"at":1,"trusted":true,"kind":"started","door":256}`,
		"a letter is written as a number": `{"at":1,"trusted":true,"kind":"st\u0061rted"}`,
	} {
		if e, err := audit.ParseEntry([]byte(bad)); err == nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	for i := range 6 {
		b, _ := entry(i).Encode()
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := audit.ParseEntry(b)
		if err != nil {
			return
		}
		if again, err := e.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q parses and encodes to %q, %v", b, again, err)
		}
	})
}

func FuzzSplitBundle(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 0, 2, 'b', 'c', 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, rest := audit.SplitBundle(b)
		var again []byte
		for _, e := range entries {
			again = append(binary.BigEndian.AppendUint16(again, uint16(len(e))), e...)
		}
		if !bytes.Equal(append(again, rest...), b) || len(entries) > 256 {
			t.Fatalf("%q splits into %q and %q", b, entries, rest)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	dir, public := filled(f, 3)
	good, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
	f.Add(good)
	f.Add(append(bytes.Clone(good), "— witness.example/w AAAAAAAAAAAA\n"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := audit.ParseHead(b, public, false)
		if err != nil {
			return
		}
		again, err := audit.Checkpoint(public, h)
		if err != nil || !bytes.Equal(again, good) { // one signed head exists, so only that one may come out
			t.Fatalf("%q gives %q, %v", b, again, err)
		}
	})
}
