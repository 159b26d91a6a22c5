// Package pages tells whether a bbolt file can be read without harm. It never writes, and follows no number that it
// has not checked.
//
// bbolt trusts its file: a truncated one ends the process with a bus error, one wrong bit in a page number lets it
// walk in circles until memory is gone, and some of its panics happen where no caller can catch them. A keeper that
// dies of its own file at every start would take the keypad with it. So each file is checked before bbolt sees it.
// What passes may still hold wrong values; those are for seals and signatures to find.
package pages

import (
	"bytes"
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
	seen     map[uint64]bool
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
	c := &checker{file: f, seen: map[uint64]bool{0: true, 1: true}}
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

// page reads a whole page with what overflows it, once.
func (c *checker) page(id uint64) ([]byte, error) {
	if id < 2 || id >= c.end {
		return nil, unsound("page %d is not in the file", id)
	}
	head := make([]byte, header)
	if err := c.read(head, id); err != nil {
		return nil, err
	}
	n := uint64(order.Uint32(head[12:])) + 1
	if order.Uint64(head) != id || n > c.end-id {
		return nil, unsound("page %d is not a page", id)
	}
	for i := range n {
		if c.seen[id+i] {
			return nil, unsound("page %d is used twice", id+i)
		}
		c.seen[id+i] = true
	}
	page := make([]byte, int64(n)*c.pageSize)
	return page, c.read(page, id)
}

func (c *checker) read(b []byte, id uint64) error {
	_, err := c.file.ReadAt(b, int64(id)*c.pageSize)
	if errors.Is(err, io.EOF) {
		return unsound("page %d is cut off", id)
	}
	return err
}

// bucket checks the tree below a page. All keys in it must lie from low up to, but not with, high (nil: no limit): where
// they do not, bbolt finds another page than it came from, and frees that.
func (c *checker) bucket(id uint64, depth int, low, high []byte) error {
	if depth > deepest {
		return unsound("too deep")
	}
	page, err := c.page(id)
	if err != nil {
		return err
	}
	switch kind := order.Uint16(page[8:]); kind {
	case leaf:
		return c.leaf(page, id, low, high, func(value []byte) error { return c.nested(value, id, depth) })
	case branch:
		return c.branch(page, id, depth, low, high)
	default:
		return unsound("page %d is of kind %#x", id, kind)
	}
}

func (c *checker) branch(page []byte, id uint64, depth int, low, high []byte) error {
	count := int(order.Uint16(page[10:]))
	if count == 0 || header+count*element > len(page) {
		return unsound("page %d leads to %d pages", id, count)
	}
	keys := make([][]byte, count)
	for i := range keys {
		at := header + i*element
		key, err := span(page, at, order.Uint32(page[at:]), order.Uint32(page[at+4:]), 0)
		if err != nil || !between(key, low, high) || i > 0 && bytes.Compare(keys[i-1], key) >= 0 {
			return unsound("page %d, entry %d", id, i)
		}
		keys[i] = key
	}
	for i, key := range keys {
		next := high
		if i+1 < count {
			next = keys[i+1]
		}
		if err := c.bucket(order.Uint64(page[header+i*element+8:]), depth+1, key, next); err != nil {
			return err
		}
	}
	return nil
}

func between(key, low, high []byte) bool {
	return bytes.Compare(low, key) <= 0 && (high == nil || bytes.Compare(key, high) < 0)
}

// leaf checks the entries of a leaf page and hands each bucket among them to nested.
func (c *checker) leaf(page []byte, id uint64, low, high []byte, nested func(value []byte) error) error {
	count := int(order.Uint16(page[10:]))
	if header+count*element > len(page) {
		return unsound("page %d holds %d entries", id, count)
	}
	var last []byte
	for i := range count {
		at := header + i*element
		flags, klen, vlen := order.Uint32(page[at:]), order.Uint32(page[at+8:]), order.Uint32(page[at+12:])
		both, err := span(page, at, order.Uint32(page[at+4:]), klen, vlen)
		if err != nil || flags > 1 || klen == 0 ||
			!between(both[:klen], low, high) || i > 0 && bytes.Compare(last, both[:klen]) >= 0 {
			return unsound("page %d, entry %d", id, i)
		}
		last = both[:klen]
		if flags == 1 {
			if err := nested(both[klen:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// nested is a bucket in a leaf: the number of its page, or, when small, its only page itself.
func (c *checker) nested(value []byte, id uint64, depth int) error {
	if len(value) < bucketLen {
		return unsound("page %d holds half a bucket", id)
	}
	if root := order.Uint64(value); root != 0 {
		return c.bucket(root, depth+1, nil, nil)
	}
	inside := value[bucketLen:]
	if len(inside) < header || order.Uint64(inside) != 0 || order.Uint16(inside[8:]) != leaf || order.Uint32(inside[12:]) != 0 {
		return unsound("page %d holds a bucket that is no page", id)
	}
	return c.leaf(inside, id, nil, nil, func([]byte) error { return unsound("page %d: a bucket in a small bucket", id) })
}

// span is a key and its value, which lie at pos from their entry.
func span(page []byte, at int, pos, klen, vlen uint32) ([]byte, error) {
	from, to := uint64(at)+uint64(pos), uint64(at)+uint64(pos)+uint64(klen)+uint64(vlen)
	if from < header || to > uint64(len(page)) || klen > longestKey {
		return nil, ErrUnsound
	}
	return page[from:to], nil
}

// freelist checks that no page in use is listed as free: bbolt would write over it.
func (c *checker) freelist(id uint64) error {
	page, err := c.page(id)
	if err != nil {
		return err
	}
	count, at := uint64(order.Uint16(page[10:])), uint64(header)
	if count == 0xFFFF { // then the count is too large for its field and stands first
		count, at = order.Uint64(page[header:]), header+8
	}
	if order.Uint16(page[8:]) != freelist || count > (uint64(len(page))-at)/8 {
		return unsound("the list of free pages is none")
	}
	for i := range count {
		free := order.Uint64(page[at+8*i:])
		if free < 2 || free >= c.end || c.seen[free] {
			return unsound("page %d is free and in use, or is free twice", free)
		}
		c.seen[free] = true
	}
	return nil
}
