package courier

import (
	"errors"
	"io"
	"net"
)

// widest is more than any packet needs: a topic takes at most 64 KiB, a request 4 KiB.
const widest = 128 << 10

var errWide = errors.New("the broker sent a packet that no client asked for")

// A gauge is a connection that lets no packet through that is wider than widest. The library would make room for
// whatever length a packet announces, up to 256 MB, before a byte of it has come.
//
// A PUBLISH that is too wide is cut instead of refused: its payload stands last, so what remains is well formed and
// is then answered as too large. Refusing it would let one retained message end every session for ever.
type gauge struct {
	net.Conn
	head   []byte // of the packet now beginning, already read and to be handed out
	body   int    // bytes of it to be handed out after head
	excess int    // bytes of it to be thrown away
}

func (g *gauge) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(g.head) == 0 && g.body == 0 {
		if err := g.begin(); err != nil {
			return 0, err
		}
	}
	if len(g.head) > 0 {
		n := copy(p, g.head)
		g.head = g.head[n:]
		return n, nil
	}
	n, err := g.Conn.Read(p[:min(len(p), g.body)])
	g.body -= n
	return n, err
}

// begin reads a fixed header: a type, then a length of one to four bytes, seven bits each, lowest first (MQTT 3.1.1,
// 2.2.3).
func (g *gauge) begin() error {
	if _, err := io.CopyN(io.Discard, g.Conn, int64(g.excess)); err != nil {
		return err
	}
	g.excess = 0
	var b [1]byte
	if _, err := io.ReadFull(g.Conn, b[:]); err != nil {
		return err
	}
	kind, length := b[0], 0
	for shift := 0; ; shift += 7 {
		if shift > 21 {
			return errWide
		}
		if _, err := io.ReadFull(g.Conn, b[:]); err != nil {
			return err
		}
		length |= int(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			break
		}
	}
	const publish = 3
	if length > widest {
		if kind>>4 != publish {
			return errWide
		}
		g.excess, length = length-widest, widest
	}
	g.body = length
	g.head = append(g.head[:0], kind)
	for {
		low := byte(length & 0x7f)
		if length >>= 7; length == 0 {
			g.head = append(g.head, low)
			return nil
		}
		g.head = append(g.head, low|0x80)
	}
}
