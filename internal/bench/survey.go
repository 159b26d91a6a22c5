package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A survey has several eyes look at the pictures of a list, each at a share of them.
type survey struct {
	job   Job
	start Start
	list  *list
	seen  []seen
	// lively asks for liveness, too.
	lively bool
}

func (s *survey) run(ctx context.Context) error {
	total := len(s.list.pictures)
	eyes := min(max(s.job.Eyes, 1), total)
	bar, finish := s.progress(ctx, total)
	defer finish()
	tasks, ctx := errgroup.WithContext(ctx)
	for i := range eyes {
		from, to := total*i/eyes, total*(i+1)/eyes
		tasks.Go(func() error { return s.share(ctx, from, to, bar) })
	}
	return tasks.Wait()
}

// share has one eye after another look at the pictures from..to. A picture that ends an eye is noted and passed by;
// two eyes in a row that say nothing at all are a fault of the eyes.
func (s *survey) share(ctx context.Context, from, to int, tick func()) error {
	for failed := 0; from < to; {
		said, err := s.look(ctx, from, to, tick)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		from += said
		if from == to {
			return nil
		}
		if failed++; said > 0 {
			failed = 0
		}
		if failed > 1 {
			return fmt.Errorf("the measuring eye ended before its first picture: %w", err)
		}
		s.seen[from] = seen{finding: wire.PictureUnreadable, crashed: true}
		from++
		tick()
	}
	return nil
}

// look lets one eye look until it ends, and returns how many pictures it spoke of.
func (s *survey) look(ctx context.Context, from, to int, tick func()) (said int, err error) {
	heard, stop, err := s.start(ctx, room.Eye{
		Models:  s.job.Models,
		Measure: &room.Measure{Folder: s.job.Images, Pictures: s.list.pictures[from:to], Liveness: s.lively},
	})
	if err != nil {
		return 0, err
	}
	interrupted := context.AfterFunc(ctx, func() { heard.Close() }) // a waiting Hear then ends
	defer interrupted()
	said, err = s.hear(heard, from, to, tick)
	heard.Close() // the eye waits for this before it ends
	if how := stop(); err == nil || how != nil && errors.Is(err, io.EOF) {
		err = how
	}
	return said, err
}

func (s *survey) hear(heard *wire.Conn[wire.MeasureSays, wire.RoomHears], from, to int, tick func()) (said int, err error) {
	for reset := false; from+said < to; {
		word, err := heard.Hear()
		if errors.Is(err, syscall.ECONNRESET) && !reset {
			reset = true // the eye ended before it read our Hello; what it had said is still to be heard
			continue
		}
		if err != nil {
			return said, err
		}
		m, ok := word.(*wire.Measured)
		if !ok || int(m.Index) != said {
			return said, fmt.Errorf("the eye spoke of something else than picture %d of its list", said)
		}
		s.seen[from+said] = seen{finding: m.Finding, verdict: m.Verdict, enrol: m.Enrol, live: m.Live, feature: m.Feature}
		*m = wire.Measured{}
		said++
		tick()
	}
	return said, nil
}

// progress draws a bar, on a terminal only.
func (s *survey) progress(ctx context.Context, total int) (tick, finish func()) {
	f := s.job.Progress
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return func() {}, func() {}
	}
	bars := mpb.NewWithContext(ctx, mpb.WithOutput(f))
	bar := bars.AddBar(int64(total),
		mpb.PrependDecorators(decor.CountersNoUnit("pictures %d / %d")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
	return bar.Increment, func() { bar.Abort(false); bars.Wait() }
}

// troubles are sentences about pictures that could not be looked at.
func (s *survey) troubles(name string) []string {
	var t []string
	for i := range s.seen {
		why := ""
		switch {
		case s.seen[i].crashed:
			why = "ended the eye that looked at it"
		case s.seen[i].finding == wire.PictureUnreadable:
			why = "is not a readable JPEG or PNG picture"
		case s.seen[i].finding == wire.PictureTooLarge:
			why = "has more pixels than the eye takes"
		default:
			continue
		}
		where := s.list.pictures[i]
		if s.list.lines == nil { // found in a folder, not named by a list
			t = append(t, fmt.Sprintf("%s %s; it counts as a picture without a face", filepath.Join(name, where), why))
			continue
		}
		t = append(t, fmt.Sprintf("%s, line %d: %s %s; its pairs count as not found", name, s.list.lines[i], where, why))
	}
	return t
}

func (s *survey) wipe() { clear(s.seen) }
