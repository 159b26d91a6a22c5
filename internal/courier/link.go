package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const (
	ordersLen    = 64
	feedWindow   = 32 // events on their way to the broker at once
	ackPatience  = 15 * time.Second
	byePatience  = time.Second
	shortInARow  = 3
	refusedBySub = 0x80 // MQTT 3.1.1, 3.9.3
)

// A link keeps up sessions with the broker, one after the other. Each is a new client with a clean session that
// subscribes anew: nothing is remembered by the library, so nothing can be sent or received twice behind our back.
type link struct {
	road           *road
	topics         topics
	user, password string
	tray           *tray
	box            *outbox
	log            *slog.Logger
	now            func() time.Time
	will, bye      stateReport
	orders         chan order
	linked         func(up bool) error
	up             atomic.Bool
	sessions       atomic.Uint64
	dropped        atomic.Uint64
}

// An order is a request as it came from the broker.
type order struct {
	payload  []byte
	retained bool
}

// errInside is a fault on this side of the network: a new session would not mend it.
type errInside struct{ error }

func (e errInside) Unwrap() error { return e.error }

func (l *link) run(ctx context.Context) error {
	var p pace
	short := 0
	for {
		began := l.now()
		err := l.session(ctx)
		var inside errInside
		if errors.As(err, &inside) || errors.Is(err, errDamaged) {
			return err
		}
		if ctx.Err() != nil {
			return context.Canceled
		}
		lasted := l.now().Sub(began)
		wait := p.after(lasted, rand.Int64N)
		l.log.Warn("no broker; trying again", slog.String("broker", l.road.address), slog.String("why", err.Error()),
			slog.Duration("in", wait.Round(time.Millisecond)))
		if short++; lasted >= steady || !errors.As(err, new(errDropped)) {
			short = 0
		}
		if short == shortInARow {
			l.log.Warn("the broker accepts and then drops us again and again; another client may use the same id",
				slog.String("client", l.topics.client))
		}
		select {
		case <-ctx.Done():
			return context.Canceled
		case <-time.After(wait):
		}
	}
}

// errDropped is the end of a session that had begun.
type errDropped struct{ error }

func (e errDropped) Unwrap() error { return e.error }

// session is one life with the broker, from the handshake to the loss.
func (l *link) session(ctx context.Context) error {
	alive, end := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx by one goodbye
	defer end()
	lost := make(chan error, 1)
	client := mqtt.NewClient(l.options(ctx, alive, lost))
	if err := l.await(ctx, client.Connect(), nil, 2*dialPatience); err != nil {
		end() // before Disconnect, which would wait for a handshake that goes on
		client.Disconnect(250)
		return fmt.Errorf("connecting: %w", err)
	}
	defer client.Disconnect(1000)
	l.tray.renew()
	l.sessions.Add(1)
	err := l.subscribe(ctx, client, lost)
	if err == nil {
		err = l.tell(true)
		l.log.Info("the broker is reached", slog.String("broker", l.road.address))
	}
	if err == nil {
		err = l.serve(ctx, client, lost)
		if ctx.Err() != nil {
			client.Publish(l.topics.state, 1, true, encode(l.bye)).WaitTimeout(byePatience)
		}
		err = errors.Join(err, l.tell(false))
	}
	return errDropped{err}
}

func (l *link) tell(up bool) error {
	l.up.Store(up)
	if err := l.linked(up); err != nil {
		return errInside{err}
	}
	return nil
}

func (l *link) options(ctx, alive context.Context, lost chan<- error) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().AddBroker(l.road.url).SetClientID(l.topics.client).
		SetUsername(l.user).SetPassword(l.password).
		SetProtocolVersion(4).SetCleanSession(true).SetOrderMatters(false).
		SetAutoReconnect(false).SetConnectRetry(false). // run does both, with a pace that counts short sessions too
		SetKeepAlive(30*time.Second).SetPingTimeout(10*time.Second).
		SetConnectTimeout(dialPatience).SetWriteTimeout(10*time.Second).
		SetBinaryWill(l.topics.state, encode(l.will), 1, true).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
			conn, err := l.road.open(ctx)
			if err == nil {
				context.AfterFunc(alive, func() { conn.Close() })
			}
			return conn, err
		}).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
}

func (l *link) subscribe(ctx context.Context, client mqtt.Client, lost <-chan error) error {
	token := client.Subscribe(l.topics.cmd, 1, func(_ mqtt.Client, m mqtt.Message) {
		select {
		case l.orders <- order{payload: m.Payload(), retained: m.Retained()}:
		default:
			l.dropped.Add(1) // a flood; waiting here would stop the connection's pings
		}
	})
	if err := l.await(ctx, token, lost, ackPatience); err != nil {
		return fmt.Errorf("subscribing to %s: %w", l.topics.cmd, err)
	}
	if t, ok := token.(*mqtt.SubscribeToken); ok && t.Result()[l.topics.cmd] == refusedBySub {
		l.log.Warn("the broker does not let us hear requests; check its access rules", slog.String("topic", l.topics.cmd))
	}
	return nil
}

// serve sends what waits, until the session ends.
func (l *link) serve(ctx context.Context, client mqtt.Client, lost <-chan error) error {
	for {
		more, err := l.round(ctx, client, lost)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-lost:
			return err
		case <-l.tray.wake:
		case <-l.box.wake:
		}
	}
}

// round sends the tray and one window of the feed, and waits until the broker has all of it. Events leave the disk
// only then, and in order; after a loss the window is sent again, so a consumer may see an id twice.
func (l *link) round(ctx context.Context, client mqtt.Client, lost <-chan error) (more bool, err error) {
	parcels := l.tray.waiting()
	events, err := l.box.next(feedWindow)
	if err != nil {
		return false, err
	}
	tokens := make([]mqtt.Token, 0, len(parcels)+len(events))
	for _, p := range parcels {
		var qos byte
		if p.kept {
			qos = 1
		}
		tokens = append(tokens, client.Publish(p.topic, qos, p.retain, p.payload))
	}
	for _, e := range events {
		tokens = append(tokens, client.Publish(l.topics.feed, 1, false, e.event))
	}
	for i, t := range tokens {
		if err := l.await(ctx, t, lost, ackPatience); err != nil {
			return false, err
		}
		if i < len(parcels) {
			l.tray.gone(parcels[i])
		}
	}
	if len(events) > 0 {
		err = l.box.done(events[len(events)-1].key)
	}
	return len(tokens) > 0, err
}

// await waits for a token, but never for ever: some tokens of a lost connection are never completed.
func (l *link) await(ctx context.Context, t mqtt.Token, lost <-chan error, most time.Duration) error {
	patience := time.NewTimer(most)
	defer patience.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case err := <-lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return fmt.Errorf("the broker did not answer within %v", most)
	}
}
