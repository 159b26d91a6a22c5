package capture

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// recording is the ending of a file of frames one after another as a YUYV camera sends them, named after their size:
// hall-1280x720.yuyv (`v4l2-ctl --stream-mmap --stream-to=…` writes one). It plays what a camera would bring, at the
// cost of a camera.
const recording = ".yuyv"

var sizeInName = regexp.MustCompile(`-([0-9]{1,4})x([0-9]{1,4})\` + recording + `$`)

// A reel is a recording that is being played.
type reel struct {
	file          *os.File
	width, height int
	at, frames    int64
}

func openReel(path string) (*reel, error) {
	size := sizeInName.FindStringSubmatch(filepath.Base(path))
	if size == nil {
		return nil, fmt.Errorf("%w: a recording is named after the size of its frames, as in hall-1280x720%s", ErrUnreadable, recording)
	}
	width, _ := strconv.Atoi(size[1]) // four digits at most
	height, _ := strconv.Atoi(size[2])
	switch {
	case width > maxSide || height > maxSide:
		return nil, fmt.Errorf("%w: %d×%d pixels, at most %d×%d are read", ErrTooLarge, width, height, maxSide, maxSide)
	case width == 0 || height == 0 || width%2 != 0:
		return nil, fmt.Errorf("%w: YUYV has no frame of %d×%d pixels", ErrUnreadable, width, height)
	}
	info, err := os.Stat(path) // before opening: to open a named pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	frames := info.Size() / int64(width*height*2)
	if !info.Mode().IsRegular() || frames == 0 {
		return nil, fmt.Errorf("%w: it holds no whole frame of %d×%d pixels", ErrUnreadable, width, height)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &reel{file: f, width: width, height: height, frames: frames}, nil
}

func (r *reel) close() error {
	if r == nil {
		return nil
	}
	return r.file.Close()
}

// wind hands out the next frame of the recording; nil where there is none, or no more.
func (p *pictures) wind() *Frame {
	r := p.reel
	if r == nil {
		return nil
	}
	f := p.frame()
	size := r.width * r.height * 2
	f.film = sized(f.film, size)
	if r.at < r.frames {
		if n, _ := r.file.ReadAt(f.film, r.at*int64(size)); n == size { // less, when somebody cuts the file meanwhile
			r.at++
			if f.expose(f.film, r.width, r.height, r.width*2) == nil {
				return f
			}
		}
	}
	f.Wipe()
	p.load(nil)
	return nil
}

// load puts another recording in the place of this one. Close may come from another goroutine.
func (p *pictures) load(r *reel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.reel.close() // it was only read
	p.reel = r
}

// frame is the one that was wiped last, so that its memory is used again.
func (p *pictures) frame() *Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.spare
	if p.spare = nil; f == nil {
		f = &Frame{back: p.keep}
	}
	return f
}

func (p *pictures) keep(f *Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spare = f
}
