package courier

import "time"

const (
	shortestWait = time.Second
	longestWait  = time.Minute
	steady       = 30 * time.Second // a session that lasted so long was a good one
)

// A pace is how long to wait before the next session. Only a session that lasted brings it back to the beginning: a
// broker that drops everybody right after the handshake is not to be hammered either.
type pace struct{ wait time.Duration }

// after doubles the wait and draws from its upper half, so that ten thousand doors do not come back as one.
func (p *pace) after(lasted time.Duration, draw func(int64) int64) time.Duration {
	if lasted >= steady {
		p.wait = 0
	}
	p.wait = min(max(2*p.wait, shortestWait), longestWait)
	return p.wait/2 + time.Duration(draw(int64(p.wait/2)))
}
