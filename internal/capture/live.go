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
	decode         func(*Frame, *T) (sum uint64, err error) // fills a wiped frame; sum is equal for equal pixels
	drop           func(T)                                  // takes back what was overtaken, or what decode left

	wake chan struct{} // a picture has come
	over chan struct{} // closed when the pump has stopped
	stop func()        // ends the pump

	decoding sync.Mutex // held while decode runs: the memory it reads must not go away under it
	mu       sync.Mutex
	newest   T
	waiting  bool  // newest is there
	takenAt  int64 // of newest
	spare    *Frame
	current  T // being decoded; under decoding
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
	if l.waiting {
		l.counts.Stale++
		l.drop(l.newest)
	}
	l.newest, l.waiting, l.takenAt = v, true, at
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
	at, f := l.pick()
	if f == nil {
		return nil
	}
	var sum uint64
	var err error
	if age := time.Duration(l.now() - at); age > l.maxAge {
		err = fmt.Errorf("a picture is %v old, at most %v is taken", age.Round(time.Millisecond), l.maxAge)
	} else {
		sum, err = l.decode(f, &l.current)
	}
	if !l.judged(l.current, sum, at, err) {
		f.Wipe()
		return nil
	}
	f.Seq, f.At = l.seq, at
	return f
}

// pick takes what waits, with a frame for it: the one that was wiped last, so that its memory is used again.
func (l *live[T]) pick() (at int64, f *Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.waiting {
		return 0, nil
	}
	l.current, l.waiting = l.newest, false
	if f, l.spare = l.spare, nil; f == nil {
		f = &Frame{back: l.keep}
	}
	return l.takenAt, f
}

// keep is told of a frame that was wiped.
func (l *live[T]) keep(f *Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spare = f
}

// judged takes back what decode left, and tells whether the picture may be handed out.
func (l *live[T]) judged(v T, sum uint64, at int64, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(v)
	if err != nil {
		l.counts.Stale++
		if l.eye.broken++; l.eye.broken == brokenFrames {
			l.log.Warn("the camera sends nothing but pictures of no use", slog.String("why", err.Error()))
		}
		return false
	}
	if l.eye.look(sum, at) {
		l.counts.Stale++
		return false
	}
	l.seq++
	return true
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
	if l.waiting {
		l.drop(l.newest)
		l.waiting = false
	}
}
