package wire

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// A Conn is one end of a wire: it hears In and says Out, and the compiler knows which is which. A wire outlives the
// rooms at its ends: when one of them is started anew, it says Hello on the same wire.
type Conn[In, Out Word] struct {
	f       *os.File
	born    func()
	sending sync.Mutex
	out     []byte
	code    codec
	in      []byte
}

// Open makes a Conn of one end of a SOCK_SEQPACKET pair and says Hello. Born, if not nil, is called from Hear each
// time the other end begins a new life.
func Open[In, Out Word](f *os.File, born func()) (*Conn[In, Out], error) {
	c := &Conn[In, Out]{f: f, born: born, in: make([]byte, MaxLen+1)}
	return c, c.send(&Hello{})
}

// Say sends one word. It waits while the other end is slow; use SayWithin where waiting could hold up a door.
func (c *Conn[In, Out]) Say(w Out) error { return c.send(w) }

// SayWithin sends one word or gives up after d. A word that was given up on is not sent in part.
func (c *Conn[In, Out]) SayWithin(w Out, d time.Duration) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if sent, err := c.writeNow(w); sent || err != nil {
		return err
	}
	if err := c.f.SetWriteDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	defer c.f.SetWriteDeadline(time.Time{})
	return c.write(w)
}

func (c *Conn[In, Out]) send(w Word) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.write(w)
}

func (c *Conn[In, Out]) write(w Word) error {
	b, err := c.code.encode(c.out[:0], w)
	if err != nil {
		return err
	}
	c.out = b
	_, err = c.f.Write(b)
	clear(b) // a feature or a PIN may have been in it
	return err
}

// writeNow sends one word if the kernel takes it at once. It looks at no deadline: one that passes while this process gets
// no processor would lose a word that there was room for, such as that PINs open the door.
func (c *Conn[In, Out]) writeNow(w Word) (sent bool, err error) {
	b, err := c.code.encode(c.out[:0], w)
	if err != nil {
		return false, err
	}
	c.out = b
	defer clear(b)
	raw, err := c.f.SyscallConn()
	if err != nil {
		return false, err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		_, failed = syscall.Write(int(fd), b)
		return true
	})
	switch {
	case err != nil:
		return false, err
	case errors.Is(failed, syscall.EAGAIN), errors.Is(failed, syscall.EINTR):
		return false, nil
	case failed != nil:
		return false, os.NewSyscallError("write", failed)
	}
	return true, nil
}

// Hear waits for the next word. io.EOF means that the other end has gone; any other error means that it said
// something it may not say, and the conversation is over.
func (c *Conn[In, Out]) Hear() (In, error) {
	var none In
	for {
		n, err := c.f.Read(c.in)
		if err != nil {
			if errors.Is(err, os.ErrClosed) {
				err = io.EOF
			}
			return none, err
		}
		w, err := c.understand(c.in[:n])
		clear(c.in[:n])
		if err != nil {
			return none, err
		}
		if _, ok := w.(*Hello); ok {
			if c.born != nil {
				c.born()
			}
			continue
		}
		in, ok := w.(In)
		if !ok {
			return none, fmt.Errorf("wire: %T came the wrong way", w)
		}
		return in, nil
	}
}

func (c *Conn[In, Out]) understand(b []byte) (Word, error) {
	if len(b) > MaxLen {
		return nil, fmt.Errorf("wire: a message of more than %d bytes", MaxLen)
	}
	return decode(b)
}

// Close ends the conversation; a waiting Hear returns io.EOF.
func (c *Conn[In, Out]) Close() error { return c.f.Close() }
