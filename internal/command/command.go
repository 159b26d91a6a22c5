// Package command is what an installer types: `edged run`, `check`, `demo`, `bench`, `audit`, `models`, `pin`. It
// never opens a network connection and never links C: what needs either is another program that it starts.
//
// Answers go to stdout, everything else to stderr; --json where a machine may ask; exit codes are fixed.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"example.org/edged/internal/config"
)

// Exit codes, documented in docs/commands.md.
const (
	exitDone   = 0
	exitNo     = 1  // the answer is no: a check is red, a log does not verify, a demo step failed
	exitUsage  = 64 // the command line cannot be understood
	exitBroken = 70 // something failed that should not
	exitWalls  = 77 // the kernel cannot hold the rooms apart
	exitConfig = 78 // the configuration is wrong: the message names line, column and the fix
)

// Build is when and from what this program was built.
type Build struct {
	Version string
	Built   string // RFC 3339
}

// Time is the build's time; no clock is believed that is earlier.
func (b Build) Time() time.Time {
	t, err := time.Parse(time.RFC3339, b.Built)
	if err != nil {
		return time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC) // the day the Measures came into force
	}
	return t
}

// Streams are where a command reads and writes; tests pass their own.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
	Programs string // folder of the other programs; empty: beside this one
}

type line struct {
	Run     runCmd        `cmd:"" help:"Guard the door: start all rooms and keep them up until Ctrl-C."`
	Check   checkCmd      `cmd:"" help:"Say what is wrong on this machine, and what to do about it."`
	Demo    demoCmd       `cmd:"" help:"Play the whole story on real photographs and print a figure for each step."`
	Bench   benchCmd      `cmd:"" help:"Measure accuracy or speed."`
	Comply  complyCmd     `cmd:"" help:"Say of each article of the law whether this device keeps it, and what people must confirm."`
	Audit   auditCmd      `cmd:"" help:"Check a copy of the audit log with nothing but the public key."`
	Models  modelsCmd     `cmd:"" help:"Install or check the model pack."`
	Assess  assessCmd     `cmd:"" help:"The impact assessment: draft it, sign it, show it. Without one no face is used."`
	Filing  filingCmd     `cmd:"" help:"The filing at the cyberspace office: build it, note that it was handed in."`
	Proof   evidenceCmd   `cmd:"" name:"evidence" help:"Write down what the log proves about one person, for a court or for themselves."`
	Stop    stopCmd       `cmd:"" help:"Stop faces at once, or let them be used again."`
	Paper   paperCmd      `cmd:"" help:"Record a consent that somebody has signed by hand."`
	Second  secondSignCmd `cmd:"" name:"second-sign" help:"Say that a face alone opens nothing for one person, such as a twin or a child."`
	End     endCmd        `cmd:"" help:"Say that somebody's stay ends (a visit, a lease, a contract): their PIN goes, and their face is erased at once."`
	PIN     pinCmd        `cmd:"" name:"pin" help:"Turn a staff PIN, typed or piped in, into the line for the configuration."`
	Leave   leaveCmd      `cmd:"" name:"decommission" help:"Take this device out of service: destroy every face, PIN and key, and write a signed certificate."`
	Version versionCmd    `cmd:"" help:"Say which build this is."`
}

// tools is what every command may use.
type tools struct {
	Streams
	Build
	ctx context.Context
	log *slog.Logger
}

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, args []string, s Streams, b Build) int {
	t := &tools{Streams: s, Build: b, ctx: ctx, log: slog.New(slog.NewTextHandler(s.Err, nil))}
	var l line
	code := -1
	parser, err := kong.New(&l, kong.Name("edged"), kong.Writers(s.Out, s.Err), kong.Bind(t), kong.Vars{"models": t.usualModels()},
		kong.Exit(func(c int) { code = c }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("The gatekeeper on a door terminal: lets people in by face, and just as well by PIN.\nA face stays in this device, only with its owner's consent, only as long as agreed, and anyone can check that."))
	if err != nil {
		fmt.Fprintln(s.Err, "edged:", err)
		return exitBroken
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctxt, err := parser.Parse(args)
	if code >= 0 { // --help has been answered
		return code
	}
	if err != nil {
		fmt.Fprintf(s.Err, "edged: %v\nTry: edged --help\n", err)
		return exitUsage
	}
	return t.code(ctxt.Run(t))
}

// no is an answer that is no; it has been printed already.
var errNo = errors.New("no")

type coded struct {
	code int
	error
}

func (c coded) Unwrap() error { return c.error }

// code prints what a person must know of an error, and says the exit code.
func (t *tools) code(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errNo) {
		return exitNo
	}
	var bad *config.Error
	if errors.As(err, &bad) {
		fmt.Fprintln(t.Err, bad)
		return exitConfig
	}
	fmt.Fprintln(t.Err, "edged:", err)
	var c coded
	if errors.As(err, &c) {
		return c.code
	}
	return exitBroken
}

// programs is the folder in which the rooms' programs lie.
func (t *tools) programs() (string, error) {
	if t.Programs != "" {
		return t.Programs, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	return filepath.Dir(self), nil
}

// answer writes v as JSON, one document.
func (t *tools) answer(v any) error {
	e := json.NewEncoder(t.Out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type versionCmd struct {
	JSON bool `help:"Answer in JSON." name:"json"`
}

func (c *versionCmd) Run(t *tools) error {
	if c.JSON {
		return t.answer(map[string]string{"version": t.Version, "built": t.Built})
	}
	_, err := fmt.Fprintf(t.Out, "edged %s, built %s\n", t.Version, t.Built)
	return err
}
