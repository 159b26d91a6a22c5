package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type benchSearchCmd struct {
	People  int    `help:"How many people who do not exist to search among." default:"100000"`
	Queries int    `help:"How many searches for one of them, and as many for somebody else. Each is also answered by the exact scan, which takes most of the time." default:"1000"`
	Seed    uint64 `help:"Other people for another number." default:"1"`
	JSON    bool   `help:"Answer in JSON." name:"json"`
}

// Run lets a keeper, behind its walls, measure itself: this program must not be able to hold a template.
func (c *benchSearchCmd) Run(t *tools) error {
	if c.People < 1 || c.People > 4_000_000 || c.Queries < 1 || c.Queries > 100_000 {
		return coded{exitUsage, fmt.Errorf("--people %d --queries %d: from 1 to 4000000 people, from 1 to 100000 queries", c.People, c.Queries)}
	}
	dir, err := os.MkdirTemp("", "edged-bench-")
	if err != nil {
		return fmt.Errorf("making a folder for the keeper: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // the keeper's user walks through it
		return fmt.Errorf("opening the way into the folder: %w", err)
	}
	programs, err := t.programs()
	if err != nil {
		return err
	}
	house := hall.House{Programs: programs, OwnUsers: true, LogLevel: slog.LevelWarn, Keeper: room.Keeper{
		Folder: filepath.Join(dir, "keeper"), Search: &room.Search{People: c.People, Queries: c.Queries, Seed: c.Seed}}}
	r, err := bench.Search(t.ctx, c.People, c.Queries, os.Stderr, func(ctx context.Context, heard func(wire.RoomSays)) error {
		h, err := hall.New(house, t.log, func(e hall.Event) { heard(e.Word) })
		if err != nil {
			return coded{exitWalls, err}
		}
		return h.Run(ctx)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d people, %d bytes each; threshold %.2f; %d searches for one of them, %d for somebody else\n",
		r.People, r.BytesPerPerson, r.Threshold, r.Queries, r.Queries)
	fmt.Fprintf(t.Out, "%-22s p50 %8.3f ms  p99 %8.3f ms   processor %.3f / %.3f ms\n", "signs, then the nearest", r.P50, r.P99, r.P50CPU, r.P99CPU)
	fmt.Fprintf(t.Out, "%-23s p50 %8.3f ms                    processor %.3f ms\n", "plain exact scan", r.ExactP50, r.ExactP50CPU)
	fmt.Fprintf(t.Out, "ratio %.1f; same answer in %.4f %% (%d of %d differ); cosines off by %.6f on average, %.6f at worst\n",
		r.Ratio, 100*r.Recall, r.WrongGenuine+r.WrongOther, 2*r.Queries, r.MeanError, r.WorstError)
	return nil
}
