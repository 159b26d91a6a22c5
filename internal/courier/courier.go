// Package courier carries the keeper's words to an MQTT broker and the fleet's requests back. It never holds a face:
// it takes only what wire.CourierHears can say, and nothing but those fields goes out.
//
// A word becomes an event with a stable code (event.go), is kept on disk until the broker has acknowledged it
// (outbox.go), and leaves in a session (link.go). A request is read strictly (command.go), remembered while it is
// being answered (desk.go), and handed on as a wire.Asked; docs/mqtt.md is the same for an integrator.
package courier

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// Run is the courier's life in its room.
func Run(ctx context.Context, r *room.Room) error {
	var brief room.Courier
	if err := r.Brief(&brief); err != nil {
		return err
	}
	keeper, err := r.File("keeper")
	if err != nil {
		return err
	}
	return Carry(ctx, brief, keeper, r.Log, func() { r.Ready(wire.PartBroker) })
}

const (
	keeperPatience = 10 * time.Second // a keeper that takes no word for so long is gone
	heartbeat      = 30 * time.Second
	intakeLen      = 256 // events between hearing and the disk
	storeAtOnce    = 128 // events in one disk write
)

// A courier is the parts of one running room. Every field is safe to use from any of its goroutines.
type courier struct {
	topics topics
	boot   string
	log    *slog.Logger
	now    func() time.Time
	conn   *wire.Conn[wire.CourierHears, wire.CourierSays]
	box    *outbox
	tray   *tray
	desk   *desk
	link   *link
	note   *notary
	about  description // only the goroutine that hears the keeper changes it
	intake chan event
	seq    uint64
	health vitals
}

// Carry runs between a keeper's wire and a broker until ctx ends or the keeper's end closes. Ready is called when the
// broker is first reached.
func Carry(ctx context.Context, brief room.Courier, keeper *os.File, log *slog.Logger, ready func()) error {
	c, err := assemble(ctx, brief, log, ready)
	if err != nil {
		return errors.Join(err, keeper.Close())
	}
	if c.conn, err = wire.Open[wire.CourierHears, wire.CourierSays](keeper, c.born); err != nil {
		return errors.Join(fmt.Errorf("greeting the keeper: %w", err), keeper.Close(), c.box.close())
	}
	c.stand(c.topics.describe, c.about)
	c.stand(c.topics.state, c.stateNow("init"))
	return c.run(ctx)
}

func assemble(ctx context.Context, brief room.Courier, log *slog.Logger, ready func()) (*courier, error) {
	topics, err := newTopics(brief.Site, brief.Device)
	if err != nil {
		return nil, err
	}
	road, err := newRoad(brief)
	if err != nil {
		return nil, err
	}
	if road.bare() {
		log.Warn("the way to the broker is not encrypted: everybody on the network can read events and send requests; use ssl://",
			slog.String("broker", road.address))
	}
	var draw [8]byte
	if _, err := rand.Read(draw[:]); err != nil {
		return nil, fmt.Errorf("drawing a boot id: %w", err)
	}
	box, err := openOutbox(brief.Folder, outboxMost, log)
	if err != nil {
		return nil, err
	}
	c := &courier{
		topics: topics, boot: hex.EncodeToString(draw[:]), log: log, now: time.Now, box: box, tray: newTray(), note: newNotary(brief.Device),
		about:  newDescription(brief),
		intake: make(chan event, intakeLen), health: vitals{version: brief.Version},
	}
	c.desk = newDesk(c.now, c.ask, c.answer)
	c.link = &link{
		road: road, topics: topics, user: brief.User, password: brief.Password, tray: c.tray, box: box, log: log, now: c.now,
		will: c.stateNow("lost"), bye: c.stateNow("disconnected"), orders: make(chan order, ordersLen), linked: c.linked(ready),
	}
	return c, nil
}

// run starts the four goroutines and waits for all. Whoever ends first ends the others.
func (c *courier) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { c.conn.Close() }) // wakes the hearing goroutine
	defer stop()
	var wg sync.WaitGroup
	start := func(part func() error) {
		wg.Go(func() { cancel(part()) })
	}
	start(func() error {
		err := c.hear()
		cancel(err) // before store ends for want of words, which is no reason
		close(c.intake)
		return err
	})
	start(func() error {
		err := c.store()
		cancel(err)
		for range c.intake { // after a fault: hear must not wait for a reader that has gone
		}
		return err
	})
	start(func() error { return c.link.run(ctx) })
	start(func() error { return c.serve(ctx) })
	wg.Wait()
	err := c.box.close()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// hear takes the keeper's words, one after the other. It waits for the disk and never for the network, so a broker
// that is away does not hold up the keeper.
func (c *courier) hear() error {
	for {
		w, err := c.conn.Hear()
		if errors.Is(err, io.EOF) {
			return errors.New("the keeper has gone")
		}
		if err != nil {
			return fmt.Errorf("hearing the keeper: %w", err)
		}
		switch w := w.(type) {
		case *wire.Decided:
			c.intake <- c.numbered(decided(w))
		case *wire.Happened:
			c.intake <- c.numbered(happened(w))
		case *wire.Head:
			c.head(w)
		case *wire.Status:
			c.status(w)
		case *wire.Answered:
			c.desk.answered(w)
		}
	}
}

func (c *courier) numbered(e event) event {
	c.seq++
	e.ID = fmt.Sprintf("%s-%s-%d", c.topics.device, c.boot, c.seq)
	return e
}

// store writes events to the outbox, as many at once as are waiting, and then lets them out live. It goes on until
// hear has ended and everything heard is on disk.
func (c *courier) store() error {
	for e := range c.intake {
		batch := [][]byte{e.encode()}
		for len(batch) < storeAtOnce && len(c.intake) > 0 {
			e, ok := <-c.intake
			if !ok {
				break
			}
			batch = append(batch, e.encode())
		}
		err := c.box.add(batch)
		if errors.Is(err, errDamaged) {
			return err
		}
		if err != nil {
			c.log.Error("events are not kept and will be missing from the feed; free some space on the disk",
				slog.Int("events", len(batch)), slog.String("why", err.Error()))
		}
		for _, b := range batch {
			c.tray.loose(c.topics.live, b)
		}
	}
	return context.Canceled
}

// serve reads requests and keeps the clock of the two things that wait: requests for an answer, and the heartbeat.
func (c *courier) serve(ctx context.Context) error {
	second, beat := time.NewTicker(time.Second), time.NewTicker(heartbeat)
	defer second.Stop()
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Canceled
		case o := <-c.link.orders:
			if err := c.desk.take(o.payload, o.retained); err != nil {
				return err
			}
		case <-second.C:
			c.desk.tick()
		case <-beat.C:
			c.beat()
		}
	}
}

func (c *courier) ask(w *wire.Asked) error {
	if err := c.conn.SayWithin(w, keeperPatience); err != nil {
		return fmt.Errorf("handing a request to the keeper: %w", err)
	}
	return nil
}

func (c *courier) answer(client string, a answer) { c.tray.answer(c.topics.res+client, encode(a)) }

// born is called when the keeper has begun a new life: it must hear again what it cannot know.
func (c *courier) born() {
	if err := c.conn.SayWithin(&wire.Linked{Up: c.link.up.Load()}, keeperPatience); err != nil {
		c.log.Warn("the keeper was not told about the broker", slog.String("why", err.Error()))
	}
}

func (c *courier) linked(ready func()) func(bool) error {
	var once sync.Once
	return func(up bool) error {
		if up {
			once.Do(ready)
		}
		if err := c.conn.SayWithin(&wire.Linked{Up: up}, keeperPatience); err != nil {
			return fmt.Errorf("telling the keeper about the broker: %w", err)
		}
		return nil
	}
}
