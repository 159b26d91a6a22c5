package bench_test

import (
	"context"
	"strings"
	"testing"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/wire"
)

func TestTheKeepersFiguresAreTold(t *testing.T) {
	r, err := bench.Search(t.Context(), 1000, 100, nil, func(ctx context.Context, heard func(wire.RoomSays)) error {
		heard(&wire.Searching{Done: 1, Of: 1200})
		heard(&wire.Searched{P50: 1_500_000, ExactP50: 30_000_000, P50CPU: 1_000_000, ExactP50CPU: 20_000_000, WrongOther: 1, BytesPerPerson: 681})
		<-ctx.Done()
		return nil
	})
	if err != nil || r.P50 != 1.5 || r.ExactP50 != 30 || r.Ratio != 20 || r.Recall != .995 || r.BytesPerPerson != 681 || r.People != 1000 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAKeeperThatEndsIsAnError(t *testing.T) {
	_, err := bench.Search(t.Context(), 1, 1, nil, func(ctx context.Context, heard func(wire.RoomSays)) error {
		heard(nil)
		<-ctx.Done()
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "ended before it had measured") {
		t.Error(err)
	}
}
