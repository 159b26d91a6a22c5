package template

import "math/bits"

// A look is one search's working place. It holds how far people are from the probe, so it is cleared after use.
type look struct {
	head, tail [headWords]uint64
	far        [blockPeople]uint8 // by the first half of the signs
	count      [2][256]uint32     // how many are so far; two, because adding to the same number twice in a row waits
	near       [firstCut]uint32   // distance<<16 | place
	chosen     [firstCut]uint16
}

// nearest is the places of the last people, of m in the block, whose signs differ least from the probe's. Every
// loop runs as often whoever is there.
func (l *look) nearest(b *block, m, last int) []uint16 {
	first := min(firstCut, m)
	l.gather(b, m, first)
	if last >= first {
		for i, n := range l.near[:first] {
			l.chosen[i] = uint16(n)
		}
		return l.chosen[:first]
	}
	for i := range first {
		n := l.near[i]
		p := n & 0xffff
		n += uint32(apart(&b.tail[p], &l.tail)) << 16
		l.near[i] = n
	}
	for i := range last {
		for j := i + 1; j < first; j++ {
			x, y := l.near[i], l.near[j]
			l.near[i], l.near[j] = min(x, y), max(x, y)
		}
		l.chosen[i] = uint16(l.near[i])
	}
	return l.chosen[:last]
}

// gather takes the first nearest by half of the signs: it counts how many are how far, and so knows how far to go.
func (l *look) gather(b *block, m, first int) {
	clear(l.count[0][:])
	clear(l.count[1][:])
	head, far := l.head, l.far[:m]
	for i := range far {
		d := uint8(min(apart(&b.head[i], &head), 255))
		far[i] = d
		l.count[i&1][d]++
	}
	var within, limit int
	for {
		here := int(l.count[0][limit] + l.count[1][limit])
		if within+here >= first {
			break
		}
		within += here
		limit++
	}
	// All nearer than the limit, and of those at the limit as many as there is room for.
	room := first - within
	n := 0
	for i, d := range far {
		if int(d) > limit {
			continue
		}
		if int(d) == limit {
			if room == 0 {
				continue
			}
			room--
		}
		l.near[n] = uint32(d)<<16 | uint32(i)
		n++
	}
}

func apart(x, y *[headWords]uint64) int {
	return bits.OnesCount64(x[0]^y[0]) + bits.OnesCount64(x[1]^y[1]) + bits.OnesCount64(x[2]^y[2]) + bits.OnesCount64(x[3]^y[3])
}
