package kiosk

import (
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
)

// mostConns is far more than one browser opens (six and an event stream) and few enough for a small board.
const mostConns = 32

// adopt takes over the socket that the hall bound. It refuses one that others on the network could reach.
func adopt(f *os.File, address string) (net.Listener, error) {
	l, err := net.FileListener(f)
	f.Close() // FileListener holds a copy
	if err != nil {
		return nil, fmt.Errorf("kiosk: take over the listening socket: %w", err)
	}
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		l.Close()
		return nil, fmt.Errorf("kiosk: the screen would listen on %s, where others reach it: bind it to 127.0.0.1", l.Addr())
	}
	if tcp.String() != address {
		l.Close()
		return nil, fmt.Errorf("kiosk: the socket is bound to %s, but the brief says %q", tcp, address)
	}
	return l, nil
}

// few turns away connections beyond most instead of letting them wait: a waiting one would keep the screen waiting too.
func few(l net.Listener, most int32) net.Listener { return &fewListener{Listener: l, most: most} }

type fewListener struct {
	net.Listener
	most int32
	open atomic.Int32
}

func (l *fewListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most {
			return &countedConn{Conn: c, left: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		c.Close()
	}
}

type countedConn struct {
	net.Conn
	left func()
}

func (c *countedConn) Close() error {
	c.left()
	return c.Conn.Close()
}
