// Package count knows how many people's face is stored here, and the most there ever were: from 100,000 on the handler
// files with the cyberspace office at the level of a province or above within 30 working days (Measures for the security
// management of face recognition technology 2025, article 15). It never forgets the most, and never knows who they are.
//
// People are counted, not pictures and not devices. The duty is the handler's over all their doors, so one device can
// only give its own number, in its signed log; whoever has several adds them up. The high mark stands in a file; where
// that is lost, it is counted anew from the log, which has every enrolment and every erasure.
package count

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/hold"
	"example.org/edged/internal/wire"
)

// Limit is the number that article 15 names.
const Limit = 100_000

// State is what is known.
type State struct {
	Now     int       `json:"now"`
	High    int       `json:"high"`             // the most at once, ever
	Reached time.Time `json:"reached,omitzero"` // when there were Limit of them for the first time
}

// Filing is how near the high mark is to the limit. A number that went down again changes nothing.
func (s State) Filing() wire.Filing {
	switch {
	case s.High >= Limit:
		return wire.FilingReached
	case s.High >= Limit*95/100:
		return wire.Filing95
	case s.High >= Limit*80/100:
		return wire.Filing80
	}
	return wire.FilingFar
}

var reasons = map[wire.Filing]wire.Reason{wire.Filing80: wire.ReasonNear80, wire.Filing95: wire.ReasonNear95, wire.FilingReached: wire.ReasonReached}

const name = "count"

// A Count is the number at one device.
type Count struct {
	path  string
	write func(audit.Entry) (uint64, error)
	now   func() (time.Time, bool)
	log   *slog.Logger

	mu    sync.Mutex
	state State
}

// Open reads the file, or counts anew from the log, whose newest entry comes first. The larger of the two marks counts.
func Open(dir string, newest iter.Seq2[uint64, audit.Entry], write func(audit.Entry) (uint64, error), now func() (time.Time, bool), log *slog.Logger) *Count {
	c := &Count{path: filepath.Join(dir, name), write: write, now: now, log: log}
	var err error
	if c.state, err = Read(dir); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Warn("the file of the highest number of people cannot be used; it is counted anew from the log", slog.String("why", err.Error()))
		}
		c.state = recount(newest)
	}
	return c
}

// Read is what the file says, for whoever asks beside the keeper.
func Read(dir string) (s State, err error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil || s.Now < 0 || s.High < s.Now || (s.High >= Limit) == s.Reached.IsZero() {
		return State{}, errors.Join(fmt.Errorf("%s is damaged", filepath.Join(dir, name)), err)
	}
	return s, nil
}

// recount plays the log from its beginning.
func recount(newest iter.Seq2[uint64, audit.Entry]) (s State) {
	var all []audit.Entry
	for _, e := range newest {
		all = append(all, e)
	}
	there := map[wire.Pseudonym]bool{}
	for _, e := range slices.Backward(all) {
		switch e.Kind {
		case wire.KindEnrolled:
			there[e.Who] = true
		case wire.KindErased:
			delete(there, e.Who)
		case wire.KindCounted: // what an earlier log had counted, which this one has not
			s.raise(int(min(e.Count, 1<<31)), time.UnixMilli(e.At))
		}
		s.raise(len(there), time.UnixMilli(e.At))
	}
	s.Now = len(there)
	return s
}

func (s *State) raise(n int, at time.Time) {
	s.High = max(s.High, n)
	if s.High >= Limit && s.Reached.IsZero() {
		s.Reached = at.UTC().Truncate(time.Second)
	}
}

// Set takes the number as it is now. When a mark is passed for the first time, the log says so.
func (c *Count) Set(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.state
	at, _ := c.now()
	c.state.Now = n
	c.state.raise(n, at)
	if c.state == before {
		return
	}
	if b, err := json.Marshal(c.state); err != nil {
		c.log.Error("how many people are stored cannot be written down", slog.String("why", err.Error()))
	} else if err := hold.Write(c.path, append(b, '\n')); err != nil {
		c.log.Error("how many people are stored cannot be written down; the log has it", slog.String("why", err.Error()))
	}
	if now := c.state.Filing(); now != before.Filing() {
		c.say(reasons[now])
		c.log.Warn("the number of people whose face was ever stored at once comes near the one that must be filed, or has reached it",
			slog.String("filing", now.String()), slog.Int("high", c.state.High), slog.Int("limit", Limit))
	}
}

// Say puts the number into the log, where its signature makes it a certificate. last is the newest such line.
func (c *Count) Say(last audit.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last.Kind == wire.KindCounted && last.Count == uint64(c.state.High) && last.Head == uint64(c.state.Now) {
		return
	}
	c.say(reasons[c.state.Filing()])
}

func (c *Count) say(why wire.Reason) {
	c.write(audit.Entry{Kind: wire.KindCounted, Count: uint64(c.state.High), Head: uint64(c.state.Now), Reason: why})
}

// State is what is known now.
func (c *Count) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}
