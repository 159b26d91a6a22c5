package clock

import (
	"context"
	"time"
)

type Clock struct{ now func() time.Time }

func Open(file string, built time.Time, now func() time.Time) (*Clock, error) {
	return &Clock{now}, nil
}
func (c *Clock) Now() (t time.Time, trusted bool) { return c.now(), true }
func (c *Clock) NotBefore(t time.Time)            {}
func (c *Clock) Run(ctx context.Context) error    { <-ctx.Done(); return nil }
