// Edged is the hall: it starts the rooms and keeps them up, and it is what an installer types. It never handles a
// face, a key or a packet.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"example.org/edged/internal/command"
	"example.org/edged/internal/hall"
)

// Set by the linker (see Makefile).
var version, built = "unreleased", ""

func main() {
	if len(os.Args) == 2 && os.Args[1] == hall.StageWord {
		os.Exit(hall.Stage())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
		command.Build{Version: version, Built: built})
	stop()
	os.Exit(code)
}
