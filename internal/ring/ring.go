// Package ring carries frames from the lens to the eye through shared memory. It never carries a size, an offset or
// anything else that the reader would have to believe: the layout is fixed, and sizes travel as checked words.
//
// The hall makes the memory and hands it to both rooms, which may restart as they like. It is sealed, so that neither
// can shrink it under the other (reading past the end of a shrunk file would kill the reader). The writer never waits
// for the reader: four slots in turn, each with a sequence number that is zero while its pixels change.
//
// More than five names are exported: the two ends of one thing, and its limits.
package ring

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The largest frame that fits, in pixels. The writer scales larger ones down.
const (
	MaxWidth  = 1920
	MaxHeight = 1080
)

// Slots is how many frames lie in the ring at once.
const Slots = 4

// The memory is one page of sequence numbers, a cache line apart (one for each slot, then the last one given), and then
// the slots, each on whole pages.
const (
	page     = 4096
	line     = 64
	slotSize = (MaxWidth*MaxHeight*3 + page - 1) / page * page
	size     = page + Slots*slotSize
	seals    = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
)

// Make makes an empty ring. Only the pages that are used take memory.
func Make() (*os.File, error) {
	fd, err := unix.MemfdCreate("ring", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("making the ring: %w", err)
	}
	f := os.NewFile(uintptr(fd), "ring")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, fmt.Errorf("making the ring: %w", err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("sealing the ring: %w", err)
	}
	return f, nil
}

// A Writer puts frames in. It is for one goroutine; there is one Writer to a ring.
type Writer struct {
	mem   []byte
	fence fence
	slot  uint8
	seq   uint64
}

// OpenWriter takes up a ring after an earlier writer, which may have been killed: it erases that one's pictures and
// goes on counting where it stopped, so that an old word never names a new frame. f may be closed afterwards.
func OpenWriter(f *os.File) (*Writer, error) {
	mem, err := open(f, unix.PROT_READ|unix.PROT_WRITE)
	if err != nil {
		return nil, err
	}
	w := &Writer{mem: mem, seq: seqOf(mem, Slots).Load()}
	if err := w.erase(); err != nil {
		unix.Munmap(mem)
		return nil, err
	}
	return w, nil
}

// Write puts one frame of width × height × 3 bytes in and tells where it lies.
func (w *Writer) Write(pix []byte, width, height int) (slot uint8, seq uint64, err error) {
	if !fits(width, height) || len(pix) != width*height*3 {
		return 0, 0, fmt.Errorf("ring: a frame of %d×%d in %d bytes does not fit", width, height, len(pix))
	}
	w.slot = (w.slot + 1) % Slots
	w.seq++
	seqOf(w.mem, Slots).Store(w.seq)
	at := seqOf(w.mem, w.slot)
	at.Store(0)
	w.fence.wait()
	copy(pixels(w.mem, w.slot), pix)
	w.fence.wait()
	at.Store(w.seq)
	return w.slot, w.seq, nil
}

// Close erases the pictures and lets go of the memory.
func (w *Writer) Close() error { return errors.Join(w.erase(), unix.Munmap(w.mem)) }

// erase gives the pages back to the kernel; what is read there afterwards is zero. Overwriting would take the memory
// of all slots, also of those never used.
func (w *Writer) erase() error {
	for s := range uint8(Slots) {
		seqOf(w.mem, s).Store(0)
	}
	w.fence.wait()
	if err := unix.Madvise(w.mem[page:], unix.MADV_REMOVE); err != nil {
		return fmt.Errorf("erasing the ring: %w", err)
	}
	return nil
}

// A Reader takes frames out. It is for one goroutine.
type Reader struct {
	mem   []byte
	fence fence
}

// OpenReader maps the ring for reading only. f may be closed afterwards.
func OpenReader(f *os.File) (*Reader, error) {
	mem, err := open(f, unix.PROT_READ)
	if err != nil {
		return nil, err
	}
	return &Reader{mem: mem}, nil
}

// Read copies the first len(pix) bytes of a slot and tells whether they are, whole, the frame with this number. When
// they are not, pix holds parts of other frames and is worth nothing.
func (r *Reader) Read(pix []byte, slot uint8, seq uint64) bool {
	if slot >= Slots || seq == 0 || len(pix) > MaxWidth*MaxHeight*3 {
		return false
	}
	at := seqOf(r.mem, slot)
	if at.Load() != seq {
		return false
	}
	copy(pix, pixels(r.mem, slot))
	r.fence.wait()
	return at.Load() == seq
}

// Close lets go of the memory.
func (r *Reader) Close() error { return unix.Munmap(r.mem) }

func fits(width, height int) bool {
	return width > 0 && height > 0 && width <= MaxWidth && height <= MaxHeight
}

// open maps the ring after checking that it is one: an unsealed or short file could end under the reader's hand.
func open(f *os.File, prot int) ([]byte, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("opening the ring: %w", err)
	}
	var mem []byte
	var failed error
	err = conn.Control(func(fd uintptr) { mem, failed = mapped(int(fd), prot) })
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("opening the ring: %w", err)
	}
	return mem, nil
}

func mapped(fd, prot int) ([]byte, error) {
	got, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || got&seals != seals {
		return nil, errors.New("the descriptor is not a sealed ring: it must come from ring.Make")
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Size != size {
		return nil, fmt.Errorf("it has %d bytes instead of %d: install all programs of one release", st.Size, size)
	}
	return unix.Mmap(fd, 0, size, prot, unix.MAP_SHARED)
}

func seqOf(mem []byte, slot uint8) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&mem[int(slot)*line]))
}

func pixels(mem []byte, slot uint8) []byte {
	from := page + int(slot)*slotSize
	return mem[from : from+slotSize]
}

// A fence keeps the plain copies of pixels on their side of the sequence numbers. A load-acquire alone would let
// earlier loads sink below it, and a store-release later stores rise above it. A store-release followed by a
// load-acquire lets nothing pass in either direction: on arm64 the two may not change places (Arm ARM B2.3,
// barrier-ordered-before), on amd64 the store is an XCHG. The variable is private, because the reader's mapping of the
// ring is read-only.
type fence struct{ v atomic.Uint64 }

func (f *fence) wait() {
	f.v.Store(1)
	f.v.Load()
}
