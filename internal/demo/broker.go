package demo

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// root is where this device speaks.
const root = "edged/v1/demo/demo-door/"

// broker is a real MQTT broker inside this program, and an operator who listens to everything on it.
type broker struct {
	address  string
	server   *mochi.Server
	operator paho.Client

	mu    sync.Mutex
	heard []message
	more  chan struct{}
}

type message struct {
	topic string
	body  []byte
}

func openBroker(string) (*broker, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	b := &broker{address: address, more: make(chan struct{})}
	return b, b.start()
}

func (b *broker) start() error {
	b.server = mochi.New(&mochi.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := b.server.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if err := b.server.AddListener(listeners.NewTCP(listeners.Config{ID: "demo", Address: b.address})); err != nil {
		return err
	}
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("the embedded broker: %w", err)
	}
	o := paho.NewClientOptions().AddBroker("tcp://" + b.address).SetClientID("operator").SetOrderMatters(false).
		SetAutoReconnect(false).SetConnectTimeout(3 * time.Second)
	b.operator = paho.NewClient(o)
	if t := b.operator.Connect(); !t.WaitTimeout(5*time.Second) || t.Error() != nil {
		return fmt.Errorf("the operator cannot connect: %v", t.Error())
	}
	t := b.operator.Subscribe("#", 1, func(_ paho.Client, m paho.Message) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.heard = append(b.heard, message{m.Topic(), bytes.Clone(m.Payload())})
		close(b.more)
		b.more = make(chan struct{})
	})
	if !t.WaitTimeout(5*time.Second) || t.Error() != nil {
		return fmt.Errorf("the operator cannot listen: %v", t.Error())
	}
	return nil
}

// publish sends one message as the operator.
func (b *broker) publish(topic string, body []byte) error {
	t := b.operator.Publish(topic, 1, false, body)
	if !t.WaitTimeout(5 * time.Second) {
		return fmt.Errorf("the broker does not answer")
	}
	return t.Error()
}

func (b *broker) mark() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.heard) }

// wait waits for a message after a mark.
func (b *broker) wait(from int, d time.Duration, want func(message) bool) (message, error) {
	late := time.NewTimer(d)
	defer late.Stop()
	for i := from; ; {
		b.mu.Lock()
		heard, more := b.heard, b.more
		b.mu.Unlock()
		for ; i < len(heard); i++ {
			if want(heard[i]) {
				return heard[i], nil
			}
		}
		select {
		case <-more:
		case <-late.C:
			return message{}, fmt.Errorf("the broker heard nothing of the kind within %s", d)
		}
	}
}

// everything is all bytes that ever left by MQTT.
func (b *broker) everything() (out []byte, messages int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.heard {
		out = append(append(append(out, m.topic...), '\n'), m.body...)
	}
	return out, len(b.heard)
}

func (b *broker) close() {
	if b.operator != nil {
		b.operator.Disconnect(100)
	}
	if b.server != nil {
		b.server.Close()
	}
}
