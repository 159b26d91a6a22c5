// Package base45 writes bytes with the 45 signs that a QR code packs tightest (RFC 9285). It never reads a spelling
// that it would not have written.
package base45

import (
	"errors"
	"strings"
)

const signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

var errText = errors.New("this is not text as a QR code carries it: a sign is missing, added or changed")

// Encode writes two bytes as three signs, and a last single byte as two.
func Encode(b []byte) string {
	var s strings.Builder
	for ; len(b) >= 2; b = b[2:] {
		n := int(b[0])<<8 | int(b[1])
		s.Write([]byte{signs[n%45], signs[n/45%45], signs[n/2025]})
	}
	if len(b) == 1 {
		s.Write([]byte{signs[b[0]%45], signs[b[0]/45]})
	}
	return s.String()
}

// Decode reads what Encode wrote.
func Decode(s string) ([]byte, error) {
	if len(s)%3 == 1 {
		return nil, errText
	}
	b := make([]byte, 0, len(s)/3*2+1)
	for len(s) > 0 {
		width := min(3, len(s))
		n := 0
		for i := width - 1; i >= 0; i-- {
			v := strings.IndexByte(signs, s[i])
			if v < 0 {
				return nil, errText
			}
			n = n*45 + v
		}
		switch s = s[width:]; {
		case width == 3 && n < 1<<16:
			b = append(b, byte(n>>8), byte(n))
		case width == 2 && n < 1<<8:
			b = append(b, byte(n))
		default:
			return nil, errText
		}
	}
	return b, nil
}
