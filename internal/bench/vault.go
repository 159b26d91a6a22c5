package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"example.org/edged/internal/wire"
)

// Keep brings up a keeper for measuring, confined as every keeper, on the same folder each time. It tells heard what
// the keeper says and how long after the start, a nil word when a room has ended, and returns when ctx ends.
type Keep func(ctx context.Context, heard func(after time.Duration, w wire.RoomSays)) error

// A VaultReport is the answer of `edged bench vault --json`. The names of its fields are stable.
type VaultReport struct {
	People         int     `json:"people"`
	PINMS          float64 `json:"pin_ms"`           // from starting the program to PINs opening the door: the vault is read beside it
	BootMS         float64 `json:"boot_ms"`          // from starting the program to everybody being in the gallery
	WithdrawMS     float64 `json:"withdraw_ms"`      // from the wish to the first search that does not find the person
	EraseMS        float64 `json:"erase_ms"`         // from the wish to the erasure being proved and recorded
	BytesPerPerson int     `json:"bytes_per_person"` // of all files in the keeper's folder
	BootCPUMS      uint32  `json:"boot_cpu_ms"`      // of all cores: on a shared machine it tells more than the clock
	EraseCPUMS     uint32  `json:"erase_cpu_ms"`     // of all cores
	PeakMiB        float64 `json:"peak_mib"`         // the keeper's memory at most
	FillSeconds    float64 `json:"fill_seconds"`     // how long it took to enrol everybody, one after the other
}

var errFell = errors.New("the keeper ended before it had measured; its line above says why")

// Vault has a keeper fill itself with people who do not exist, starts it anew, and has some of them withdraw.
func Vault(ctx context.Context, people int, progress *os.File, start Keep, now func() time.Time) (*VaultReport, error) {
	r := &VaultReport{People: people}
	began := now()
	tick, finish := vaultBar(ctx, people, progress)
	defer finish()
	// The first life fills the folder and tells when it is full.
	err := fill(ctx, start, tick)
	if err != nil {
		return nil, err
	}
	r.FillSeconds = now().Sub(began).Seconds()
	// The second finds it full, and measures.
	err = live(ctx, start, func(after time.Duration, w wire.RoomSays) bool {
		switch w := w.(type) {
		case *wire.Ready:
			if w.Part == wire.PartPIN {
				r.PINMS = ms(after)
			}
		case *wire.Filled:
			if r.BootMS == 0 {
				r.BootMS = ms(after)
			}
		case *wire.VaultTimes:
			r.WithdrawMS, r.EraseMS = float64(w.WithdrawUS)/1000, float64(w.EraseUS)/1000
			r.BytesPerPerson = int(w.BytesEach)
			r.BootCPUMS, r.EraseCPUMS, r.PeakMiB = w.BootCPUMS, w.EraseCPUMS, float64(w.PeakKiB)/1024
			return true
		}
		return false
	})
	if err != nil {
		return nil, fmt.Errorf("measuring the vault: %w", err)
	}
	return r, nil
}

// Fill has a keeper fill its folder with people who do not exist.
func Fill(ctx context.Context, people int, progress *os.File, start Keep) error {
	tick, finish := vaultBar(ctx, people, progress)
	defer finish()
	return fill(ctx, start, tick)
}

func fill(ctx context.Context, start Keep, tick func(int64)) error {
	err := live(ctx, start, func(_ time.Duration, w wire.RoomSays) bool {
		f, ok := w.(*wire.Filled)
		if ok {
			tick(int64(f.Done))
		}
		return ok && f.Done == f.Of
	})
	if err != nil {
		return fmt.Errorf("filling the vault: %w", err)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// live lets one keeper live until done says so.
func live(ctx context.Context, start Keep, done func(time.Duration, wire.RoomSays) bool) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var enough = errors.New("enough")
	err := start(ctx, func(after time.Duration, w wire.RoomSays) {
		if w == nil {
			stop(errFell)
		} else if done(after, w) {
			stop(enough)
		}
	})
	switch why := context.Cause(ctx); {
	case errors.Is(why, enough):
		return nil
	case why != nil:
		return why
	case err != nil:
		return err
	}
	return errFell
}

// vaultBar draws a bar, on a terminal only.
func vaultBar(ctx context.Context, total int, f *os.File) (tick func(int64), finish func()) {
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return func(int64) {}, func() {}
	}
	bars := mpb.NewWithContext(ctx, mpb.WithOutput(f))
	bar := bars.AddBar(int64(total),
		mpb.PrependDecorators(decor.CountersNoUnit("people %d / %d")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
	return bar.SetCurrent, func() { bar.Abort(false); bars.Wait() }
}
