package keeper

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

// tried is how many people withdraw, one after the other, in a measurement.
const tried = 5

// measure guards no door. Called on an empty folder it fills that with people who do not exist, the way real ones come
// in; called on a full one it times what a person who withdraws waits for. Both go through the parts that serve a door.
func (k *keeper) measure(ctx context.Context) error {
	a, err := k.openFaces(ctx)
	if err != nil {
		return fmt.Errorf("no face can be kept here, so nothing can be measured: %w", err)
	}
	return measuring{k, a}.run(ctx)
}

// measuring is a keeper that has opened everything.
type measuring struct {
	*keeper
	*album
}

func (k measuring) run(ctx context.Context) error {
	if k.brief.Churn != nil {
		if err := k.churn(ctx); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	n, at := uint32(k.brief.MadeUp), uint32(k.gallery.Len())
	k.room.Tell(&wire.Filled{Done: at, Of: n})
	if at < n {
		if err := k.fill(ctx, n); err != nil {
			return err
		}
		k.room.Tell(&wire.Filled{Done: n, Of: n})
	} else if err := k.time(ctx, n); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// fill enrols everybody.
func (k measuring) fill(ctx context.Context, n uint32) error {
	for from := uint32(0); from < n; from += together {
		to := min(from+together, n)
		if err := k.fillPart(ctx, from, to); err != nil {
			return err
		}
		k.room.Tell(&wire.Filled{Done: to, Of: n})
	}
	return nil
}

// fillPart enrols the people of these numbers, in one go.
func (k measuring) fillPart(ctx context.Context, from, to uint32) error {
	text, err := notice.Parse(k.brief.Notice)
	if err != nil {
		return err
	}
	lang := ""
	for lang = range text.Text {
	}
	model, err := modelHash(k.brief.Face.Model)
	if err != nil {
		return err
	}
	err = k.album.register.Together(func() error { return k.fillSome(ctx, from, to, text, lang, model) })
	if err != nil {
		return fmt.Errorf("filling the vault: %w", err)
	}
	return nil
}

// together is how many people are kept at once.
const together = 500

func (k measuring) fillSome(ctx context.Context, from, to uint32, text *notice.Notice, lang string, model [32]byte) error {
	var some []vault.Held
	defer func() {
		for _, h := range some {
			k.arena.Wipe(h.Template)
		}
	}()
	for i := from; i < to && ctx.Err() == nil; i++ {
		p, t, err := k.madeUp(i)
		if err != nil {
			return err
		}
		now, trusted := k.clock.Now()
		r, err := k.album.register.Give(p, text.Hash(), lang, consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown()}, now, trusted)
		some = append(some, vault.Held{Label: vault.Label{Person: p, Purpose: string(r.Purpose), Model: model, Consent: r.Hash(), Expiry: r.Until}, Template: t})
		if err != nil {
			return err
		}
	}
	return errors.Join(ctx.Err(), k.vault.KeepAll(some))
}

// time has some people withdraw.
func (k measuring) time(ctx context.Context, n uint32) error {
	boot := cpu()
	ctx, stop := context.WithCancel(ctx)
	swept := make(chan error, 1)
	go func() { swept <- k.faces.Sweep().Run(ctx) }()
	defer func() { stop(); <-swept }()
	sizes, err := folderSize(k.brief.Folder)
	if err != nil {
		return err
	}
	out := wire.VaultTimes{People: n, BytesEach: uint32(sizes / int64(n)), BootCPUMS: uint32(boot.Milliseconds())}
	for i := range uint32(tried) {
		before := cpu()
		withdrew, erased, err := k.timeOne(ctx, i*(n/tried))
		if err != nil {
			return err
		}
		out.WithdrawUS = max(out.WithdrawUS, uint32(withdrew.Microseconds()))
		out.EraseUS = max(out.EraseUS, uint32(erased.Microseconds()))
		out.EraseCPUMS = max(out.EraseCPUMS, uint32((cpu() - before).Milliseconds()))
	}
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("asking how much memory was used: %w", err)
	}
	out.PeakKiB = uint32(used.Maxrss)
	k.room.Tell(&out)
	return nil
}

// cpu is what all cores have spent on this process: on a machine that is shared it tells more than the clock.
func cpu() time.Duration { return read(unix.CLOCK_PROCESS_CPUTIME_ID) }

func (k measuring) timeOne(ctx context.Context, i uint32) (withdrew, erased time.Duration, err error) {
	p, probe, err := k.madeUp(i)
	if err != nil {
		return 0, 0, err
	}
	defer k.arena.Wipe(probe)
	known := func() bool { return k.gallery.Find(probe, k.now(), sameSitting, searchMargin).Known }
	if !known() {
		return 0, 0, errors.New("somebody who was stored is not found, so what follows would measure nothing")
	}
	searching := make(chan struct{})
	go func() { defer close(searching); known() }() // somebody stands at the door meanwhile
	defer func() { <-searching }()
	began := time.Now()
	acted := make(chan struct{})
	go func() { defer close(acted); k.faces.Withdraw(1, p) }()
	defer func() { <-acted }()
	for k.gallery.Verify(p, probe, k.now(), sameSitting) {
		runtime.Gosched()
	}
	withdrew = time.Since(began)
	if known() {
		return 0, 0, errors.New("somebody who withdrew is still found")
	}
	<-acted
	for k.faces.Sweep().Open() > 0 {
		if time.Since(began) > time.Minute || ctx.Err() != nil {
			return 0, 0, errors.New("an erasure did not end")
		}
		time.Sleep(time.Millisecond)
	}
	return withdrew, time.Since(began), nil
}

// madeUp is the same person and the same face for the same number.
func (k measuring) madeUp(i uint32) (p person.ID, t template.Template, err error) {
	var seed [32]byte
	binary.BigEndian.PutUint32(seed[:], i)
	numbers := rand.NewChaCha8(seed)
	if p, err = person.New(numbers); err != nil {
		return p, t, err
	}
	var v [template.Len]float32
	for j := range v {
		v[j] = float32(float64(numbers.Uint64())/math.MaxUint64 - .5)
	}
	t, err = k.arena.Put(&v)
	return p, t, err
}

func folderSize(dir string) (sum int64, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if st, err := f.Info(); err == nil && st.Mode().IsRegular() {
			sum += st.Size()
		}
	}
	return sum, nil
}
