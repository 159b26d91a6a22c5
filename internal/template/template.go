// Package template holds the numbers made of faces, in memory that is locked, left out of dumps and empty in a forked
// child. It never gives the numbers away: outside this package there are handles, and seals that only the right key
// and the right label open.
//
// What it does not withstand: somebody who reads this process's memory while it runs, hibernation to disk, and what
// Go itself keeps: AES key schedules and register spills lie on the ordinary heap and stack until they are reused.
package template

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Len is how many numbers a template has.
const Len = 512

const (
	size       = 4 * Len // bytes of one template
	chunkSlots = 256     // 512 KiB at a time: few mappings, and little waste at a small door
)

// A Template is a place in an Arena and a stay there, not the numbers in it: there is nothing in it to print. It has
// meaning only in the Arena that made it. The zero Template is nobody's.
type Template struct {
	slot uint32
	stay uint64 // counts up with every Put, so a handle kept after Wipe never reads the next person's numbers
}

// An Arena is where templates live. All its methods may be called at the same time.
type Arena struct {
	mu      sync.RWMutex
	chunks  []chunk
	shelves []chunk  // memory of every Shelf
	stays   []uint64 // by slot; 0 is free
	free    []uint32
	last    uint64
	closed  bool
	madeUp  bool
	secret  func() *secrets // the rotation; see turn.go
	forget  func() error
}

// A chunk is reached through a function because fmt follows slices and pointers, also through unexported fields and
// mistaken verbs, but has nothing to print of a function.
type chunk func() []byte

var errGone = errors.New("template: used after it was wiped")

// NewArena makes room for so many templates and grows when more come. Whatever is put into it is turned by a rotation
// that is drawn from the device's key and the number of the turn.
func NewArena(slots int, key [32]byte, turn uint32) (*Arena, error) {
	a := new(Arena)
	if err := a.prepare(key, turn); err != nil {
		return nil, err
	}
	for len(a.stays) < slots {
		if err := a.grow(); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// Put takes the numbers in v, scales them to unit length, turns them, and clears v, whether or not it succeeds.
func (a *Arena) Put(v *[Len]float32) (Template, error) {
	defer clear(v[:])
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fill(func(b *[size]byte) error {
		*numbers(b) = *v
		if err := scale(numbers(b)); err != nil {
			return err
		}
		secret := a.secret()
		secret.turn(&secret.now, numbers(b))
		return scale(numbers(b))
	})
}

// Mean is the mean of the templates, scaled to unit length again.
func (a *Arena) Mean(of []Template) (Template, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fill(func(sum *[size]byte) error {
		for _, t := range of {
			b := a.at(t)
			if b == nil {
				return errGone
			}
			for i, f := range numbers(b) {
				numbers(sum)[i] += f
			}
		}
		return scale(numbers(sum))
	})
}

// Wipe clears the numbers. Every copy of the handle is dead from here on; wiping twice does nothing.
func (a *Arena) Wipe(t Template) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.at(t); b != nil {
		a.release(t.slot, b)
	}
}

// Close wipes everything and gives the memory back. What is called afterwards fails.
func (a *Arena) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	errs := []error{a.forget()}
	for _, c := range append(a.chunks, a.shelves...) {
		mem := c()
		clear(mem)
		errs = append(errs, unix.Munlock(mem), unix.Munmap(mem))
	}
	a.chunks, a.shelves, a.stays, a.free = nil, nil, nil, nil
	return errors.Join(errs...)
}

// fill finds a free place, lets write fill it, and takes it back when that fails.
func (a *Arena) fill(write func(*[size]byte) error) (Template, error) {
	if a.closed {
		return Template{}, errors.New("template: the arena is closed")
	}
	if len(a.free) == 0 {
		if err := a.grow(); err != nil {
			return Template{}, err
		}
	}
	slot := a.free[len(a.free)-1]
	a.free = a.free[:len(a.free)-1]
	a.last++
	a.stays[slot] = a.last
	b := a.place(slot)
	if err := write(b); err != nil {
		a.release(slot, b)
		return Template{}, err
	}
	return Template{slot, a.last}, nil
}

func (a *Arena) release(slot uint32, b *[size]byte) {
	clear(b[:])
	a.stays[slot] = 0
	a.free = append(a.free, slot)
}

// at is the memory behind a handle, or nil when the handle is dead.
func (a *Arena) at(t Template) *[size]byte {
	if t.stay == 0 || int64(t.slot) >= int64(len(a.stays)) || a.stays[t.slot] != t.stay {
		return nil
	}
	return a.place(t.slot)
}

func (a *Arena) place(slot uint32) *[size]byte {
	off := int(slot%chunkSlots) * size
	return (*[size]byte)(a.chunks[slot/chunkSlots]()[off : off+size])
}

// grow maps one more chunk. Memory that cannot be locked is not used: it could reach the swap.
func (a *Arena) grow() error {
	mem, err := unix.Mmap(-1, 0, chunkSlots*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("template: get %d KiB of memory for faces: %w", chunkSlots*size>>10, err)
	}
	if err := a.protect(mem); err != nil {
		return errors.Join(err, unix.Munmap(mem))
	}
	first := len(a.stays)
	a.chunks = append(a.chunks, func() []byte { return mem })
	a.stays = append(a.stays, make([]uint64, chunkSlots)...)
	for slot := first + chunkSlots - 1; slot >= first; slot-- {
		a.free = append(a.free, uint32(slot))
	}
	return nil
}

// MadeUp says that this arena is only for measuring, with people who do not exist: from here on it also uses memory that
// this process may not lock. There is no way back, and nothing that was sealed opens in it.
func (a *Arena) MadeUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.madeUp = true
}

func (a *Arena) protect(mem []byte) error {
	if err := protect(mem); err != nil && !a.madeUp {
		return err
	}
	return nil
}

func protect(mem []byte) error {
	if err := unix.Mlock(mem); err != nil {
		return fmt.Errorf("template: lock %d KiB of memory for faces: %w; raise LimitMEMLOCK in the unit (ulimit -l), 2.7 KiB a person and 2 MiB over",
			len(mem)>>10, err)
	}
	if err := unix.Madvise(mem, unix.MADV_DONTDUMP); err != nil {
		return fmt.Errorf("template: keep faces out of core dumps: %w", err)
	}
	if err := unix.Madvise(mem, unix.MADV_WIPEONFORK); err != nil {
		return fmt.Errorf("template: keep faces out of forked children: %w; this needs Linux 4.14", err)
	}
	return nil
}

// scale brings the numbers to unit length, so that a cosine is a plain dot product. It adds in float64, where 512
// squares of the largest float32 do not overflow.
func scale(v *[Len]float32) error {
	var sum float64
	for _, f := range v {
		sum += float64(f) * float64(f)
	}
	norm := math.Sqrt(sum)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return errors.New("template: a number is not finite")
	}
	if norm == 0 {
		return errors.New("template: all numbers are zero")
	}
	for i, f := range v {
		v[i] = float32(float64(f) / norm)
	}
	return nil
}

// numbers sees the memory of a template as its numbers. Decoding four bytes
// at a time is safe without unsafe but makes a search 2.3 times as long. It holds because every place lies at a multiple
// of 2 KiB in a page-aligned mapping that outlives the caller's hold of the lock, and because any 32 bits are a
// float32. The byte order is the machine's own; sealed templates are bound to this device anyway.
func numbers(b *[size]byte) *[Len]float32 { return (*[Len]float32)(unsafe.Pointer(b)) }
