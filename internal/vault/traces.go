package vault

import (
	"errors"
	"io"
	"sync/atomic"
)

// piece is the length of the smallest trace looked for: one block of AES.
const piece = 16

// Traces are what must not be left of an erased person, cut into pieces. Every run of 31 bytes of it holds a whole
// piece, so a longer rest cannot be overlooked.
type traces struct {
	pieces map[[piece]byte]bool
	begin  [1 << 16]bool // by the first two bytes: rules out nearly every place at a nanosecond each
}

func newTraces() *traces { return &traces{pieces: make(map[[piece]byte]bool)} }

func (t *traces) add(b []byte) {
	for ; len(b) >= piece; b = b[piece:] {
		p := [piece]byte(b)
		t.pieces[p] = true
		t.begin[int(p[0])<<8|int(p[1])] = true
	}
}

func (t *traces) in(b []byte) bool {
	for i := 0; i+piece <= len(b); i++ {
		if t.begin[int(b[i])<<8|int(b[i+1])] && t.pieces[[piece]byte(b[i:])] {
			return true
		}
	}
	return false
}

// search reads to the end, or until somebody has found something.
func (t *traces) search(r io.Reader, found *atomic.Bool) error {
	buf, kept := make([]byte, 1<<20), 0
	for !found.Load() {
		n, err := io.ReadFull(r, buf[kept:])
		if t.in(buf[:kept+n]) {
			found.Store(true)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		kept = copy(buf, buf[len(buf)-piece+1:]) // a trace may lie across two readings
	}
	return nil
}
