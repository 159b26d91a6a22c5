package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A RestJob is a measurement of what an eye costs while it watches.
type RestJob struct {
	Models  room.Pack
	Folder  string        // what the camera plays: made by the job, empty before
	Seconds time.Duration // how long each scene is measured
	Visitor string        // a picture of somebody, for a second scene; may be empty
	Watch   Watch
}

// Watch brings up an eye, confined as every eye, and hands over the keeper's end of its wire.
type Watch func(ctx context.Context, eye room.Eye) (keeper *wire.Conn[wire.EyeSays, wire.EyeHears], pid int, stop func() error, err error)

// A RestReport is the answer of `edged bench rest --json`. The names of its fields are stable.
type RestReport struct {
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	FPS      int     `json:"fps"`
	Nobody   Effort  `json:"nobody"`
	Somebody *Effort `json:"somebody,omitempty"`
}

// An Effort is what the eye did and spent while it watched one scene.
type Effort struct {
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu_percent"` // of one core, the eye alone
	Frames   uint64  `json:"frames"`
	Moved    uint64  `json:"moved"`    // frames in which something had changed
	Detected uint64  `json:"detected"` // frames in which the detector ran
	Tracked  uint64  `json:"tracked"`  // frames in which a face was looked at without it
	Outside  uint64  `json:"outside"`  // faces outside the zone
	Features uint64  `json:"features"`
}

const (
	restWide, restHigh, restFPS = 1280, 720, 15
	warmUp                      = 2 * time.Second
)

// Rest has an eye watch an empty hall, as a YUYV camera would send it, and then perhaps somebody in it.
func Rest(ctx context.Context, job RestJob) (*RestReport, error) {
	r := &RestReport{Width: restWide, Height: restHigh, FPS: restFPS}
	name := fmt.Sprintf("scene-%dx%d.yuyv", restWide, restHigh)
	if err := os.WriteFile(filepath.Join(job.Folder, name), hall(nil), 0o644); err != nil {
		return nil, fmt.Errorf("making the scene: %w", err)
	}
	keeper, pid, stop, err := job.Watch(ctx, room.Eye{Models: job.Models, Zone: room.Zone{Dwell: 200 * time.Millisecond},
		Camera: room.Camera{Kind: "pictures", Folder: job.Folder, Every: time.Second / restFPS}})
	if err != nil {
		return nil, err
	}
	e := &watched{keeper: keeper, pid: pid, news: make(chan struct{}, 1)}
	heard := make(chan error, 1)
	go func() { heard <- e.hear() }()
	err = e.measure(ctx, job, name, r, heard)
	return r, errors.Join(err, stop())
}

// watched is an eye that this program plays the keeper of.
type watched struct {
	keeper *wire.Conn[wire.EyeSays, wire.EyeHears]
	pid    int
	news   chan struct{}

	mu    sync.Mutex
	state wire.EyeState
}

func (e *watched) hear() error {
	for {
		w, err := e.keeper.Hear()
		if err != nil {
			return fmt.Errorf("the eye ended: %w", err)
		}
		switch w := w.(type) {
		case *wire.Sighting:
			*w = wire.Sighting{}
		case *wire.EyeState:
			e.mu.Lock()
			e.state = *w
			e.mu.Unlock()
			select {
			case e.news <- struct{}{}:
			default:
			}
		}
	}
}

func (e *watched) measure(ctx context.Context, job RestJob, name string, r *RestReport, heard <-chan error) error {
	if err := e.keeper.Say(&wire.Look{Gaze: wire.Watch}); err != nil {
		return err
	}
	var err error
	if r.Nobody, err = e.effort(ctx, job.Seconds, heard); err != nil || job.Visitor == "" {
		return err
	}
	visitor, err := visitorIn(job.Visitor)
	if err != nil {
		return err
	}
	// Beside the scene, then into its place: the eye must never find half a film.
	coming := filepath.Join(job.Folder, "..", name)
	if err := os.WriteFile(coming, hall(visitor), 0o644); err != nil {
		return err
	}
	if err := os.Rename(coming, filepath.Join(job.Folder, name)); err != nil {
		return err
	}
	there, err := e.effort(ctx, job.Seconds, heard)
	r.Somebody = &there
	return err
}

// effort waits until the eye is warm, and then measures between two of its words.
func (e *watched) effort(ctx context.Context, d time.Duration, heard <-chan error) (Effort, error) {
	if _, err := e.after(ctx, warmUp, heard); err != nil {
		return Effort{}, err
	}
	begun, before := time.Now(), e.now()
	spent, err := ticks(e.pid)
	if err != nil {
		return Effort{}, err
	}
	after, err := e.after(ctx, d, heard)
	if err != nil {
		return Effort{}, err
	}
	took := time.Since(begun).Seconds()
	total, err := ticks(e.pid)
	return Effort{Seconds: took, CPU: (total - spent) / took, Frames: after.Frames - before.Frames, Moved: after.Moved - before.Moved,
		Detected: after.Detected - before.Detected, Tracked: after.Tracked - before.Tracked, Outside: after.Passers - before.Passers,
		Features: after.Features - before.Features}, err
}

// after is the first word that comes once d has passed with a camera that sees.
func (e *watched) after(ctx context.Context, d time.Duration, heard <-chan error) (wire.EyeState, error) {
	late := time.NewTimer(d + 20*time.Second)
	defer late.Stop()
	for begun := time.Now(); ; {
		select {
		case <-ctx.Done():
			return wire.EyeState{}, ctx.Err()
		case err := <-heard:
			return wire.EyeState{}, err
		case <-late.C:
			return wire.EyeState{}, fmt.Errorf("the eye does not see its scene: it is %v", e.now().Camera)
		case <-e.news:
			if s := e.now(); s.Camera == wire.CameraSeeing && time.Since(begun) >= d {
				return s, nil
			}
		}
	}
}

func (e *watched) now() wire.EyeState {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// ticks is the processor time of a program in hundredths of a second (proc(5): utime and stime).
func ticks(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the processor time of the eye: %w", err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var sum float64
	for _, i := range []int{11, 12} {
		n, err := strconv.ParseFloat(f[i], 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
