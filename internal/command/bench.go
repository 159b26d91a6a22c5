package command

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type benchCmd struct {
	Accuracy benchAccuracyCmd `cmd:"" help:"Measure error rates on pictures of your own; nothing is stored."`
	Search   benchSearchCmd   `cmd:"" help:"Measure how fast somebody is found among many, beside a plain exact scan."`
	Passage  benchPassageCmd  `cmd:"" help:"Measure how long a passage takes, and what the rooms cost."`
}

type benchAccuracyCmd struct {
	Images string `help:"The folder that the paths in the CSV file start from." required:"" type:"existingdir"`
	Pairs  string `help:"A CSV file with the columns a,b,same; same is 1 for one person, 0 for two." required:"" type:"existingfile"`
	Models string `help:"Folder of the model pack." default:"${models}" type:"path"`
	Eyes   int    `help:"How many eyes look at once; 0 is one for each core." default:"0"`
	JSON   bool   `help:"Answer in JSON." name:"json"`
}

func (c *benchAccuracyCmd) Run(t *tools) error {
	pack, err := findPack(c.Models, "faceplugin")
	if err != nil {
		return err
	}
	programs, err := t.programs()
	if err != nil {
		return err
	}
	if c.Eyes <= 0 {
		c.Eyes = runtime.NumCPU()
	}
	start := func(ctx context.Context, eye room.Eye) (*wire.Conn[wire.MeasureSays, wire.RoomHears], func() error, error) {
		return hall.Measure(ctx, programs, eye, t.log)
	}
	r, err := bench.Accuracy(t.ctx, bench.Job{Images: c.Images, Pairs: c.Pairs, Models: pack, Eyes: c.Eyes, Progress: os.Stderr}, start, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d genuine and %d impostor pairs of %d pictures; in %d pairs no face was found; %.0f s\nEER %.2f %%\n",
		r.Genuine, r.Impostor, r.Pictures, r.NotFound, r.Seconds, 100*r.EER)
	for _, fmr := range []string{"1e-2", "1e-3", "1e-4"} {
		if tar, ok := r.TAR[fmr]; ok {
			fmt.Fprintf(t.Out, "TAR %6.2f %% at FMR %s, threshold %.3f\n", 100*tar, fmr, r.Threshold[fmr])
		}
	}
	for _, w := range r.Troubles {
		fmt.Fprintln(t.Err, "edged:", w)
	}
	return nil
}

type benchPassageCmd struct {
	Models   string `help:"Folder of the model pack." default:"build/models" type:"path"`
	Passages int    `help:"How many passages by face, and as many by PIN." default:"40"`
	JSON     bool   `help:"Answer in JSON." name:"json"`
}

// Run starts the program that plays the visitors, as `edged demo` does.
func (c *benchPassageCmd) Run(t *tools) error {
	args := []string{"passage", "--models", c.Models, "--passages", fmt.Sprint(c.Passages)}
	if c.JSON {
		args = append(args, "--json")
	}
	return t.visitor(args...)
}
