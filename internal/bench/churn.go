package bench

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.org/edged/internal/wire"
)

// A ChurnReport is the answer of `edged bench vault --churn N --events N --json`. The names of its fields are stable.
type ChurnReport struct {
	People  int         `json:"people"` // who stay
	Churn   int         `json:"churn"`  // who come and go
	Events  int         `json:"events"`
	Files   []ChurnFile `json:"files"`
	Seconds float64     `json:"seconds"`
}

// A ChurnFile is one file of the keeper's folder, or a folder of them.
type ChurnFile struct {
	File  string  `json:"file"`
	Bytes uint64  `json:"bytes"`
	Live  uint64  `json:"live_bytes"`
	Ratio float64 `json:"ratio"`
	Worst float64 `json:"worst_ratio"` // at any moment that was looked at
}

// Churn has a keeper let so many people who do not exist come and go, and write so many lines.
func Churn(ctx context.Context, people, come, events int, progress *os.File, start Keep, now func() time.Time) (*ChurnReport, error) {
	r := &ChurnReport{People: people, Churn: come, Events: events}
	began := now()
	tick, finish := vaultBar(ctx, people+come+events, progress)
	defer finish()
	err := live(ctx, start, func(_ time.Duration, w wire.RoomSays) bool {
		switch w := w.(type) {
		case *wire.Filled:
			tick(int64(w.Done))
		case *wire.Grown:
			r.Files = append(r.Files, ChurnFile{File: w.Place.String(), Bytes: w.Bytes, Live: w.Live,
				Ratio: share(w.Bytes, w.Live), Worst: share(w.Most, w.Least)})
			return w.Place == wire.PlaceAudit
		}
		return false
	})
	if err != nil {
		return nil, fmt.Errorf("letting people come and go: %w", err)
	}
	r.Seconds = now().Sub(began).Seconds()
	return r, nil
}

func share(of, in uint64) float64 { return float64(of) / float64(max(in, 1)) }
