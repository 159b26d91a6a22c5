// Edgectl is the operator's and the inspector's tool for a laptop. It never opens a door by itself and holds no key.
package main

import (
	"context"
	"os"
	"os/signal"

	"example.org/edged/internal/operator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := operator.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
