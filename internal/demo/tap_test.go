package demo

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A tap stands between the device and its broker and keeps every byte, of every connection, in both directions. It can
// be cut, as a network can.
type tap struct {
	address string
	heard   lockedBuffer

	mu   sync.Mutex
	cut  bool
	open map[net.Conn]bool
}

func openTap(t *testing.T, broker string) *tap {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{address: l.Addr().String(), open: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); p.set(true) })
	go func() {
		for {
			device, err := l.Accept()
			if err != nil {
				return
			}
			go p.join(device, broker)
		}
	}()
	return p
}

// set cuts the tap, and whoever is connected with it, or mends it.
func (p *tap) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	for c := range p.open {
		if cut {
			c.Close()
		}
	}
}

func (p *tap) holds(c net.Conn, is bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = is
	if !is {
		delete(p.open, c)
	}
	return !p.cut
}

func (p *tap) join(device net.Conn, broker string) {
	defer device.Close()
	defer p.holds(device, false)
	if !p.holds(device, true) {
		return
	}
	far, err := net.Dial("tcp", broker)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		io.Copy(device, io.TeeReader(far, &p.heard))
		device.Close()
	}()
	io.Copy(far, io.TeeReader(device, &p.heard))
}
