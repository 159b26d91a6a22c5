// Edged-demo plays the people around a door: resident, stranger, staff and operator, with a broker of its own. It
// never takes part in guarding one: `edged demo` and `edged bench passage` start it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"example.org/edged/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := demo.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
