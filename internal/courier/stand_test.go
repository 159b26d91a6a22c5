package courier_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	mochipackets "github.com/mochi-mqtt/server/v2/packets"
	"golang.org/x/sys/unix"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

const root = "edged/v1/home/door-1/"

// The patience of every test: far more than anything takes, so that only a fault uses it up.
const patience = 40 * time.Second

// eventually polls until ok, or fails.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// pair is the two ends of a wire.
func pair(t testing.TB) (a, b *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fds[0]), "keeper's end"), os.NewFile(uintptr(fds[1]), "courier's end")
}

// A keeper is the other end of the courier's wire. It answers what it is asked.
type keeper struct {
	*wire.Conn[wire.CourierSays, wire.CourierHears]
	mu    sync.Mutex
	up    bool
	asked []wire.Asked
	reply func(*wire.Asked) *wire.Answered
}

func newKeeper(t testing.TB, f *os.File) *keeper {
	t.Helper()
	conn, err := wire.Open[wire.CourierSays, wire.CourierHears](f, nil)
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{Conn: conn, reply: func(w *wire.Asked) *wire.Answered {
		return &wire.Answered{ID: w.ID, Outcome: wire.Rejected, Reason: wire.ReasonNotSigned, Index: 42}
	}}
	var wg sync.WaitGroup
	wg.Go(k.listen)
	t.Cleanup(func() { conn.Close(); wg.Wait() })
	return k
}

func (k *keeper) listen() {
	for {
		w, err := k.Hear()
		if err != nil {
			return
		}
		k.mu.Lock()
		var answer *wire.Answered
		switch w := w.(type) {
		case *wire.Linked:
			k.up = w.Up
		case *wire.Asked:
			k.asked = append(k.asked, *w)
			answer = k.reply(w)
		}
		k.mu.Unlock()
		if answer != nil {
			k.Say(answer)
		}
	}
}

func (k *keeper) linked() bool { k.mu.Lock(); defer k.mu.Unlock(); return k.up }
func (k *keeper) heard() []wire.Asked {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]wire.Asked(nil), k.asked...)
}

func (k *keeper) decide(t testing.TB, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := k.Say(&wire.Decided{Index: uint64(i), At: noon.UnixMilli(), Trusted: true, Door: 1, Method: wire.MethodFace, Outcome: wire.Granted}); err != nil {
			t.Fatal(err)
		}
	}
}

// A running is a courier in this process.
type running struct {
	*keeper
	cancel context.CancelFunc
	ended  chan error
	said   *lines
}

// lines collects a log.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.b.String(), s)
}

func start(t testing.TB, brief room.Courier) *running {
	t.Helper()
	ours, theirs := pair(t)
	r := &running{ended: make(chan error, 1), said: &lines{}}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	log := slog.New(slog.NewTextHandler(r.said, nil))
	go func() { r.ended <- courier.Carry(ctx, brief, theirs, log, func() {}) }()
	r.keeper = newKeeper(t, ours)
	t.Cleanup(func() { r.stop(t) })
	return r
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	r.cancel()
	select {
	case err := <-r.ended:
		r.ended <- err
		if err != nil {
			t.Errorf("the courier ended with: %v", err)
		}
	case <-time.After(patience):
		t.Error("the courier does not stop")
	}
}

func brief(t testing.TB, broker string) room.Courier {
	return room.Courier{Site: "home", Device: "door-1", Broker: broker, Folder: t.TempDir(), Version: "test-1"}
}

// An openHouse lets everybody in: mochi's own, in hooks/auth, comes with a YAML library.
type openHouse struct{ mochi.HookBase }

func (*openHouse) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (*openHouse) OnConnectAuthenticate(*mochi.Client, mochipackets.Packet) bool { return true }

func (*openHouse) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// embedded starts a broker in this process.
func embedded(t testing.TB) (*mochi.Server, string) {
	t.Helper()
	s := mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	if err := s.AddHook(new(openHouse), nil); err != nil {
		t.Fatal(err)
	}
	l := listeners.NewTCP(listeners.Config{ID: "t", Address: "127.0.0.1:0"})
	if err := s.AddListener(l); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, "tcp://" + l.Address()
}

// A fleet is a client that hears everything a site says.
type fleet struct {
	mqtt.Client
	mu  sync.Mutex
	all []mqtt.Message
}

func newFleet(t testing.TB, options *mqtt.ClientOptions) *fleet {
	t.Helper()
	f := &fleet{}
	options.SetOrderMatters(true).SetAutoReconnect(true).SetMaxReconnectInterval(time.Second).SetConnectTimeout(5 * time.Second)
	heard := make(chan bool, 100)
	options.SetOnConnectHandler(func(c mqtt.Client) {
		s := c.Subscribe("edged/v1/#", 1, func(_ mqtt.Client, m mqtt.Message) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.all = append(f.all, m)
		})
		s.WaitTimeout(patience)
		heard <- true
	})
	f.Client = mqtt.NewClient(options)
	t.Cleanup(func() { f.Disconnect(100) })
	if c := f.Connect(); !c.WaitTimeout(patience) || c.Error() != nil {
		t.Fatalf("the fleet cannot connect: %v", c.Error())
	}
	<-heard
	return f
}

func fleetAt(t testing.TB, broker string) *fleet {
	return newFleet(t, mqtt.NewClientOptions().AddBroker(broker).SetClientID("fleet"))
}

// on is every payload so far on a topic below root.
func (f *fleet) on(topic string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, m := range f.all {
		if m.Topic() == root+topic {
			out = append(out, string(m.Payload()))
		}
	}
	return out
}

// last is the last payload on a topic, as fields.
func (f *fleet) last(topic string) map[string]any {
	all := f.on(topic)
	var fields map[string]any
	if len(all) > 0 {
		json.Unmarshal([]byte(all[len(all)-1]), &fields)
	}
	return fields
}

func (f *fleet) request(t testing.TB, text string, retained bool) {
	t.Helper()
	if p := f.Publish(root+"cmd", 1, retained, text); !p.WaitTimeout(patience) || p.Error() != nil {
		t.Fatalf("sending a request: %v", p.Error())
	}
}

// indices is the events on the feed in order, each id once.
func (f *fleet) indices(t testing.TB) []int {
	t.Helper()
	var out []int
	seen := map[string]bool{}
	for _, p := range f.on("evt/feed") {
		var e struct {
			ID    string
			Index int
		}
		if err := json.Unmarshal([]byte(p), &e); err != nil {
			t.Fatal(err)
		}
		if !seen[e.ID] {
			seen[e.ID] = true
			out = append(out, e.Index)
		}
	}
	return out
}

func inOrder(from, to int) string {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return fmt.Sprint(out)
}

// fresh is a request made now.
func fresh(id int, act string, more string) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"v":1,"id":"%032x","act":%q,"client":"fleet","iat":%d,"exp":%d%s}`, id, act, now, now+30, more)
}

// freePort is a port that nobody listens on now.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
