package kiosk

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"

	"example.org/edged/internal/wire"
)

const (
	idle      = 2 * time.Minute // a turn without a touch ends; the page itself lets go of a record after one
	mostPages = 16              // pages remembered; a terminal has one
	backlog   = 32              // events a slow page may be behind before it has to connect again
)

// A turn is one person's time at the screen. There is at most one.
type turn struct {
	session wire.Session // 0: nobody's
	page    string       // the page it is on; personal words go nowhere else
	last    time.Time
	read    bool   // the notice was on the screen in this turn
	shown   []byte // the last prompt of this turn, for a page that connects again; never a PIN, never a record
}

// A stage is what stands on the screens now.
type stage struct {
	now func() time.Time

	mu    sync.Mutex
	turn  turn
	door  []byte // the last "door" event
	seats map[string]*seat
}

// A seat is one loaded page.
type seat struct {
	used time.Time
	out  chan []byte // nil while the page has no stream
}

func newStage(now func() time.Time) *stage {
	return &stage{now: now, seats: make(map[string]*seat)}
}

// admit draws the token of a page that is being loaded.
func (s *stage) admit() string {
	var b [32]byte
	rand.Read(b[:])
	token := hex.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seats) >= mostPages {
		s.vacate()
	}
	s.seats[token] = &seat{used: s.now()}
	return token
}

// vacate gives up the page unused longest, one without a stream if there is one: loading the page again and again from
// beside must not put out the screen at the door.
func (s *stage) vacate() {
	var oldest string
	for token, seat := range s.seats {
		o := s.seats[oldest]
		if o == nil || (seat.out == nil) != (o.out == nil) && seat.out == nil ||
			(seat.out == nil) == (o.out == nil) && seat.used.Before(o.used) {
			oldest = token
		}
	}
	if c := s.seats[oldest].out; c != nil {
		close(c)
	}
	delete(s.seats, oldest)
}

func (s *stage) known(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.seats[token]
	return ok
}

// sit opens the stream of a page, first of all with what stands there now. A second stream of the same page ends the
// first. The channel is closed when the page has to connect again.
func (s *stage) sit(token string) (<-chan []byte, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seat, ok := s.seats[token]
	if !ok {
		return nil, nil
	}
	if seat.out != nil {
		close(seat.out)
	}
	out := make(chan []byte, backlog)
	seat.out, seat.used = out, s.now()
	if s.door != nil {
		out <- s.door
	}
	if s.turn.page == token && s.turn.shown != nil {
		out <- s.turn.shown
	}
	return out, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if seat.out == out {
			seat.out = nil
			close(out)
		}
	}
}

// begin says whose turn it is on this page, and begins one if it is nobody's. It is false while another page has it.
func (s *stage) begin(token string) (wire.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.turn.session == 0:
		s.turn = turn{session: drawSession(), page: token}
	case s.turn.page == token:
	case s.seats[s.turn.page] != nil && s.seats[s.turn.page].out != nil:
		return 0, false
	default: // the page of the turn has gone, perhaps because it was loaded anew: nobody waits a minute for a ghost
		s.turn = turn{session: drawSession(), page: token}
	}
	s.turn.last = s.now()
	s.seats[token].use(s.turn.last)
	return s.turn.session, true
}

// stay notes that the person is still there, if anybody is.
func (s *stage) stay(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn.page == token {
		s.turn.last = s.now()
	}
}

func (s *stage) noticeShown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn.read = true
}

// hasRead is true when the notice was put on this page in the turn that runs.
func (s *stage) hasRead(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn.page == token && s.turn.read
}

// end closes the turn on this page and returns its session, 0 if there was none.
func (s *stage) end(token string) wire.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn.page != token {
		return 0
	}
	session := s.turn.session
	s.turn = turn{}
	return session
}

// forgetIdle ends a turn that nobody has touched for a while, clears it from the screen and returns its session.
func (s *stage) forgetIdle() wire.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn.session == 0 || s.now().Sub(s.turn.last) < idle {
		return 0
	}
	session := s.turn.session
	s.send(s.turn.page, clearedEvent())
	s.turn = turn{}
	return session
}

// forget ends the turn because the keeper begins a new life and knows nothing of it.
func (s *stage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn.session != 0 {
		s.send(s.turn.page, clearedEvent())
		s.turn = turn{}
	}
}

// show puts a word of the keeper on the screen it is meant for. A word for a turn that is over is dropped: whoever
// stands there now is somebody else.
func (s *stage) show(w wire.KioskHears) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch w := w.(type) {
	case *wire.FrontDoor:
		s.door = doorEvent(w)
		s.sendAll(s.door)
	case *wire.Screen:
		if w.Session == 0 {
			s.sendAll(screenEvent(w))
		} else if s.mine(w.Session) {
			s.turn.shown = screenEvent(w)
			s.send(s.turn.page, s.turn.shown)
		}
	case *wire.Shine:
		s.sendAll(shineEvent(w))
	case *wire.Issued:
		if s.mine(w.Session) {
			s.turn.shown = nil
			s.send(s.turn.page, issuedEvent(w))
		}
		clear(w.Digits[:])
	case *wire.Record:
		if s.mine(w.Session) {
			s.turn.shown = nil
			s.send(s.turn.page, recordEvent(w))
		}
	case *wire.Piece:
		if s.mine(w.Session) {
			if e, err := pieceEvent(w); err == nil { // no piece is longer than a code holds
				s.send(s.turn.page, e)
			}
		}
	case *wire.Requests:
		if s.mine(w.Session) {
			s.turn.shown = nil
			s.send(s.turn.page, requestsEvent(w))
		}
	case *wire.Receipt:
		if s.mine(w.Session) {
			if e, err := receiptEvent(w); err == nil { // longer than any code: the receipt can be had from the log
				s.send(s.turn.page, e)
			}
		}
	}
}

// mine is true for the turn that runs, and counts as a sign of life: somebody being enrolled stands still and touches
// nothing.
func (s *stage) mine(session wire.Session) bool {
	if session == 0 || session != s.turn.session {
		return false
	}
	s.turn.last = s.now()
	return true
}

func (s *stage) sendAll(event []byte) {
	for token := range s.seats {
		s.send(token, event)
	}
}

// send never waits: a page that does not keep up is cut off, connects again and gets what stands there then.
func (s *stage) send(token string, event []byte) {
	seat := s.seats[token]
	if seat == nil || seat.out == nil {
		return
	}
	select {
	case seat.out <- event:
	default:
		close(seat.out)
		seat.out = nil
	}
}

func (s *seat) use(now time.Time) {
	if s != nil {
		s.used = now
	}
}

func drawSession() wire.Session {
	for {
		var b [8]byte
		rand.Read(b[:])
		if n := wire.Session(binary.LittleEndian.Uint64(b[:])); n != 0 {
			return n
		}
	}
}
