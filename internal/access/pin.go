package access

import (
	"bytes"
	"fmt"
	"io"

	"example.org/edged/internal/wire"
)

// A PIN is a newly drawn PIN, to be shown once. The digits lie inside a function: fmt, slog and encoders reach into
// unexported fields without asking their methods, but of a function they know nothing but where its code lies.
type PIN struct{ reveal func() []byte }

// Digits gives the digits themselves, not a copy: clear them when they have been shown, and the PIN is gone.
func (p PIN) Digits() []byte {
	if p.reveal == nil {
		return nil
	}
	return p.reveal()
}

// draw makes a PIN of n digits, each equally likely, and draws again while the PIN is one that people try first.
func draw(rand io.Reader, n int) (PIN, error) {
	digits := make([]byte, n)
	for range 1000 { // weak PINs are rare; a source that gives nothing else is broken
		if err := fill(rand, digits); err != nil {
			return PIN{}, fmt.Errorf("draw a PIN: %w", err)
		}
		if weak(digits) == "" {
			return PIN{func() []byte { return digits }}, nil
		}
	}
	return PIN{}, fmt.Errorf("draw a PIN: the random source gives only weak ones; it is broken")
}

// fill throws bytes of 250 and more away: 256 is no multiple of 10, and 0 to 5 would come more often.
func fill(rand io.Reader, digits []byte) error {
	var one [1]byte
	for i := range digits {
		for {
			if _, err := io.ReadFull(rand, one[:]); err != nil {
				return err
			}
			if one[0] < 250 {
				digits[i] = '0' + one[0]%10
				break
			}
		}
	}
	clear(one[:])
	return nil
}

// common are PINs that thieves try first and no rule below catches: walks over the pad, and numbers that sound like
// words in Chinese (520 "I love you", 1314 "all my life", 168 and 8 fortune).
const common = "147258 258369 159357 159753 357159 741852 852963 963852 789456 456789 123654 " +
	"520131 5201314 1314520 131452 168168 518518 168888 147852 147258369 14725836 96385274 1472583690 " +
	"112358 314159 271828 31415926 27182818 19491001"

// weak says why nobody should have this PIN, or nothing (NIST SP 800-63B asks for such a list).
func weak(digits []byte) string {
	switch {
	case steps(digits):
		return "its digits go in even steps"
	case kinds(digits) <= 2:
		return "it has only two different digits"
	case repeats(digits):
		return "it repeats itself"
	case mirrored(digits):
		return "its second half mirrors the first"
	case doubled(digits):
		return "every digit comes twice"
	}
	for word := range bytes.FieldsSeq([]byte(common)) {
		if bytes.Equal(word, digits) {
			return "it is one of those that thieves try first"
		}
	}
	return ""
}

// checkPIN is for a PIN that somebody chose.
func checkPIN(digits []byte) error {
	if len(digits) < wire.PINMin || len(digits) > wire.PINMax {
		return fmt.Errorf("a PIN has %d to %d digits", wire.PINMin, wire.PINMax)
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return fmt.Errorf("a PIN is made of digits only")
		}
	}
	if why := weak(digits); why != "" {
		return fmt.Errorf("choose another PIN: %s", why)
	}
	return nil
}

func steps(d []byte) bool {
	for i := 2; i < len(d); i++ {
		if (d[i]-d[i-1]+10)%10 != (d[i-1]-d[i-2]+10)%10 {
			return false
		}
	}
	return true
}

func kinds(d []byte) (n int) {
	var seen [256]bool
	for _, c := range d {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

func repeats(d []byte) bool {
	for period := 1; period <= len(d)/2; period++ {
		if len(d)%period == 0 && bytes.Equal(d[period:], d[:len(d)-period]) {
			return true
		}
	}
	return false
}

func mirrored(d []byte) bool {
	for i := range len(d) / 2 {
		if d[i] != d[len(d)-1-i] {
			return false
		}
	}
	return true
}

func doubled(d []byte) bool {
	for i := 0; i+1 < len(d); i += 2 {
		if d[i] != d[i+1] {
			return false
		}
	}
	return len(d)%2 == 0
}
