package command

import (
	"errors"
	"fmt"
	"time"

	"example.org/edged/internal/bench"
)

type benchAccuracyCmd struct {
	Images  string  `help:"The folder that the paths in the CSV files start from." required:"" type:"existingdir"`
	Pairs   string  `help:"A CSV file with the columns a,b,same and perhaps group; same is 1 for one person, 0 for two." type:"existingfile"`
	Gallery string  `help:"A CSV file with the columns path,person: who is enrolled." type:"existingfile"`
	Probes  string  `help:"A CSV file with the columns path,person: who comes; an empty person is not enrolled." type:"existingfile"`
	At      float64 `help:"The threshold at which rates with bounds are given." default:"0.55"`
	Plot    string  `help:"Draw the error trade-off of the pairs into this file, .svg or .png." type:"path"`
	Models  string  `help:"Folder of the model pack." default:"${models}" type:"path"`
	Pack    string  `help:"Which pack." default:"faceplugin"`
	Eyes    int     `help:"How many eyes look at once; 0 is one for each core." default:"0"`
	JSON    bool    `help:"Answer in JSON." name:"json"`
}

func (c *benchAccuracyCmd) Run(t *tools) error {
	identify := c.Gallery != "" || c.Probes != ""
	switch {
	case identify && (c.Pairs != "" || c.Plot != "" || c.Gallery == "" || c.Probes == ""):
		return coded{exitUsage, errors.New("--gallery and --probes go together, and without --pairs and --plot")}
	case !identify && c.Pairs == "":
		return coded{exitUsage, errors.New("name --pairs FILE, or --gallery FILE and --probes FILE")}
	}
	job, start, err := t.measuring(c.Models, c.Pack, c.Eyes)
	if err != nil {
		return err
	}
	job.Images, job.Pairs, job.Gallery, job.Probes, job.At = c.Images, c.Pairs, c.Gallery, c.Probes, c.At
	if identify {
		return c.identify(t, job, start)
	}
	r, err := bench.Accuracy(t.ctx, job, start, time.Now)
	if err != nil {
		return err
	}
	if c.Plot != "" {
		if err := r.Plot(c.Plot); err != nil {
			return err
		}
	}
	if c.JSON {
		return t.answer(r)
	}
	c.print(t, r)
	t.troubles(r.Troubles)
	return nil
}

func (c *benchAccuracyCmd) print(t *tools, r *bench.Report) {
	fmt.Fprintf(t.Out, "%d genuine and %d impostor pairs of %d pictures; in %d pairs no face was found; %.0f s\nEER %.2f %%\n",
		r.Genuine, r.Impostor, r.Pictures, r.NotFound, r.Seconds, 100*r.EER)
	for _, fmr := range []string{"1e-2", "1e-3", "1e-4", "1e-5"} {
		if tar, ok := r.TAR[fmr]; ok {
			fmt.Fprintf(t.Out, "TAR %6.2f %% at FMR %s, threshold %.3f\n", 100*tar, fmr, r.Threshold[fmr])
		}
	}
	fmt.Fprintf(t.Out, "at threshold %.3f, with 95 %% bounds:\n%-16s FMR %s  FNMR %s\n", r.At, "all", percent(r.FMR), percent(r.FNMR))
	for _, g := range r.Groups {
		fmt.Fprintf(t.Out, "%-16s FMR %s  FNMR %s\n", g.Group, percent(g.FMR), percent(g.FNMR))
	}
	if s := r.Spread; s != nil {
		sure := map[bool]string{true: "more than chance", false: "may be chance"}
		fmt.Fprintf(t.Out, "%-16s FMR %.3f points (%s), FNMR %.3f points (%s)\n", "spread", 100*s.FMR, sure[s.FMRSure], 100*s.FNMR, sure[s.FNMRSure])
	}
}

func (c *benchAccuracyCmd) identify(t *tools, job bench.Job, start bench.Start) error {
	r, err := bench.Identify(t.ctx, job, start, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d people enrolled (%d without a face); %d probes of them, %d of others; in %d no face was found; %.0f s\nrank 1: %.2f %%\n",
		r.Enrolled, r.Failed, r.Genuine, r.Impostor, r.NotFound, r.Seconds, 100*r.Rank1)
	for _, fpir := range []string{"1e-1", "1e-2", "1e-3"} {
		if f, ok := r.FNIR[fpir]; ok {
			fmt.Fprintf(t.Out, "FNIR %s at FPIR %s\n", percent(f), fpir)
		}
	}
	fmt.Fprintf(t.Out, "at threshold %.3f, with 95 %% bounds:\nmargin frames\n", r.At)
	for _, row := range r.Table {
		fmt.Fprintf(t.Out, "%6.2f %6d  FPIR %s  FNIR %s\n", row.Margin, row.Frames, percent(row.FPIR), percent(row.FNIR))
	}
	t.troubles(r.Troubles)
	return nil
}

func percent(r bench.Rate) string {
	if r.Of == 0 {
		return "     –                       "
	}
	return fmt.Sprintf("%7.3f %% (%.3f to %.3f of %d)", 100*r.Share, 100*r.Low, 100*r.High, r.Of)
}

func (t *tools) troubles(list []string) {
	for _, w := range list {
		fmt.Fprintln(t.Err, "edged:", w)
	}
}
