package command_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"example.org/edged/configs"
	"example.org/edged/internal/command"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/operator"
)

// The scripts of testdata type what an installer and an inspector would type; these are the programs they get.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == hall.StageWord {
		os.Exit(hall.Stage())
	}
	testscript.Main(m, map[string]func(){
		"edged": func() {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM) // as cmd/edged does
			defer stop()
			os.Exit(command.Main(ctx, os.Args[1:],
				command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Programs: os.Getenv("PROGRAMS")},
				command.Build{Version: "v9.8.7", Built: "2026-01-02T03:04:05Z"}))
		},
		"edgectl": func() { os.Exit(operator.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	models, err := filepath.Abs("../../build/models")
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("EDGED_MODELS"); dir != "" {
		models = dir
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("MODELS", models)
			e.Setenv("PROGRAMS", filepath.Join(e.WorkDir, "programs"))
			return os.WriteFile(filepath.Join(e.WorkDir, "notice.yaml"), configs.Notice, 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "spoil": spoil},
	})
}

// exits CODE PROGRAM ARGS… runs a program that must end with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// spoil FILE HOW damages a file: random, zero or short.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	switch args[1] {
	case "random":
		for i := range b {
			b[i] = byte(i*i*7 + i>>3)
		}
	case "empty":
		b = nil
	case "short":
		b = b[:len(b)/2]
	}
	ts.Check(os.WriteFile(path, b, 0o600))
}
