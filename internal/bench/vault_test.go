package bench_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/wire"
)

// said is a keeper in so many lives, each of which says its words and then lives until it is stopped.
func said(lives ...[]wire.RoomSays) bench.Keep {
	life := 0
	return func(ctx context.Context, heard func(time.Duration, wire.RoomSays)) error {
		words := lives[life]
		life++
		for i, w := range words {
			heard(time.Duration(i+1)*time.Second, w)
		}
		<-ctx.Done()
		return nil
	}
}

func TestTheVaultIsFilledAndThenMeasuredInAnotherLife(t *testing.T) {
	r, err := bench.Vault(t.Context(), 10, nil, said(
		[]wire.RoomSays{&wire.Ready{}, &wire.Filled{Of: 10}, &wire.Filled{Done: 5, Of: 10}, &wire.Filled{Done: 10, Of: 10}},
		[]wire.RoomSays{&wire.Ready{Part: wire.PartPIN}, &wire.Filled{Done: 10, Of: 10}, &wire.VaultTimes{People: 10, WithdrawUS: 1500, EraseUS: 250_000, BytesEach: 2500, BootCPUMS: 800, EraseCPUMS: 90, PeakKiB: 2048}},
	), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.People != 10 || r.PINMS != 1000 || r.BootMS != 2000 || r.WithdrawMS != 1.5 || r.EraseMS != 250 || r.BytesPerPerson != 2500 ||
		r.BootCPUMS != 800 || r.EraseCPUMS != 90 || r.PeakMiB != 2 {
		t.Errorf("%+v", r)
	}
}

func TestAKeeperThatFallsIsNotMeasured(t *testing.T) {
	for name, lives := range map[string][][]wire.RoomSays{
		"while filling":   {{&wire.Filled{Of: 10}, nil}},
		"while measuring": {{&wire.Filled{Done: 10, Of: 10}}, {&wire.Filled{Done: 10, Of: 10}, nil}},
	} {
		if r, err := bench.Vault(t.Context(), 10, nil, said(lives...), time.Now); r != nil || err == nil || !strings.Contains(err.Error(), "ended before") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestTheSizesOfAKeeperThatManyPassedThrough(t *testing.T) {
	r, err := bench.Churn(t.Context(), 10, 100, 1000, nil, said(
		[]wire.RoomSays{&wire.Filled{Done: 500, Of: 1110}, &wire.Grown{Place: wire.PlaceKeys, Bytes: 150, Live: 100, Most: 180, Least: 90},
			&wire.Grown{Place: wire.PlaceAudit, Bytes: 10, Live: 10, Most: 10, Least: 10}},
	), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Files) != 2 || r.Files[0] != (bench.ChurnFile{File: "keys.db", Bytes: 150, Live: 100, Ratio: 1.5, Worst: 2}) || r.Files[1].Ratio != 1 {
		t.Errorf("%+v", r)
	}
}
