package hall

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
)

// A sieve lets a room's log lines by and nothing else. What a program prints when it dies (goroutines, registers, C++
// exceptions) can hold a piece of a face or a PIN, and Go prints it whatever GOTRACEBACK says, so it is counted and
// thrown away.
type sieve struct {
	to   io.Writer
	room string
	log  *slog.Logger

	mu   sync.Mutex
	line []byte
	lost int
}

// longestLine is more than any line of ours has.
const longestLine = 4096

// Write takes pieces of lines in any size.
func (s *sieve) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range p {
		if len(s.line) < longestLine {
			s.line = append(s.line, b)
		}
		if b == '\n' {
			s.sift()
		}
	}
	return len(p), nil
}

func (s *sieve) sift() {
	defer func() { clear(s.line); s.line = s.line[:0] }()
	if bytes.HasPrefix(s.line, []byte("time=")) && bytes.HasSuffix(s.line, []byte("\n")) || bytes.HasPrefix(s.line, []byte("edged")) {
		s.to.Write(s.line)
		return
	}
	s.lost++
}

// end is called when the room has ended. It says how much was not shown.
func (s *sieve) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.line)
	s.line = s.line[:0]
	if s.lost > 0 {
		s.log.Warn("a dying room printed more than log lines; they are not shown, because a stack can hold a piece of a face",
			slog.String("fell", s.room), slog.Int("lines", s.lost))
	}
	s.lost = 0
}
