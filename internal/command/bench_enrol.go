package command

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"example.org/edged/internal/bench"
)

type benchEnrolCmd struct {
	Images   string  `help:"A folder of pictures; those in one subfolder are of one person." required:"" type:"existingdir"`
	LiveFrom float64 `help:"The least mean of a living face, as face.liveness." default:"0.05"`
	Models   string  `help:"Folder of the model pack." default:"${models}" type:"path"`
	Pack     string  `help:"Which pack." default:"faceplugin"`
	Eyes     int     `help:"How many eyes look at once; 0 is one for each core." default:"0"`
	JSON     bool    `help:"Answer in JSON." name:"json"`
}

func (c *benchEnrolCmd) Run(t *tools) error {
	job, start, err := t.measuring(c.Models, c.Pack, c.Eyes)
	if err != nil {
		return err
	}
	job.Images = c.Images
	r, err := bench.Enrol(t.ctx, job, c.LiveFrom, start, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d pictures; %.0f s; shares with 95 %% bounds:\n", r.Pictures, r.Seconds)
	for _, row := range []struct {
		name string
		bench.Rate
	}{{"a template may be made of", r.Taken}, {"the door looks at", r.Passable}, {"of those taken, alive", r.Live}, {"people without any (FTE)", r.FTE}} {
		fmt.Fprintf(t.Out, "%-26s %s\n", row.name, percent(row.Rate))
	}
	for _, gate := range slices.Sorted(maps.Keys(r.RefusedBy)) {
		fmt.Fprintf(t.Out, "refused: %-17s %s\n", gate, percent(r.RefusedBy[gate]))
	}
	t.troubles(r.Troubles)
	return nil
}
