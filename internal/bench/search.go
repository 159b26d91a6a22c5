package bench

import (
	"context"
	"errors"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"example.org/edged/internal/wire"
)

// A SearchReport is the answer of `edged bench search --json`. The names of its fields are stable.
type SearchReport struct {
	People         int     `json:"people"`
	Queries        int     `json:"queries"` // for people who are there, and as many for others
	P50            float64 `json:"p50_ms"`
	P99            float64 `json:"p99_ms"`
	ExactP50       float64 `json:"exact_p50_ms"`
	P50CPU         float64 `json:"p50_cpu_ms"` // what the processor spent, without waiting for other programs
	P99CPU         float64 `json:"p99_cpu_ms"`
	ExactP50CPU    float64 `json:"exact_p50_cpu_ms"`
	Ratio          float64 `json:"ratio"`  // of the exact scan's processor time to the search's
	Recall         float64 `json:"recall"` // share of all queries answered as the exact scan does
	WrongGenuine   int     `json:"differ_genuine"`
	WrongOther     int     `json:"differ_impostor"`
	Found          int     `json:"found"` // of the queries for people who are there
	BytesPerPerson int     `json:"bytes_per_person"`
	MeanError      float64 `json:"cosine_error_mean"`
	WorstError     float64 `json:"cosine_error_worst"`
	Threshold      float64 `json:"threshold"`
}

// Live brings up a keeper that measures, and tells heard what it says, nil when it has ended. It returns when ctx ends.
type Live func(ctx context.Context, heard func(wire.RoomSays)) error

var errSilent = errors.New("the keeper ended before it had measured; its line above says why (locked memory? 2.8 KiB a person are needed)")

// Search waits for the keeper's figures.
func Search(ctx context.Context, people, queries int, progress *os.File, start Live) (*SearchReport, error) {
	whole := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	tick, finish := searchBar(ctx, progress)
	defer finish()
	var got *wire.Searched
	err := start(ctx, func(w wire.RoomSays) {
		switch w := w.(type) {
		case nil:
			stop()
		case *wire.Searching:
			tick(int64(w.Done), int64(w.Of))
		case *wire.Searched:
			got = w
			stop()
		}
	})
	switch {
	case whole.Err() != nil:
		return nil, whole.Err()
	case got != nil:
		return searchReport(people, queries, got), nil
	case err != nil:
		return nil, err
	}
	return nil, errSilent
}

func searchReport(people, queries int, w *wire.Searched) *SearchReport {
	ms := func(ns uint64) float64 { return float64(ns) / 1e6 }
	r := &SearchReport{People: people, Queries: queries, P50: ms(w.P50), P99: ms(w.P99), ExactP50: ms(w.ExactP50),
		P50CPU: ms(w.P50CPU), P99CPU: ms(w.P99CPU), ExactP50CPU: ms(w.ExactP50CPU),
		WrongGenuine: int(w.WrongGenuine), WrongOther: int(w.WrongOther), Found: int(w.Found),
		BytesPerPerson: int(w.BytesPerPerson), MeanError: float64(w.MeanError) / 1e6, WorstError: float64(w.WorstError) / 1e6,
		Threshold: float64(w.Threshold) / 1000}
	r.Recall = 1 - float64(r.WrongGenuine+r.WrongOther)/float64(2*queries)
	if w.P50CPU > 0 {
		r.Ratio = float64(w.ExactP50CPU) / float64(w.P50CPU)
	}
	return r
}

// searchBar draws a bar, on a terminal only.
func searchBar(ctx context.Context, f *os.File) (tick func(done, of int64), finish func()) {
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return func(int64, int64) {}, func() {}
	}
	bars := mpb.NewWithContext(ctx, mpb.WithOutput(f))
	bar := bars.AddBar(0, mpb.PrependDecorators(decor.CountersNoUnit("people and searches %d / %d")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
	return func(done, of int64) { bar.SetTotal(of, false); bar.SetCurrent(done) }, func() { bar.Abort(false); bars.Wait() }
}
