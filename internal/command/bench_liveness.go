package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type benchLivenessCmd struct {
	Live     string  `help:"A folder of pictures of living people; a subfolder of frames is one presentation." required:"" type:"existingdir"`
	Attack   string  `help:"A folder of pictures of prints, screens and masks; each subfolder is a kind of attack." required:"" type:"existingdir"`
	LiveFrom float64 `help:"The least mean of a living face, as face.liveness." default:"0.05"`
	Models   string  `help:"Folder of the model pack." default:"${models}" type:"path"`
	Pack     string  `help:"Which pack." default:"faceplugin"`
	Eyes     int     `help:"How many eyes look at once; 0 is one for each core." default:"0"`
	JSON     bool    `help:"Answer in JSON." name:"json"`
}

func (c *benchLivenessCmd) Run(t *tools) error {
	if !(c.LiveFrom > 0 && c.LiveFrom <= 1) {
		return coded{exitUsage, errors.New("--live-from is a share above 0 and up to 1, such as 0.05")}
	}
	job, start, err := t.measuring(c.Models, c.Pack, c.Eyes)
	if err != nil {
		return err
	}
	r, err := bench.Liveness(t.ctx, job, c.Live, c.Attack, c.LiveFrom, start, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d pictures, in %d no face was found; %.0f s; alive from %.3f, attack below %.3f, with 95 %% bounds:\n",
		r.Pictures, r.NoFace, r.Seconds, r.LiveFrom, r.AttackBelow)
	for _, kind := range slices.Sorted(maps.Keys(r.APCERByKind)) {
		fmt.Fprintf(t.Out, "%-16s APCER %s  not judged %s\n", kind, percent(r.APCERByKind[kind]), percent(r.NotJudgedByKind[kind]))
	}
	fmt.Fprintf(t.Out, "%-16s BPCER %s  not judged %s\n", "live", percent(r.Rates.BPCER), percent(r.NotJudgedByKind["live"]))
	fmt.Fprintf(t.Out, "%-16s       %s\n", "all, not judged", percent(r.Rates.NotJudged))
	t.troubles(r.Troubles)
	return nil
}

// measuring is what every measurement with eyes begins with.
func (t *tools) measuring(folder, pack string, eyes int) (job bench.Job, start bench.Start, err error) {
	models, err := findPack(folder, pack)
	if err != nil {
		return job, nil, err
	}
	programs, err := t.programs()
	if err != nil {
		return job, nil, err
	}
	if eyes <= 0 {
		eyes = runtime.NumCPU()
	}
	start = func(ctx context.Context, eye room.Eye) (*wire.Conn[wire.MeasureSays, wire.RoomHears], func() error, error) {
		return hall.Measure(ctx, programs, eye, t.log)
	}
	return bench.Job{Models: models, Eyes: eyes, Progress: os.Stderr}, start, nil
}
