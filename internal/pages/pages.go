// Package pages tells whether a bbolt file can be read without harm. It never writes into one, and follows no number that it
// has not checked.
//
// bbolt trusts its file: a truncated one ends the process with a bus error, one wrong bit in a page number lets it
// walk in circles until memory is gone, and some of its panics happen where no caller can catch them. A keeper that
// dies of its own file at every start would take the keypad with it. So each file is checked before bbolt sees it.
// What passes may still hold wrong values; those are for seals and signatures to find.
package pages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnsound means that the file itself is damaged, and not that it could not be read at the moment.
var ErrUnsound = errors.New("file is damaged")

// ErrBusy means that another program has the file open. What it is just writing would look like damage.
var ErrBusy = errors.New("file is in use")

// The format is bbolt's version 2 (go.etcd.io/bbolt/internal/common), in the machine's byte order.
const (
	magic      = 0xED0CDAED
	version    = 2
	header     = 16 // of a page: id 8, kind 2, count 2, overflow 4
	metaLen    = 64
	element    = 16 // of a leaf: flags 4, position 4, key length 4, value length 4; of a branch: position, key length, page 8
	bucketLen  = 16 // root page 8, sequence 8
	branch     = 0x01
	leaf       = 0x02
	freelist   = 0x10
	deepest    = 32 // levels; a tree of the least fan-out and this depth is larger than any disk
	longestKey = 32768
)

var order = binary.NativeEndian

type checker struct {
	file     io.ReaderAt
	pageSize int64
	end      uint64 // first page that is not in use
	seen     []bool
	spare    [][]byte // pages that were looked at
}

// Check reads every page of the file that bbolt would follow.
func Check(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := share(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	c := &checker{file: f}
	meta, err := c.meta(st.Size())
	if err == nil {
		err = c.bucket(order.Uint64(meta[16:]), 0, nil, nil)
	}
	if err == nil {
		err = c.freelist(order.Uint64(meta[32:]))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// share takes the lock that bbolt takes, so that nobody writes meanwhile. It goes when the file is closed.
func share(f *os.File) error {
	for range 20 {
		err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return ErrBusy
}

func unsound(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsound, fmt.Sprintf(format, args...))
}

// meta finds the newer of the two meta pages, as bbolt does, and checks that the file is as long as it says.
func (c *checker) meta(length int64) ([]byte, error) {
	c.pageSize = int64(os.Getpagesize())
	first, err := c.metaAt(0)
	if err != nil {
		return nil, err
	}
	if first != nil {
		c.pageSize = int64(order.Uint32(first[8:]))
	}
	second, err := c.metaAt(c.pageSize)
	if err != nil {
		return nil, err
	}
	newer := first
	if first == nil || second != nil && order.Uint64(second[48:]) > order.Uint64(first[48:]) {
		newer = second
	}
	if newer == nil {
		return nil, unsound("no page says where the others are")
	}
	if int64(order.Uint32(newer[8:])) != c.pageSize {
		return nil, unsound("the two first pages disagree about the page size")
	}
	c.end = order.Uint64(newer[40:])
	if c.end < 4 || c.end > uint64(length/c.pageSize) {
		return nil, unsound("%d bytes long, but it needs %d pages of %d: truncated", length, c.end, c.pageSize)
	}
	c.seen = make([]bool, c.end) // no longer than the file, by what was just checked
	c.seen[0], c.seen[1] = true, true
	return newer, nil
}

// metaAt is nil without an error where no valid meta page is: one of two may be torn by a power cut.
func (c *checker) metaAt(off int64) ([]byte, error) {
	page := make([]byte, header+metaLen)
	if _, err := c.file.ReadAt(page, off); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	m := page[header:]
	sum := fnv.New64a()
	sum.Write(m[:metaLen-8])
	size := order.Uint32(m[8:])
	if order.Uint32(m) != magic || order.Uint32(m[4:]) != version || order.Uint64(m[metaLen-8:]) != sum.Sum64() ||
		size < 1024 || size > 64<<10 || size&(size-1) != 0 {
		return nil, nil
	}
	return m, nil
}

// page reads a whole page with what overflows it, once. done takes it back.
func (c *checker) page(id uint64) (page []byte, done func(), err error) {
	if id < 2 || id >= c.end {
		return nil, nil, unsound("page %d is not in the file", id)
	}
	if last := len(c.spare) - 1; last >= 0 {
		page, c.spare = c.spare[last], c.spare[:last]
	} else {
		page = make([]byte, c.pageSize)
	}
	whole := page
	done = func() { c.spare = append(c.spare, whole) }
	if err := c.read(page, id); err != nil {
		return nil, nil, err
	}
	n := uint64(order.Uint32(page[12:])) + 1
	if order.Uint64(page) != id || n > c.end-id {
		return nil, nil, unsound("page %d is not a page", id)
	}
	for i := range n {
		if c.seen[id+i] {
			return nil, nil, unsound("page %d is used twice", id+i)
		}
		c.seen[id+i] = true
	}
	if n > 1 {
		page = make([]byte, int64(n)*c.pageSize)
		err = c.read(page, id)
	}
	return page, done, err
}

func (c *checker) read(b []byte, id uint64) error {
	_, err := c.file.ReadAt(b, int64(id)*c.pageSize)
	if errors.Is(err, io.EOF) {
		return unsound("page %d is cut off", id)
	}
	return err
}
