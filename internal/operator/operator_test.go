package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/operator"
	"example.org/edged/internal/wire"
)

// broker starts a real MQTT broker.
func broker(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := mochi.New(&mochi.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.AddListener(listeners.NewNet("test", l)); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return "tcp://" + l.Addr().String()
}

// device answers every request as the courier does: first accepted, then the answer.
func device(t *testing.T, broker, answer string) paho.Client {
	t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker(broker).SetClientID("device").SetOrderMatters(false))
	if k := c.Connect(); !k.WaitTimeout(5*time.Second) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	t.Cleanup(func() { c.Disconnect(50) })
	k := c.Subscribe("edged/v1/home/door-1/cmd", 1, func(c paho.Client, m paho.Message) {
		var ask struct{ ID, Client, Act string }
		if err := json.Unmarshal(m.Payload(), &ask); err != nil || len(ask.ID) != 32 || ask.Act == "" {
			t.Errorf("asked %s", m.Payload())
		}
		for _, a := range []string{`"status":"accepted"`, answer} {
			c.Publish("edged/v1/home/door-1/cmd/res/"+ask.Client, 1, false, fmt.Sprintf(`{"schema":1,"id":%q,%s}`, ask.ID, a)).Wait()
		}
	})
	if !k.WaitTimeout(5*time.Second) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	return c
}

func run(t *testing.T, args ...string) (code int, out, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	code = operator.Main(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// The exit code is the device's answer: done is 0, anything else is 1, and "accepted" is not an answer.
func TestTheExitCodeIsTheDevicesAnswer(t *testing.T) {
	for answer, want := range map[string]int{
		`"status":"done","reason":"none","index":5`:           0,
		`"status":"rejected","reason":"not-signed","index":5`: 1,
		`"status":"expired"`:                                  1,
	} {
		b := broker(t)
		device(t, b, answer)
		code, out, stderr := run(t, "ask", "status", "--broker", b, "--site", "home", "--device", "door-1")
		if code != want || strings.Count(out, "\n") != 2 || !strings.Contains(out, answer) || stderr != "" {
			t.Errorf("%s: exit code %d, not %d; it said %q %q", answer, code, want, out, stderr)
		}
	}
}

// lines is a writer that somebody waits for.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func TestWatchPrintsWhatOneDeviceSays(t *testing.T) {
	b := broker(t)
	d := device(t, b, `"status":"done"`)
	ctx, cancel := context.WithCancel(t.Context())
	var out lines
	ended := make(chan int, 1)
	go func() {
		ended <- operator.Main(ctx, []string{"watch", "--broker", b, "--site", "home", "--device", "door-1"}, &out, io.Discard)
	}()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(out.String(), "hello") && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		d.Publish("edged/v1/home/door-2/state", 1, false, "another").Wait()
		d.Publish("edged/v1/home/door-1/state", 1, false, "hello").Wait()
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("Ctrl-C: exit code %d", code)
	}
	if got := out.String(); !strings.HasPrefix(got, "edged/v1/home/door-1/state\thello\n") || strings.Contains(got, "another") {
		t.Errorf("it printed %q", got)
	}
}

func TestVerifyNeedsNothingButThePublicKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	log, err := audit.Open(dir, "edged/door-1", [32]byte{1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := log.Append(audit.Entry{Kind: wire.KindDecision, Outcome: wire.Granted}); err != nil {
			t.Fatal(err)
		}
	}
	key := log.PublicKey()
	log.Close()
	if code, out, _ := run(t, "verify", dir, "--key", key); code != 0 || !strings.Contains(out, "3 entries") {
		t.Errorf("a true log: %d %q", code, out)
	}
	if code, out, _ := run(t, "verify", dir, "--key", key[:len(key)-4]+"AAAA"); code != 1 || !strings.Contains(out, "does not verify") {
		t.Errorf("another key: %d %q", code, out)
	}
	entries, err := filepath.Glob(filepath.Join(dir, "tile", "entries", "*"))
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	b, err := os.ReadFile(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(entries[0], bytes.Replace(b, []byte("granted"), []byte("grantee"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := run(t, "verify", dir, "--key", key); code != 1 || !strings.Contains(out, "does not verify: ") {
		t.Errorf("a changed log: %d %q", code, out)
	}
}

func TestWhatCannotBeReachedIsOneSentence(t *testing.T) {
	for _, args := range [][]string{
		{"watch", "--broker", "tcp://127.0.0.1:9"},
		{"ask", "status", "--broker", "tcp://127.0.0.1:9", "--site", "a", "--device", "b"},
	} {
		code, out, stderr := run(t, args...)
		if code != 70 || out != "" || !strings.HasPrefix(stderr, "edgectl: connecting to tcp://127.0.0.1:9") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: %d %q %q", args, code, out, stderr)
		}
	}
}
