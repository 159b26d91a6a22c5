package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// pictures shows the pictures of a folder one after another, for ever. It serves demonstrations and tests. There is no
// frozen test here: a still picture is the content of a folder, not the fault of a camera.
type pictures struct {
	folder string
	every  time.Duration
	now    func() int64
	log    *slog.Logger

	reel  *reel           // the recording that is being shown; nil between pictures
	names []string        // of this round
	at    int             // the next one to show
	said  map[string]bool // files about which something was logged: once each
	due   int64           // when the next one is to be shown; 0 before the first
	seq   uint64
	pause *time.Timer

	mu     sync.Mutex
	spare  *Frame
	state  wire.Camera
	counts Counts
	closed chan struct{}
	once   sync.Once
}

// A folder without any usable picture is looked at again this often.
const emptyWait = time.Second

func openPictures(cfg room.Camera, log *slog.Logger, now func() int64) (Source, error) {
	p := &pictures{folder: cfg.Folder, every: cfg.Every, now: now, log: log, said: map[string]bool{},
		state: wire.CameraOpening, closed: make(chan struct{})}
	if p.every <= 0 {
		p.every = 100 * time.Millisecond
	}
	names, err := list(p.folder)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if f := p.read(name); f != nil {
			f.Wipe()
			p.load(nil)
			return p, nil
		}
	}
	return nil, fmt.Errorf("camera folder %s holds no usable picture (%d files looked at): put JPEG or PNG pictures of at most %d×%d pixels there",
		p.folder, len(names), maxSide, maxSide)
}

// list names the files of a folder in order.
func list(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("camera folder %s does not exist: make it and put JPEG or PNG pictures there", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("camera folder %s cannot be read: %w", folder, err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Next implements Source.
func (p *pictures) Next(ctx context.Context) (*Frame, error) {
	for {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
		for range max(1, len(p.names)) { // one round at most, so that a folder of rubbish does not spin
			if f := p.wind(); f != nil {
				return p.shown(f), nil
			}
			name, err := p.next()
			if err != nil || name == "" {
				break
			}
			if f := p.read(name); f != nil {
				return p.shown(f), nil
			}
		}
		// It was good once: somebody is exchanging the pictures just now.
		p.seen(0, 0, wire.CameraSilent)
		p.due = p.now() + int64(emptyWait)
	}
}

func (p *pictures) shown(f *Frame) *Frame {
	p.seq++
	f.Seq, f.At = p.seq, p.now()
	p.seen(1, 0, wire.CameraSeeing)
	return f
}

// wait sleeps until the next picture is due. Pictures whose time has passed meanwhile are skipped, as a camera's would
// be.
func (p *pictures) wait(ctx context.Context) error {
	now := p.now()
	if p.due == 0 {
		p.due = now
	}
	if missed := (now - p.due) / int64(p.every); missed > 0 && len(p.names) > 0 {
		if p.reel != nil {
			p.reel.at += missed
		} else {
			p.at = int((int64(p.at) + missed) % int64(len(p.names)))
		}
		p.due += missed * int64(p.every)
		p.seen(uint64(missed), uint64(missed), wire.CameraSeeing)
	}
	if p.pause == nil {
		p.pause = time.NewTimer(0)
	}
	p.pause.Reset(time.Duration(max(0, p.due-now))) // one timer for all pictures: nothing of an earlier one fires (Go 1.23)
	defer p.pause.Stop()
	select {
	case <-p.closed:
		return os.ErrClosed
	default:
	}
	select {
	case <-p.pause.C:
		p.due += int64(p.every)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return os.ErrClosed
	}
}

// next names the next file. Each round reads the folder anew, so pictures may be exchanged while it runs.
func (p *pictures) next() (string, error) {
	if p.at >= len(p.names) {
		names, err := list(p.folder)
		if err != nil {
			p.skip(p.folder, err)
			return "", err
		}
		p.names, p.at = names, 0
		if len(names) == 0 {
			return "", nil
		}
	}
	p.at++
	return p.names[p.at-1], nil
}

// read decodes one file. What cannot be used is skipped and logged once.
func (p *pictures) read(name string) *Frame {
	path := filepath.Join(p.folder, name)
	var f *Frame
	var err error
	if filepath.Ext(name) == recording {
		var r *reel
		if r, err = openReel(path); err == nil {
			p.load(r)
			f = p.wind()
		}
	} else {
		f, err = readPicture(path)
	}
	if err != nil {
		p.skip(path, err)
		return nil
	}
	return f
}

func (p *pictures) skip(path string, why error) {
	if !p.said[path] {
		p.said[path] = true
		p.log.Warn("picture skipped", slog.String("file", path), slog.String("why", why.Error()))
	}
}

func readPicture(path string) (*Frame, error) {
	st, err := os.Stat(path) // before opening: to open a named pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", ErrUnreadable)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	defer clear(b)
	return Decode(b)
}

func (p *pictures) seen(frames, stale uint64, state wire.Camera) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Frames += frames
	p.counts.Stale += stale
	p.state = state
}

// State implements Source.
func (p *pictures) State() wire.Camera {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Counts implements Source.
func (p *pictures) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// Close implements Source.
func (p *pictures) Close() error {
	p.once.Do(func() { close(p.closed) })
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reel.close()
}
