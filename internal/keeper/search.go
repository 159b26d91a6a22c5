package keeper

import (
	"context"
	"fmt"
	"math"
	"time"

	"example.org/edged/internal/curve"
	"example.org/edged/internal/match"
	"example.org/edged/internal/room"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

// searchMargin is the margin that a door has when its file names none.
const searchMargin = 0.05

// search guards no door: it measures the gallery that doors are guarded with, on people who do not exist, and says
// what that gave. It opens no file.
func search(ctx context.Context, r *room.Room, s *room.Search) error {
	// People who do not exist need no secret, only a rotation: a known key and the first turn.
	arena, err := template.NewArena(1, [32]byte{9}, 1)
	if err != nil {
		return err
	}
	defer arena.Close()
	arena.MadeUp()
	set, err := curve.Need{Level: "default", List: s.People}.Set()
	if err != nil {
		return err
	}
	threshold := set.Threshold
	tr := match.Trial{People: s.People, Queries: s.Queries, Threshold: threshold, Margin: searchMargin, Seed: s.Seed, Now: time.Now,
		Spent: spent, Step: func(done, of int) { r.Tell(&wire.Searching{Done: uint32(done), Of: uint32(of)}) }}
	got, err := tr.Run(ctx, arena)
	if err != nil {
		return fmt.Errorf("measuring the search: %w", err)
	}
	ns := func(d time.Duration) uint64 { return uint64(d.Nanoseconds()) }
	r.Tell(&wire.Searched{
		P50: ns(got.Fast.P50), P99: ns(got.Fast.P99), ExactP50: ns(got.Exact.P50),
		P50CPU: ns(got.FastCPU.P50), P99CPU: ns(got.FastCPU.P99), ExactP50CPU: ns(got.ExactCPU.P50),
		WrongGenuine: uint32(got.WrongGenuine), WrongOther: uint32(got.WrongOther), Found: uint32(got.Found),
		BytesPerPerson: uint32(math.Ceil(got.BytesPerPerson)),
		MeanError:      uint32(math.Ceil(got.MeanError * 1e6)), WorstError: uint32(math.Ceil(got.WorstError * 1e6)),
		Threshold: uint32(math.Round(float64(threshold) * 1000)),
	})
	<-ctx.Done()
	return nil
}
