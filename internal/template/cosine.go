package template

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
	return dot(numbers(p), numbers(q))
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
			cosine = dot(numbers(p), numbers(q))
		}
		see(i, cosine)
	}
}

// dot has eight sums so that additions need not wait for each other, and walks arrays of known length so that the
// compiler drops every bounds check inside.
func dot(x, y *[Len]float32) float32 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for i := 0; i < Len; i += 8 {
		p, q := (*[8]float32)(x[i:i+8]), (*[8]float32)(y[i:i+8])
		s0 += p[0] * q[0]
		s1 += p[1] * q[1]
		s2 += p[2] * q[2]
		s3 += p[3] * q[3]
		s4 += p[4] * q[4]
		s5 += p[5] * q[5]
		s6 += p[6] * q[6]
		s7 += p[7] * q[7]
	}
	return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
}
