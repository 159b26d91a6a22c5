package template

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// # The shelf
//
// A search that reads 2 KiB a person is as slow as the memory. A shelf keeps 644 bytes instead, in locked memory too:
// 512 signs (the sketch), and for each number ten bits with that sign among them. A search compares 256 signs with
// everybody, all 512 with the nearest sixteenth, and computes a cosine for the nearest of those.
//
// The nearest are taken block by block, as many from each block whoever is looked for, so how long a search takes is
// told by how many people there are, not by who they are. (Which lines of memory it touched is not hidden from
// somebody who runs on the same core; no room but the keeper's own does.)
const (
	blockPeople = 1024
	firstCut    = blockPeople / 16 // nearest by 256 signs
	lastCut     = 2                // nearest by 512 signs, where there are many blocks
	manyBlocks  = 8
	headWords   = 4
)

// A block is people's codes, each kind beside its like, so that the first look streams through 32 bytes a person.
type block struct {
	head, tail [blockPeople][headWords]uint64 // signs of the first and the second half
	low        [blockPeople][Len / 64]uint64  // lowest bit of each magnitude
	high       [blockPeople][Len]uint8        // the eight bits above it
	scale      [blockPeople]float32
}

// CodeSize is how many bytes of locked memory a shelf takes for one person.
const CodeSize = int(unsafe.Sizeof(block{})) / blockPeople

// A Shelf is templates in order, coded for searching. It lives in the arena's care and dies with it. Its methods may
// be called at the same time as the arena's; between each other, who changes it must be alone.
type Shelf struct {
	arena  *Arena
	blocks []func() *block // functions for the same reason as in Arena
}

// NewShelf makes an empty shelf for templates of a.
func NewShelf(a *Arena) *Shelf { return &Shelf{arena: a} }

// Set puts a code of t at place i; the template itself is no longer needed for it.
func (s *Shelf) Set(i int, t Template) error {
	s.arena.mu.Lock()
	defer s.arena.mu.Unlock()
	b := s.arena.at(t)
	if b == nil {
		return errGone
	}
	for i/blockPeople >= len(s.blocks) {
		if err := s.grow(); err != nil {
			return err
		}
	}
	s.blocks[i/blockPeople]().code(i%blockPeople, numbers(b))
	return nil
}

// Move puts what is at place from to place to, and clears from. With from and to the same it only clears.
func (s *Shelf) Move(to, from int) {
	s.arena.mu.Lock()
	defer s.arena.mu.Unlock()
	if s.arena.closed {
		return
	}
	x, i, y, j := s.blocks[to/blockPeople](), to%blockPeople, s.blocks[from/blockPeople](), from%blockPeople
	if to != from {
		x.head[i], x.tail[i], x.low[i], x.high[i], x.scale[i] = y.head[j], y.tail[j], y.low[j], y.high[j], y.scale[j]
	}
	clear(y.head[j][:])
	clear(y.tail[j][:])
	clear(y.low[j][:])
	clear(y.high[j][:])
	y.scale[j] = 0
}

// Cosine is how alike the probe is to what is at place i, to about a ten-thousandth; Nothing for a dead probe.
func (s *Shelf) Cosine(i int, probe Template) float32 {
	s.arena.mu.RLock()
	defer s.arena.mu.RUnlock()
	p := s.arena.at(probe)
	if p == nil || i/blockPeople >= len(s.blocks) {
		return Nothing
	}
	return s.blocks[i/blockPeople]().cosine(i%blockPeople, numbers(p))
}

// Search computes the cosine of probe with the nearest of the first n places, and shows it to see, which must not call
// the arena. A dead probe sees nobody.
func (s *Shelf) Search(probe Template, n int, see func(i int, cosine float32)) {
	s.arena.mu.RLock()
	defer s.arena.mu.RUnlock()
	p := s.arena.at(probe)
	n = min(n, len(s.blocks)*blockPeople)
	if p == nil || n <= 0 {
		return
	}
	var l look
	defer func() { l = look{} }()
	l.head, l.tail = signs(numbers(p))
	last := lastCut
	if n <= manyBlocks*blockPeople {
		last = firstCut
	}
	for at := 0; at < n; at += blockPeople {
		b := s.blocks[at/blockPeople]()
		for _, i := range l.nearest(b, min(n-at, blockPeople), last) {
			see(at+int(i), b.cosine(int(i), numbers(p)))
		}
	}
}

func (s *Shelf) grow() error {
	const bytes = int(unsafe.Sizeof(block{}))
	if s.arena.closed {
		return errors.New("template: the arena is closed")
	}
	mem, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("template: get %d KiB of memory for faces: %w", bytes>>10, err)
	}
	if err := s.arena.protect(mem); err != nil {
		return errors.Join(err, unix.Munmap(mem))
	}
	s.arena.shelves = append(s.arena.shelves, func() []byte { return mem })
	// As in numbers: page-aligned memory that outlives the caller's hold of the lock; every bit pattern is a block.
	s.blocks = append(s.blocks, func() *block { return (*block)(unsafe.Pointer(&mem[0])) })
	return nil
}

// code writes v to place i: signs, magnitudes in 512 steps of equal width up to the largest, and the scale that makes
// the face exactly as long as it was in its own direction.
func (b *block) code(i int, v *[Len]float32) {
	var most float32
	for _, f := range v {
		most = max(most, abs(f))
	}
	b.head[i], b.tail[i] = signs(v)
	clear(b.low[i][:])
	var along float64
	for j, f := range v {
		m := min(uint32(abs(f)/most*512), 511)
		b.high[i][j] = uint8(m >> 1)
		b.low[i][j/64] |= uint64(m&1) << (j % 64)
		along += float64(abs(f)) * float64(2*m+1)
	}
	b.scale[i] = float32(1 / along)
}

// cosine reads each magnitude as the middle of its step, an odd whole number, and gives the probe's number the sign.
func (b *block) cosine(i int, p *[Len]float32) float32 {
	high, sum := &b.high[i], float32(0)
	for w := range Len / 64 {
		sign, low := b.tail[i][w%headWords], b.low[i][w]
		if w < headWords {
			sign = b.head[i][w]
		}
		x, h := (*[64]float32)(p[w*64:w*64+64]), (*[64]uint8)(high[w*64:w*64+64])
		var s0, s1 float32
		for j := 0; j < 64; j += 2 {
			c0 := uint32(h[j])<<2 | uint32(low&1)<<1 | 1
			c1 := uint32(h[j+1])<<2 | uint32(low&2) | 1
			s0 += float32(int32(c0)) * math.Float32frombits(math.Float32bits(x[j])^uint32(sign&1)<<31)
			s1 += float32(int32(c1)) * math.Float32frombits(math.Float32bits(x[j+1])^uint32(sign&2)<<30)
			sign, low = sign>>2, low>>2
		}
		sum += s0 + s1
	}
	return sum * b.scale[i]
}

// signs has a bit for every number below zero.
func signs(v *[Len]float32) (head, tail [headWords]uint64) {
	for w := range headWords {
		for j := range 64 {
			head[w] |= uint64(math.Float32bits(v[w*64+j])>>31) << j
			tail[w] |= uint64(math.Float32bits(v[(w+headWords)*64+j])>>31) << j
		}
	}
	return head, tail
}

func abs(f float32) float32 { return math.Float32frombits(math.Float32bits(f) &^ (1 << 31)) }
