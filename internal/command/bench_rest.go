package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type benchRestCmd struct {
	Models  string        `help:"Folder of the model pack." default:"${models}" type:"path"`
	Pack    string        `help:"Which pack." default:"faceplugin"`
	Seconds time.Duration `help:"How long each scene is measured." default:"20s" name:"for"`
	Visitor string        `help:"A picture of somebody, who then stands in the scene." type:"existingfile"`
	JSON    bool          `help:"Answer in JSON." name:"json"`
}

// Run has an eye behind its walls watch a film, as a camera would send it, and reads what the kernel says it cost.
func (c *benchRestCmd) Run(t *tools) error {
	pack, err := findPack(c.Models, c.Pack)
	if err != nil {
		return err
	}
	programs, err := t.programs()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "edged-bench-")
	if err != nil {
		return fmt.Errorf("making a folder for the scene: %w", err)
	}
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "camera")
	for _, d := range []string{dir, folder} { // the eye's user walks through both
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("making a folder for the scene: %w", err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			return fmt.Errorf("opening the way to the scene: %w", err)
		}
	}
	r, err := bench.Rest(t.ctx, bench.RestJob{Models: pack, Folder: folder, Seconds: c.Seconds, Visitor: c.Visitor,
		Watch: func(ctx context.Context, eye room.Eye) (*wire.Conn[wire.EyeSays, wire.EyeHears], int, func() error, error) {
			return hall.Watch(ctx, programs, eye, t.log)
		}})
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d×%d, %d frames a second\n", r.Width, r.Height, r.FPS)
	say := func(who string, e bench.Effort) {
		fmt.Fprintf(t.Out, "%-9s %5.2f %% of one core in %.0f s: %d frames, %d moved, %d detected, %d tracked, %d outside the zone, %d features\n",
			who, e.CPU, e.Seconds, e.Frames, e.Moved, e.Detected, e.Tracked, e.Outside, e.Features)
	}
	say("nobody", r.Nobody)
	if r.Somebody != nil {
		say("somebody", *r.Somebody)
	}
	return nil
}
