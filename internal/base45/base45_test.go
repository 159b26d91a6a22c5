package base45_test

import (
	"bytes"
	"testing"

	"example.org/edged/internal/base45"
)

// The examples of RFC 9285, sections 4.3 and 4.4.
func TestTheExamplesOfTheStandard(t *testing.T) {
	for plain, text := range map[string]string{"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0", "": ""} {
		if got := base45.Encode([]byte(plain)); got != text {
			t.Errorf("%q became %q, not %q", plain, got, text)
		}
		if got, err := base45.Decode(text); err != nil || string(got) != plain {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}

func TestWhatEncodeDoesNotWriteIsRefused(t *testing.T) {
	for _, text := range []string{"A", "GGW", ":::", "::", "V5", "ab0", "AB!", "BB8A", "BB8\n"} {
		if got, err := base45.Decode(text); err == nil {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func FuzzOneSpelling(f *testing.F) {
	f.Add("QED8WEX0")
	f.Fuzz(func(t *testing.T, s string) {
		if b, err := base45.Decode(s); err == nil && base45.Encode(b) != s {
			t.Errorf("%q is a second spelling of %x", s, b)
		}
		if b, err := base45.Decode(base45.Encode([]byte(s))); err != nil || !bytes.Equal(b, []byte(s)) {
			t.Errorf("%q came back as %q, %v", s, b, err)
		}
	})
}
