package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A codec walks the fields of one word, in one direction. The same fields method writes and reads, so the two cannot
// drift apart, and whatever parses encodes again to the same bytes (FuzzMalleability).
type codec struct {
	buf     []byte
	reading bool
	err     error
}

var errShort = errors.New("word is too short")

// next returns the n bytes at hand: the front of the input, or room at the end of the output.
func (c *codec) next(n int) []byte {
	if c.err != nil {
		return nil
	}
	if !c.reading {
		c.buf = append(c.buf, make([]byte, n)...)
		return c.buf[len(c.buf)-n:]
	}
	if len(c.buf) < n {
		c.err = errShort
		return nil
	}
	b := c.buf[:n]
	c.buf = c.buf[n:]
	return b
}

func (c *codec) u8(v *uint8) {
	if b := c.next(1); b == nil {
	} else if c.reading {
		*v = b[0]
	} else {
		b[0] = *v
	}
}

func (c *codec) u16(v *uint16) {
	if b := c.next(2); b == nil {
	} else if c.reading {
		*v = binary.LittleEndian.Uint16(b)
	} else {
		binary.LittleEndian.PutUint16(b, *v)
	}
}

func (c *codec) u32(v *uint32) {
	if b := c.next(4); b == nil {
	} else if c.reading {
		*v = binary.LittleEndian.Uint32(b)
	} else {
		binary.LittleEndian.PutUint32(b, *v)
	}
}

func (c *codec) u64(v *uint64) {
	if b := c.next(8); b == nil {
	} else if c.reading {
		*v = binary.LittleEndian.Uint64(b)
	} else {
		binary.LittleEndian.PutUint64(b, *v)
	}
}

func (c *codec) i64(v *int64) {
	u := uint64(*v)
	c.u64(&u)
	*v = int64(u)
}

// f32 refuses NaN and infinities: a comparison with NaN is always false, and a gate built on it would stand open.
func (c *codec) f32(v *float32) {
	u := math.Float32bits(*v)
	c.u32(&u)
	f := math.Float32frombits(u)
	if f != f || math.IsInf(float64(f), 0) {
		c.fail("number is not finite")
		return
	}
	*v = f
}

func (c *codec) flag(v *bool) {
	var u uint8
	if *v {
		u = 1
	}
	c.u8(&u)
	if u > 1 {
		c.fail("flag is %d", u)
	}
	*v = u == 1
}

func (c *codec) bytes(v []byte) {
	if b := c.next(len(v)); b == nil {
	} else if c.reading {
		copy(v, b)
	} else {
		copy(b, v)
	}
}

// tail is the rest of the message; only a Preview has one.
func (c *codec) tail(v *[]byte, most int) {
	if c.reading {
		*v = append([]byte(nil), c.buf...)
		c.buf = nil
		return
	}
	if len(*v) > most {
		c.fail("%d bytes, at most %d", len(*v), most)
		return
	}
	c.buf = append(c.buf, *v...)
}

// digits is a PIN: a length, then digits, then zeros.
func (c *codec) digits(n *uint8, d *[PINMax]byte) {
	c.u8(n)
	c.bytes(d[:])
	if *n > PINMax {
		c.fail("PIN of %d digits", *n)
		return
	}
	for i, b := range d {
		if digit := b >= '0' && b <= '9'; i < int(*n) && !digit || i >= int(*n) && b != 0 {
			c.fail("PIN holds something other than digits")
			return
		}
	}
}

// enum is a member of a closed set, one byte wide.
func enum[E ~uint8](c *codec, v *E, names []string) {
	u := uint8(*v)
	c.u8(&u)
	if int(u) >= len(names) {
		c.fail("%T %d is not one of %d", *v, u, len(names))
		return
	}
	*v = E(u)
}

func (c *codec) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// encode appends w to buf: the version, the number, the fields.
func encode(buf []byte, w Word) ([]byte, error) { return new(codec).encode(buf, w) }

// encode is for a codec that is used again and again: a word costs no memory then.
func (c *codec) encode(buf []byte, w Word) ([]byte, error) {
	*c = codec{buf: append(buf, Version, byte(w.number()))}
	w.fields(c)
	if c.err != nil {
		return nil, fmt.Errorf("wire: %T: %w", w, c.err)
	}
	if len(c.buf) > MaxLen {
		return nil, fmt.Errorf("wire: %T: %d bytes, at most %d", w, len(c.buf), MaxLen)
	}
	return c.buf, nil
}

// decode parses one whole message.
func decode(b []byte) (Word, error) {
	if len(b) < 2 {
		return nil, errors.New("wire: message is too short")
	}
	if b[0] != Version {
		return nil, fmt.Errorf("wire: the other end speaks version %d, this one %d: install all programs of one release", b[0], Version)
	}
	blank, ok := words[number(b[1])]
	if !ok {
		return nil, fmt.Errorf("wire: unknown word %d", b[1])
	}
	w := blank()
	c := codec{buf: b[2:], reading: true}
	w.fields(&c)
	if c.err == nil && len(c.buf) > 0 {
		c.fail("%d bytes too long", len(c.buf))
	}
	if c.err != nil {
		return nil, fmt.Errorf("wire: %T: %w", w, c.err)
	}
	return w, nil
}
