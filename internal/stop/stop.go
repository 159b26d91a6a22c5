// Package stop keeps the word that no face be used: given by one person, taken back by two. It never forgets it: not
// over a restart, an update, a change of the config file or of the clock, nor when somebody removes its file.
//
// The word stands in two places. The audit log has a line when faces are stopped and one when that is lifted, and
// whichever came last counts; the file "stopped" lies beside it. Faces are used only when neither says stop. So to get
// round it somebody would have to remove the file and the whole log, and a log that begins anew is what every reader
// of heads notices. Stopping writes the file first, lifting the log: a power cut between leaves faces stopped.
package stop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

const name = "stopped"

// note is what the file says, for whoever reads it with cat. That it is there is what counts, whatever is in it.
type note struct {
	ID    string      `json:"order"`
	Why   wire.Reason `json:"reason"`
	At    time.Time   `json:"at"`
	About string      `json:"about"`
}

// A Stop is the word of one keeper.
type Stop struct {
	dir   string
	write func(audit.Entry) (uint64, error)
	now   func() (time.Time, bool)
	on    atomic.Bool

	mu sync.Mutex // one order at a time
}

// Open finds out how things stand. Last is the newest line of the log about stopping; ok is false where there is none.
func Open(dir string, last audit.Entry, ok bool, write func(audit.Entry) (uint64, error), now func() (time.Time, bool)) (*Stop, error) {
	s := &Stop{dir: dir, write: write, now: now}
	_, err := os.Lstat(filepath.Join(dir, name))
	s.on.Store(ok && last.Kind == wire.KindFaceStopped || !errors.Is(err, fs.ErrNotExist))
	if err == nil || !s.on.Load() {
		return s, nil
	}
	// The log says stop and the file is gone, or cannot be looked at.
	if err := s.put(note{Why: last.Reason, At: time.UnixMilli(last.At).UTC()}); err != nil {
		return s, fmt.Errorf("faces are stopped, but the file that says so cannot be written: %w", err)
	}
	return s, nil
}

// On tells whether faces are stopped.
func (s *Stop) On() bool { return s.on.Load() }

// Order stops faces. They are not used any more before it returns, even when it returns an error: then the word may
// not last over a restart. Ordered twice, it is recorded twice.
func (s *Stop) Order(id [16]byte, why wire.Reason) (index uint64, err error) {
	s.on.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := s.now()
	kept := s.put(note{ID: fmt.Sprintf("%x", id), Why: why, At: at})
	index, err = s.write(audit.Entry{Kind: wire.KindFaceStopped, Reason: why})
	if kept != nil && err == nil {
		return index, nil // the log has it, and the log is asked at every start
	}
	if err != nil && kept == nil {
		return 0, nil // the file has it
	}
	return index, errors.Join(kept, err)
}

// ErrTwo means that lifting needs two different people.
var ErrTwo = errors.New("lifting needs the PINs of two different members of staff")

// Lift takes the word back when two different people say so. Their names go nowhere.
func (s *Stop) Lift(first, second string) (index uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first == "" || second == "" || first == second {
		return s.refuse()
	}
	if index, err = s.write(audit.Entry{Kind: wire.KindStopLifted}); err != nil {
		return 0, fmt.Errorf("what cannot be recorded is not done: faces stay stopped: %w", err)
	}
	if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("faces stay stopped: %w", err)
	}
	if err := syncFolder(s.dir); err != nil {
		return 0, fmt.Errorf("faces stay stopped: %w", err)
	}
	s.on.Store(false)
	return index, nil
}

func (s *Stop) refuse() (uint64, error) {
	index, err := s.write(audit.Entry{Kind: wire.KindLiftRefused})
	return index, errors.Join(ErrTwo, err)
}

// put writes the file durably: written beside, synced, renamed.
func (s *Stop) put(n note) error {
	n.About = "faces are not used; `edged stop lift` takes this back, removing the file does not"
	b, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("writing down that faces are stopped: %w", err)
	}
	path := filepath.Join(s.dir, name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing down that faces are stopped: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing down that faces are stopped: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing down that faces are stopped: %w", err)
	}
	return syncFolder(s.dir)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
