package capture

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"example.org/edged/internal/wire"
)

// A live source stands between a pump, which brings pictures as they come, and Next, which takes the newest one. What
// is overtaken is never decoded, so a resting eye costs almost nothing.
//
// T is what the pump brings: undecoded bytes from a V4L2 device, a word from the lens.
type live[T any] struct {
	silent, maxAge time.Duration
	now            func() int64
	log            *slog.Logger
	decode         func(T) (f *Frame, sum uint64, err error) // sum is equal for equal pixels
	drop           func(T)                                   // takes back what was overtaken

	wake chan struct{} // a picture has come
	over chan struct{} // closed when the pump has stopped
	stop func()        // ends the pump

	decoding sync.Mutex // held while decode runs: the memory it reads must not go away under it
	mu       sync.Mutex
	newest   *T
	takenAt  int64 // of newest
	pump     wire.Camera
	lastAt   int64 // when the last picture came
	eye      judge
	counts   Counts
	seq      uint64
	err      error
}

// judge tells a camera that sees from one that repeats itself or sends rubbish.
type judge struct {
	sum    uint64
	since  int64 // when the picture with this sum first came
	same   int   // how many with this sum in a row
	broken int   // how many unreadable or too old in a row
}

// A frozen camera or encoder repeats a picture bit by bit. A living sensor never does, not even in the dark: its noise
// is in the last bits. Both numbers must be passed, because a camera may repeat a few frames at a change of exposure.
const (
	frozenFrames = 10
	frozenAfter  = 2 * time.Second
	brokenFrames = 10
)

func (j *judge) frozen() bool { return j.same >= frozenFrames }

// look takes in the sum of one readable picture.
func (j *judge) look(sum uint64, at int64) (frozen bool) {
	j.broken = 0
	if j.since == 0 || sum != j.sum {
		*j = judge{sum: sum, since: at}
		return false
	}
	if j.same++; j.same >= frozenFrames && at-j.since <= int64(frozenAfter) {
		j.same = frozenFrames - 1
	}
	return j.frozen()
}

// start runs the pump. It calls put for every picture and tell when its state changes, and returns when ctx ends or
// when it can do no more.
func (l *live[T]) start(pump func(ctx context.Context, put func(T, int64), tell func(wire.Camera)) error) {
	ctx, stop := context.WithCancel(context.Background())
	l.wake, l.over, l.stop = make(chan struct{}, 1), make(chan struct{}), stop
	l.pump, l.lastAt = wire.CameraOpening, l.now()
	go func() {
		defer close(l.over)
		err := pump(ctx, l.put, l.tell)
		l.mu.Lock()
		l.err, l.pump = err, wire.CameraOpening
		l.mu.Unlock()
	}()
}

func (l *live[T]) tell(c wire.Camera) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pump = c
}

func (l *live[T]) put(v T, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Frames++
	l.pump, l.lastAt = wire.CameraSeeing, l.now()
	if l.newest != nil {
		l.counts.Stale++
		l.drop(*l.newest)
	}
	l.newest, l.takenAt = &v, at
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Next implements Source.
func (l *live[T]) Next(ctx context.Context) (*Frame, error) {
	for {
		if f := l.take(); f != nil {
			return f, nil
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.over:
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.err == nil {
				return nil, os.ErrClosed
			}
			return nil, l.err
		}
	}
}

// take judges the newest picture and returns it if it is worth handing out.
func (l *live[T]) take() *Frame {
	l.decoding.Lock()
	defer l.decoding.Unlock()
	l.mu.Lock()
	v, at := l.newest, l.takenAt
	l.newest = nil
	l.mu.Unlock()
	if v == nil {
		return nil
	}
	var f *Frame
	var sum uint64
	var err error
	if age := time.Duration(l.now() - at); age > l.maxAge {
		err = fmt.Errorf("a picture is %v old, at most %v is taken", age.Round(time.Millisecond), l.maxAge)
	} else {
		f, sum, err = l.decode(*v)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(*v)
	if err != nil {
		l.counts.Stale++
		if l.eye.broken++; l.eye.broken == brokenFrames {
			l.log.Warn("the camera sends nothing but pictures of no use", slog.String("why", err.Error()))
		}
		return nil
	}
	if l.eye.look(sum, at) {
		l.counts.Stale++
		f.Wipe()
		return nil
	}
	l.seq++
	f.Seq, f.At = l.seq, at
	return f
}

// State implements Source.
func (l *live[T]) State() wire.Camera {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.pump != wire.CameraSeeing:
		return l.pump
	case l.now()-l.lastAt > int64(l.silent), l.eye.broken >= brokenFrames:
		return wire.CameraSilent
	case l.eye.frozen():
		return wire.CameraFrozen
	}
	return wire.CameraSeeing
}

// Counts implements Source.
func (l *live[T]) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// end stops the pump, waits for it and for a decode that runs, and takes back what was left.
func (l *live[T]) end() {
	l.stop()
	<-l.over
	l.decoding.Lock()
	defer l.decoding.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest != nil {
		l.drop(*l.newest)
		l.newest = nil
	}
}
