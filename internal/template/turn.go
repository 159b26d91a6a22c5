package template

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"unsafe"

	"golang.org/x/sys/unix"
)

// # The turning
//
// Every template is turned by a rotation that this device alone knows before anything else is done with it: in Put,
// so that nobody can forget it. Each of three rounds changes places and signs by a secret, then applies a
// Walsh-Hadamard transform. A change of places, a change of signs and that transform (divided by √512) are each
// orthogonal, so all of it is: lengths and cosines stay what they were. Three rounds of this kind are known to be as
// good as a rotation drawn from all there are (Andoni et al., "Practical and Optimal LSH for Angular Distance", 2015;
// Choromanski et al., "The Unreasonable Effectiveness of Structured Random Orthogonal Embeddings", 2017), and take
// microseconds where a full matrix takes a megabyte.
//
// What it gives: templates of one person on two devices, or on one device before and after a new turn, look no more
// alike than those of two people, so a stolen one finds nobody elsewhere and can be made worthless without calling
// anybody back. What it does not give: secrecy. Whoever knows a few hundred features together with their turned form
// can compute the rotation, and cosines inside one device are as they were. Secrecy is the seal's work.
const rounds = 3

const (
	takeFrom  = 1<<9 - 1 // of a step: the place that the number comes from; Len is 2^9
	otherSign = 1 << 15  // of a step: and it changes its sign
)

// A rotation is what one turn does. It is as secret as the key that it is drawn from.
type rotation struct {
	number uint32
	drawn  bool
	steps  [rounds][Len]uint16
}

// secrets lie in locked memory, as templates do.
type secrets struct {
	key     [32]byte
	now     rotation
	before  rotation // of the last sealed template of another turn that was opened
	scratch [Len]float32
}

var errTurn = errors.New("template: an arena without a secret rotation would keep faces that fit every device")

// prepare draws this device's rotation.
func (a *Arena) prepare(key [32]byte, turn uint32) error {
	if key == [32]byte{} {
		return errTurn
	}
	mem, err := unix.Mmap(-1, 0, int(unsafe.Sizeof(secrets{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("template: get memory for the rotation: %w", err)
	}
	if err := protect(mem); err != nil {
		return errors.Join(err, unix.Munmap(mem))
	}
	s := (*secrets)(unsafe.Pointer(&mem[0]))
	s.key = key
	s.now.draw(&s.key, turn)
	a.secret = func() *secrets { return s }
	a.forget = func() error {
		clear(mem)
		return errors.Join(unix.Munlock(mem), unix.Munmap(mem))
	}
	return nil
}

// draw makes the rotation of that number. ChaCha8 as in C2SP chacha8rand, which gives the same numbers for ever.
func (r *rotation) draw(key *[32]byte, number uint32) {
	info := binary.BigEndian.AppendUint32([]byte("edged/v1/rotation/turn"), number)
	seed, err := hkdf.Expand(sha256.New, key[:], string(info), 32)
	if err != nil {
		panic(fmt.Sprintf("template: internal error: %v", err)) // only lengths can be wrong, and they are fixed
	}
	source := rand.NewChaCha8([32]byte(seed))
	defer source.Seed([32]byte{}) // in place of a wipe
	defer clear(seed)
	for k := range r.steps {
		steps := &r.steps[k]
		for i := range steps {
			steps[i] = uint16(i)
		}
		for i := Len - 1; i > 0; i-- {
			j := below(source, uint64(i)+1)
			steps[i], steps[j] = steps[j], steps[i]
		}
		for i := range steps {
			if source.Uint64()&1 == 1 {
				steps[i] |= otherSign
			}
		}
	}
	r.number, r.drawn = number, true
}

// below draws a number from 0 up to n, each as likely as the others.
func below(source *rand.ChaCha8, n uint64) uint64 {
	for {
		if x := source.Uint64(); x < math.MaxUint64-math.MaxUint64%n {
			return x % n
		}
	}
}

// turn turns v, and turnBack undoes it. The caller scales v afterwards: a transform lengthens it by √512.
func (s *secrets) turn(r *rotation, v *[Len]float32) {
	for k := range r.steps {
		for i, step := range &r.steps[k] {
			s.scratch[i] = signed(v[step&takeFrom], step)
		}
		hadamard(&s.scratch)
		*v = s.scratch
	}
	clear(s.scratch[:])
}

func (s *secrets) turnBack(r *rotation, v *[Len]float32) {
	for k := rounds - 1; k >= 0; k-- {
		hadamard(v) // is its own opposite, but for the length
		for i, step := range &r.steps[k] {
			s.scratch[step&takeFrom] = signed(v[i], step)
		}
		*v = s.scratch
	}
	clear(s.scratch[:])
}

// over brings a template of an earlier turn to the present one.
func (s *secrets) over(from uint32, v *[Len]float32) error {
	if from == s.now.number {
		return nil
	}
	if !s.before.drawn || s.before.number != from {
		s.before.draw(&s.key, from)
	}
	s.turnBack(&s.before, v)
	if err := scale(v); err != nil {
		return err
	}
	s.turn(&s.now, v)
	return scale(v)
}

func signed(f float32, step uint16) float32 {
	return math.Float32frombits(math.Float32bits(f) ^ uint32(step&otherSign)<<16)
}

// hadamard is the fast Walsh-Hadamard transform, in place and without its factor 1/√512.
func hadamard(v *[Len]float32) {
	for half := 1; half < Len; half *= 2 {
		for from := 0; from < Len; from += 2 * half {
			x, y := v[from:from+half], v[from+half:from+2*half]
			for i := range x {
				x[i], y[i] = x[i]+y[i], x[i]-y[i]
			}
		}
	}
}
