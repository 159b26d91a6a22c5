package access

import (
	"io"
	"time"

	"example.org/edged/internal/room"
)

// OpenCheap opens a book whose PINs cost next to nothing to try, so that a test can try thousands.
func OpenCheap(dir string, pepper [32]byte, cfg room.PIN, rand io.Reader, now func() time.Time) (*Book, error) {
	return openBook(dir, pepper, cfg, rand, now, cost{8, 1, 1})
}

func Weak(digits string) bool { return weak([]byte(digits)) != "" }

func (b *Book) Cost() [3]uint32 { return [3]uint32{b.cost.memory, b.cost.passes, uint32(b.cost.lanes)} }

// BreakDisk makes every later write fail.
func (b *Book) BreakDisk() { b.db.Close() }

// FailWrites makes the count of tries impossible to keep, as a full disk does; everything else works.
func (b *Book) FailWrites(err error) {
	b.tries.save = func(int, time.Time) error { return err }
}
