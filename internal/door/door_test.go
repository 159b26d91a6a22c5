package door_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/edged/internal/door"
)

// A coil remembers when it moved, and breaks on command.
type coil struct {
	mu    sync.Mutex
	on    bool
	sets  int
	moved []time.Time
	fail  func(on bool) error // nil: works
}

func (c *coil) Set(on bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets++
	if c.fail != nil {
		if err := c.fail(on); err != nil {
			return err
		}
	}
	if c.on != on {
		c.on = on
		c.moved = append(c.moved, time.Now())
	}
	return nil
}

func (c *coil) breaks(fail func(on bool) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = fail
}

func (c *coil) isOn() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.on
}

const pulse = 3 * time.Second

var errCoil = errors.New("coil is gone")

// running starts a door in a bubble; stop ends it and gives what Run said.
func running(t *testing.T, c *coil) (d *door.Door, stop func() error) {
	d = door.New(c, pulse, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan error, 1)
	go func() { said <- d.Run(ctx) }()
	synctest.Wait()
	return d, func() error { cancel(); return <-said }
}

func TestOneOpenIsOnePulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		defer stop()
		if err := d.Open(); err != nil || !c.isOn() || !d.IsOpen() {
			t.Fatalf("open: %v, energised %v", err, c.isOn())
		}
		time.Sleep(pulse - 1)
		synctest.Wait()
		if !c.isOn() {
			t.Fatal("shut too early")
		}
		time.Sleep(1)
		synctest.Wait()
		if c.isOn() || d.IsOpen() {
			t.Fatal("still open after the pulse")
		}
	})
}

func TestOpeningAnOpenDoorGivesAWholePulseAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		defer stop()
		begin := time.Now()
		for range 5 { // at 0, 1, 2, 3 and 4 s, and three times at once at the end
			d.Open()
			time.Sleep(time.Second)
		}
		d.Open()
		d.Open()
		d.Open()
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(c.moved) != 2 || c.moved[1].Sub(begin) != 5*time.Second+pulse {
			t.Errorf("moved at %v", c.moved)
		}
	})
}

func TestStoppingShutsTheDoorAndNobodyOpensItAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		d.Open()
		if err := stop(); err != nil || c.isOn() {
			t.Fatalf("%v, energised %v", err, c.isOn())
		}
		if err := d.Open(); err == nil || c.isOn() {
			t.Error("opened with nobody to shut it")
		}
	})
}

func TestADoorThatDoesNotRunDoesNotOpen(t *testing.T) {
	c := &coil{}
	if err := door.New(c, pulse, slog.New(slog.NewTextHandler(io.Discard, nil))).Open(); err == nil || c.sets > 0 {
		t.Error("it does")
	}
}

func TestADoorLeftOpenByADeadProgramIsShutAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{on: true}
		_, stop := running(t, c)
		defer stop()
		if c.isOn() {
			t.Error("still open")
		}
	})
}

func TestARelayThatFailsToOpenIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		defer stop()
		before := c.sets
		c.breaks(func(on bool) error { // the worst: it does move, and says that it did not
			if on {
				c.on = true
				return errCoil
			}
			return nil
		})
		if err := d.Open(); !errors.Is(err, errCoil) || c.isOn() || d.IsOpen() || c.sets != before+2 {
			t.Errorf("%v, energised %v", err, c.isOn())
		}
	})
}

func TestARelayThatDoesNotLetGoIsToldUntilItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		defer stop()
		d.Open()
		c.breaks(func(on bool) error { return errCoil })
		time.Sleep(pulse + time.Minute)
		synctest.Wait()
		if !d.IsOpen() {
			t.Error("says shut without knowing")
		}
		if c.sets > 1000 {
			t.Errorf("told %d times in a minute", c.sets)
		}
		c.breaks(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if c.isOn() || d.IsOpen() {
			t.Error("still open although the relay works again")
		}
		if err := d.Open(); err != nil {
			t.Errorf("opening afterwards: %v", err)
		}
	})
}

func TestARelayThatNeverLetsGoIsSaidAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		d.Open()
		c.breaks(func(on bool) error { return errCoil })
		if err := stop(); !errors.Is(err, errCoil) {
			t.Errorf("Run said %v", err)
		}
	})
}

func TestADriverThatPanicsLeavesTheDoorShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		c.breaks(func(on bool) error {
			if on {
				c.on = true
				panic("driver")
			}
			return nil
		})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			d.Open()
		}()
		if c.isOn() {
			t.Error("left energised")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &coil{}
		d, stop := running(t, c)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				if err := d.Open(); err != nil || !d.IsOpen() {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := stop(); err != nil || c.isOn() {
			t.Errorf("%v, energised %v", err, c.isOn())
		}
	})
}
