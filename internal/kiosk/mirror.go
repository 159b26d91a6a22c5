package kiosk

import (
	"bytes"
	"sync"
	"time"
)

// stale is the age at which a picture is no longer a mirror: a screen that shows somebody who has left is a photograph.
const stale = 2 * time.Second

// A mirror holds the one picture of now, in memory, and forgets the one before.
type mirror struct {
	now func() time.Time

	mu   sync.Mutex
	jpeg []byte
	at   time.Time
}

func newMirror(now func() time.Time) *mirror { return &mirror{now: now} }

func (m *mirror) put(jpeg []byte) {
	if !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8, 0xff}) {
		return // the browser gets pictures or nothing
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.jpeg)
	m.jpeg, m.at = jpeg, m.now()
}

// look returns a copy, which the caller clears, or nil when there is no picture of now.
func (m *mirror) look() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.jpeg != nil && m.now().Sub(m.at) > stale {
		m.drop()
	}
	return bytes.Clone(m.jpeg)
}

func (m *mirror) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop()
}

func (m *mirror) drop() {
	clear(m.jpeg)
	m.jpeg = nil
}
