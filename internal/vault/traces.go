package vault

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// Traces are what must not be left of erased people, as every word of eight bytes in it, at every offset. A search
// then looks at each eighth place of a file only: wherever a rest of 15 bytes or more lies, a whole word of it lies at
// such a place. Everything that is added is random or sealed, so that a word of one person's is nobody else's:
// 100,000 people are 30 million places, and to find one of 2,000 words among those by chance has the odds of 3 in 10⁹.
type traces struct {
	words  map[uint64]struct{}
	filter *[1 << filterBits / 64]uint64 // one bit for some of the word's: rules out nearly every place in a nanosecond
}

const (
	word       = 8
	filterBits = 22 // half a megabyte: it stays in the core's cache, and is a tenth full with 200 people
)

func newTraces() *traces { return &traces{words: make(map[uint64]struct{})} }

func (t *traces) add(b []byte) {
	if t.filter == nil {
		t.filter = new([1 << filterBits / 64]uint64)
	}
	for i := 0; i+word <= len(b); i++ {
		if bytes.Count(b[i:i+word], []byte{0}) >= word/2 {
			continue // no random word is like that (2 in 10⁸), and a file is full of them
		}
		w := binary.NativeEndian.Uint64(b[i:])
		t.words[w] = struct{}{}
		t.filter[w>>6%(1<<filterBits/64)] |= 1 << (w % 64)
	}
}

func (t *traces) in(b []byte) bool {
	filter := t.filter
	for ; len(b) >= word; b = b[word:] {
		w := binary.NativeEndian.Uint64(b)
		if filter[w>>6%(1<<filterBits/64)]>>(w%64)&1 == 0 {
			continue
		}
		if _, found := t.words[w]; found {
			return true
		}
	}
	return false
}

// reading is how much of a file is searched at a time: a multiple of a word, so that none lies across two.
const reading = 1 << 20

// search reads to the end, or until somebody has found something.
func (t *traces) search(r io.Reader, found *atomic.Bool) error {
	buf := make([]byte, reading)
	for !found.Load() {
		n, err := io.ReadFull(r, buf)
		if t.in(buf[:n]) {
			found.Store(true)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// holdsAny reads a whole file, free pages too, for any of the traces: in as many parts at a time as there are cores.
func holdsAny(path string, traces *traces) (bool, error) {
	if len(traces.words) == 0 {
		return false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	var all sync.WaitGroup
	var found atomic.Bool
	parts := int64(runtime.GOMAXPROCS(0))
	errs := make([]error, parts)
	each := (st.Size()/parts/reading + 1) * reading
	for i := range parts {
		all.Go(func() { errs[i] = traces.search(io.NewSectionReader(f, i*each, each), &found) })
	}
	all.Wait()
	return found.Load(), errors.Join(errs...)
}
