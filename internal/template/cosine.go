package template

import (
	"encoding/binary"
	"math"
)

// Nothing is what a comparison with a dead handle gives: less than every cosine, so it passes no threshold. It is not
// NaN, because a gate written the other way round (deny if less) would let NaN through.
const Nothing float32 = -2

// Cosine tells how alike two templates are, from -1 to 1; Nothing when either is dead.
func (a *Arena) Cosine(x, y Template) float32 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	p, q := a.at(x), a.at(y)
	if p == nil || q == nil {
		return Nothing
	}
	return dot(p, q)
}

// Scan gives the cosine of probe with each of n templates in turn. It holds the arena once for the whole scan, so a
// Wipe waits for it to end; see must not call the arena.
func (a *Arena) Scan(probe Template, n int, which func(i int) Template, see func(i int, cosine float32)) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	p := a.at(probe)
	for i := range n {
		cosine := Nothing
		if q := a.at(which(i)); p != nil && q != nil {
			cosine = dot(p, q)
		}
		see(i, cosine)
	}
}

// dot has four sums so that additions need not wait for each other, and walks arrays of known length so that the
// compiler drops every bounds check.
func dot(p, q *[size]byte) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i < size; i += 16 {
		x, y := (*[16]byte)(p[i:i+16]), (*[16]byte)(q[i:i+16])
		s0 += number(x[0:4]) * number(y[0:4])
		s1 += number(x[4:8]) * number(y[4:8])
		s2 += number(x[8:12]) * number(y[8:12])
		s3 += number(x[12:16]) * number(y[12:16])
	}
	return (s0 + s1) + (s2 + s3)
}

func number(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
