// Package demo plays the whole story of a door against the real programs: real rooms, a real broker, real
// photographs. It never reaches into a room: it sees what a resident, an operator and an inspector can see.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"
)

type line struct {
	Story   storyCmd   `cmd:"" help:"Play the story step by step."`
	Passage passageCmd `cmd:"" help:"Measure how long passages take."`
}

// errFailed has been printed already.
var errFailed = errors.New("a step failed")

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, args []string, out, stderr io.Writer) int {
	var l line
	code := -1
	p, err := kong.New(&l, kong.Name("edged-demo"), kong.Writers(out, stderr), kong.Exit(func(c int) { code = c }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&streams{out, stderr}),
		kong.Description("Plays the people around a door. Started by `edged demo` and `edged bench passage`."))
	if err != nil {
		fmt.Fprintln(stderr, "edged-demo:", err)
		return 70
	}
	c, err := p.Parse(args)
	if code >= 0 {
		return code
	}
	if err != nil {
		fmt.Fprintln(stderr, "edged-demo:", err)
		return 64
	}
	switch err := c.Run(); {
	case errors.Is(err, errFailed):
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "edged-demo:", err)
		return 70
	}
	return 0
}

type streams struct{ out, err io.Writer }

type storyCmd struct {
	Models   string `help:"Folder of the model pack." default:"build/models" type:"path"`
	Pictures string `help:"Folder with the four photographs (make setup); beside bin/ when not given." type:"path"`
	Stay     bool   `help:"Stay up afterwards until Ctrl-C."`
	JSON     bool   `name:"json" help:"Print the steps as JSON."`
	Keep     bool   `help:"Keep the folder with state, logs and captured traffic, and say where it is."`
}

// A Step is one step of the story as it was played.
type Step struct {
	N      int     `json:"n"`
	Title  string  `json:"title"`
	OK     bool    `json:"ok"`
	Figure string  `json:"figure"`
	Why    string  `json:"why,omitempty"` // of a failure
	MS     float64 `json:"ms"`
}

func (c *storyCmd) Run(ctx context.Context, s *streams) error {
	programs, err := programs()
	if err != nil {
		return err
	}
	h, err := openHouse(ctx, programs, c.Models, photographs(programs, c.Pictures))
	if err != nil {
		return err
	}
	defer h.close(c.Keep, s.err)
	t := &teller{s: s, quiet: c.JSON}
	began := time.Now()
	tell(ctx, t, h)
	failed := 0
	for _, st := range t.steps {
		if !st.OK {
			failed++
		}
	}
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		if err := e.Encode(map[string]any{"steps": t.steps, "failed": failed, "seconds": time.Since(began).Seconds()}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(s.out, "demo: %d steps, %d failed\n", len(t.steps), failed)
	}
	if failed > 0 {
		fmt.Fprintf(s.err, "what the rooms said:\n%s\n", h.lastWords())
		return errFailed
	}
	if c.Stay {
		h.show("face.jpg")
		fmt.Fprintf(s.err, "\nThe screen is at http://%s — staff PIN %s gives a newcomer a PIN. Ctrl-C stops.\n", h.screen, h.staffPIN)
		<-ctx.Done()
	}
	return nil
}

// teller prints the steps as they are played.
type teller struct {
	s     *streams
	quiet bool
	steps []Step
	stop  bool
}

// step plays one step. After a failure the rest is not played: each step stands on the ones before.
func (t *teller) step(title string, play func() (figure string, err error)) {
	if t.stop {
		return
	}
	if !t.quiet {
		fmt.Fprintf(t.s.out, "%2d  %s\n", len(t.steps)+1, title)
	}
	began := time.Now()
	figure, err := play()
	st := Step{N: len(t.steps) + 1, Title: title, OK: err == nil, Figure: figure, MS: float64(time.Since(began).Microseconds()) / 1000}
	if err != nil {
		st.Why, t.stop = err.Error(), true
	}
	t.steps = append(t.steps, st)
	if t.quiet {
		return
	}
	if err != nil {
		fmt.Fprintf(t.s.out, "    FAILED: %v\n", err)
		return
	}
	fmt.Fprintf(t.s.out, "    %s\n", figure)
}

// photographs is where setup puts them, beside the programs, unless somebody says otherwise.
func photographs(programs, said string) string {
	if said != "" {
		return said
	}
	return filepath.Join(programs, "..", "build", "pictures")
}

func programs() (string, error) {
	self, err := os.Executable()
	return filepath.Dir(self), err
}
