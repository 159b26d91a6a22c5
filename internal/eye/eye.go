// Package eye is the room that sees: it takes the newest frame, asks package vision what is in it, and tells the keeper.
// It never keeps a frame, never looks while it is told to rest, and never waits for a slow screen.
package eye

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

// Run reads from top to bottom: what to look with, what to look at, whom to tell. It returns when everything it
// started has stopped.
func Run(ctx context.Context, r *room.Room) error {
	var brief room.Eye
	if err := r.Brief(&brief); err != nil {
		return err
	}
	sight, err := vision.Open(brief.Models, brief.Zone)
	if err != nil {
		r.Fault(wire.FaultModel)
		return err
	}
	defer sight.Close()
	if brief.Measure != nil {
		return measureAll(ctx, r, sight, brief.Measure)
	}
	source, err := capture.Open(brief.Camera, r.File, r.Log)
	if err != nil {
		r.Fault(wire.FaultCamera)
		return err
	}
	defer source.Close()
	warm, err := openInfrared(brief.Infrared, r)
	if err != nil {
		r.Fault(wire.FaultCamera)
		return err
	}
	if warm != nil {
		defer warm.source.Close()
	}

	orders := newOrders(ctx)
	keeper, err := dial[wire.EyeHears, wire.EyeSays](r, "keeper", orders.rest)
	if err != nil {
		return err
	}
	defer keeper.Close()
	shown := newMirror(r)
	defer shown.close()
	r.Ready(wire.PartFace)

	w := &watch{source: source, warm: warm, sight: sight, keeper: keeper, mirror: shown, orders: orders, log: r.Log}
	tasks, until := errgroup.WithContext(ctx)
	tasks.Go(func() error { return w.run(until) })
	tasks.Go(func() error { return w.report(until) })
	tasks.Go(func() error { return orders.hear(keeper) })
	if shown != nil {
		tasks.Go(shown.listen)
	}
	tasks.Go(func() error { // a waiting Hear ends when its wire is closed
		<-until.Done()
		keeper.Close()
		shown.close()
		return nil
	})
	err = tasks.Wait()
	if ctx.Err() != nil { // told to stop: that the wires then close is no fault
		return ctx.Err()
	}
	return err
}

func dial[In, Out wire.Word](r *room.Room, name string, born func()) (*wire.Conn[In, Out], error) {
	f, err := r.File(name)
	if err != nil {
		return nil, err
	}
	c, err := wire.Open[In, Out](f, born)
	if err != nil {
		return nil, fmt.Errorf("greeting the %s: %w", name, err)
	}
	return c, nil
}
