package extract_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"rsc.io/qr"

	"example.org/edged/internal/extract"
)

func texts(t testing.TB, document []byte) (all []string) {
	t.Helper()
	pieces, err := extract.Pack(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		all = append(all, extract.Text(p))
	}
	return all
}

// noise cannot be made smaller, so it takes many pieces.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestP45_WhatIsTakenAwayIsWhatWasThere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		document := noise(rapid.IntRange(0, 20000).Draw(rt, "length"))
		all := texts(t, document)
		for i, text := range all {
			if code, err := qr.Encode(text, qr.L); err != nil || code.Size > 177 {
				rt.Fatalf("piece %d fits no QR code: %v", i, err)
			}
		}
		all = append(all, all[0]) // one read twice, and all in another order
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		back, err := extract.Join(all)
		if err != nil || !bytes.Equal(back, document) {
			rt.Fatalf("%d bytes became %d: %v", len(document), len(back), err)
		}
	})
}

func TestAPieceTooFewOrTooForeignJoinsNothing(t *testing.T) {
	all, others := texts(t, noise(5000)), texts(t, noise(5001))
	if len(all) < 3 {
		t.Fatalf("%d pieces", len(all))
	}
	for i := range all {
		rest := append(append([]string{}, all[:i]...), all[i+1:]...)
		if _, err := extract.Join(rest); !errors.Is(err, extract.ErrMissing) {
			t.Errorf("without piece %d: %v", i, err)
		}
	}
	if _, err := extract.Join(nil); !errors.Is(err, extract.ErrMissing) {
		t.Errorf("nothing: %v", err)
	}
	for name, bad := range map[string][]string{
		"of two copies":   {all[0], all[1], others[2]},
		"a receipt":       {"EDGED1:" + all[0][7:]},
		"cut off":         {all[0][:50]},
		"one letter off":  {strings.Replace(all[0], all[0][60:61], "*", 1), all[1], all[2], all[3%len(all)]},
		"something else":  {"https://example.com"},
		"an empty one":    {"EDGEC1::"},
		"of version 2":    {"EDGEC1:" + strings.Repeat("00", 10) + ":"},
		"no base45 at ~~": {"EDGEC1:~~~:"},
	} {
		if b, err := extract.Join(bad); err == nil {
			t.Errorf("%s: joined %d bytes", name, len(b))
		}
	}
}

// A few hundred bytes that inflate to a gigabyte end at the limit.
func TestACopyThatInflatesIsRefused(t *testing.T) {
	if _, err := extract.Pack(make([]byte, 5<<20)); err == nil {
		t.Error("packed")
	}
	if b, err := extract.Join(texts(t, make([]byte, 4<<20))); err != nil || len(b) != 4<<20 {
		t.Errorf("the largest one: %d bytes, %v", len(b), err)
	}
}

func FuzzJoin(f *testing.F) {
	for _, text := range texts(f, noise(2000)) {
		f.Add(text, "")
	}
	one := texts(f, []byte(`{"schema":"x"}`))
	f.Add(one[0], one[0])
	f.Fuzz(func(t *testing.T, a, b string) {
		if document, err := extract.Join([]string{a, b}); err == nil && len(document) > 4<<20 {
			t.Fatal("longer than the limit")
		}
	})
}
