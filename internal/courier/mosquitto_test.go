package courier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/room"
)

// A mosquitto is a real broker with a config of its own, that can be killed and started again on the same port.
type mosquitto struct {
	program, config string
	port            int
	cmd             *exec.Cmd
	out             *lines
}

func newMosquitto(t testing.TB, port int, config string) *mosquitto {
	t.Helper()
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			t.Fatal("this machine has no Mosquitto: apt-get install mosquitto (make test does)")
		}
	}
	m := &mosquitto{program: program, config: filepath.Join(t.TempDir(), "mosquitto.conf"), port: port}
	if os.Getuid() == 0 {
		config += "\nuser root\n" // it would give up root, and then cannot read the test's folder
	}
	if err := os.WriteFile(m.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	m.start(t)
	t.Cleanup(m.kill)
	return m
}

func (m *mosquitto) start(t testing.TB) {
	t.Helper()
	m.out = &lines{}
	m.cmd = exec.Command(m.program, "-c", m.config)
	m.cmd.Stdout, m.cmd.Stderr = m.out, m.out
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Mosquitto listens", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.port))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (m *mosquitto) kill() {
	if m.cmd != nil {
		m.cmd.Process.Kill()
		m.cmd.Wait()
		m.cmd = nil
	}
}

func plainMosquitto(t testing.TB) (*mosquitto, string) {
	port := freePort(t)
	return newMosquitto(t, port, fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\n", port)), fmt.Sprintf("tcp://127.0.0.1:%d", port)
}

func TestABrokerKilledAndStartedAgainIsFoundAndMissesNothing(t *testing.T) {
	m, broker := plainMosquitto(t)
	f := fleetAt(t, broker)
	r := start(t, brief(t, broker))
	eventually(t, "the broker is reached", r.linked)
	r.decide(t, 0, 100)
	eventually(t, "the first hundred", func() bool { return len(f.indices(t)) == 100 })

	m.kill()
	eventually(t, "the keeper hears that the broker is gone", func() bool { return !r.linked() })
	r.decide(t, 100, 1100)
	m.start(t)
	eventually(t, "the broker is reached again", r.linked)
	eventually(t, "the fleet is back", f.IsConnectionOpen)
	r.decide(t, 1100, 1200)
	// The broker has lost everything, the fleet's subscription too. What the courier delivered before the fleet was
	// back is gone at the broker, so a fleet that cares keeps a session; here the tail shows that nothing stuck.
	eventually(t, "the last event", func() bool { i := f.indices(t); return len(i) > 100 && i[len(i)-1] == 1199 })
	f.request(t, fresh(1, "status", ""), false)
	eventually(t, "a request is heard after the reconnect", func() bool { return len(f.on("cmd/res/fleet")) == 2 })
	// It has lost what was retained too, and hears it again.
	eventually(t, "the device introduces itself again", func() bool {
		return len(f.on("describe")) > 1 && len(f.on("state")) > 1 && f.last("state")["state"] == "init"
	})
}

func TestWhatHappenedWhileTheBrokerWasDownArrivesOnceAndInOrder(t *testing.T) {
	port := freePort(t)
	broker := fmt.Sprintf("tcp://127.0.0.1:%d", port)
	r := start(t, brief(t, broker))
	r.decide(t, 0, 2500)
	// The fleet's place at the broker comes first, then the broker is opened to the courier: one port at a time.
	folder := t.TempDir()
	conf := "allow_anonymous true\npersistence true\nautosave_on_changes true\nautosave_interval 1\npersistence_location " + folder +
		"/\nmax_queued_messages 100000\n"
	other := freePort(t)
	m := newMosquitto(t, other, fmt.Sprintf("%slistener %d 127.0.0.1\n", conf, other))
	f := newFleet(t, mqtt.NewClientOptions().AddBroker(fmt.Sprintf("tcp://127.0.0.1:%d", other)).AddBroker(broker).
		SetClientID("fleet").SetCleanSession(false))
	eventually(t, "the fleet's session is on the broker's disk", func() bool {
		info, err := os.Stat(filepath.Join(folder, "mosquitto.db"))
		return err == nil && info.Size() > 100
	})
	m.kill()
	m2 := newMosquitto(t, port, fmt.Sprintf("%slistener %d 127.0.0.1\n", conf, port))
	_ = m2
	eventually(t, "every event", func() bool { return len(f.indices(t)) == 2500 })
	if got := fmt.Sprint(f.indices(t)); got != inOrder(0, 2500) {
		t.Errorf("out of order: %s", got)
	}
}

// The next two tests kill a courier, so it is a process of its own: this test program, run again.
const roleVar = "COURIER_TEST_BRIEF"

func TestMain(m *testing.M) {
	text := os.Getenv(roleVar)
	if text == "" {
		os.Exit(m.Run())
	}
	var b room.Courier
	err := json.Unmarshal([]byte(text), &b)
	if err == nil {
		err = courier.Carry(context.Background(), b, os.NewFile(3, "keeper"), slog.New(slog.NewTextHandler(os.Stderr, nil)), func() {})
	}
	fmt.Fprintln(os.Stderr, "courier:", err)
	os.Exit(1)
}

// startProcess starts a courier that can be killed.
func startProcess(t testing.TB, b room.Courier) (*keeper, func()) {
	t.Helper()
	ours, theirs := pair(t)
	text, _ := json.Marshal(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+string(text))
	cmd.ExtraFiles = []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	kill := func() { cmd.Process.Kill(); cmd.Wait() }
	t.Cleanup(kill)
	return newKeeper(t, ours), kill
}

func TestAKilledCourierIsReportedLostByTheBroker(t *testing.T) {
	_, broker := plainMosquitto(t)
	f := fleetAt(t, broker)
	k, kill := startProcess(t, brief(t, broker))
	eventually(t, "the broker is reached", k.linked)
	eventually(t, "init", func() bool { return f.last("state")["state"] == "init" })
	kill()
	eventually(t, "lost", func() bool { return f.last("state")["state"] == "lost" })
	late := newFleet(t, mqtt.NewClientOptions().AddBroker(broker).SetClientID("latecomer"))
	eventually(t, "who comes later hears it too", func() bool { return late.last("state")["state"] == "lost" })
}

func TestAKilledCourierLosesNoEventThatItHadOnDisk(t *testing.T) {
	port := freePort(t)
	broker := fmt.Sprintf("tcp://127.0.0.1:%d", port)
	b := brief(t, broker)
	// An event's bytes can be in the file before its transaction is; those of the next one cannot. So each life says one
	// more event than it is held to.
	onDisk := func(index int) func() bool {
		return func() bool {
			whole, _ := os.ReadFile(filepath.Join(b.Folder, "outbox.db"))
			return bytes.Contains(whole, fmt.Appendf(nil, `"index":%d,`, index))
		}
	}
	for life := range 2 {
		k, kill := startProcess(t, b)
		k.decide(t, 1000*life, 1000*life+700)
		eventually(t, "the last event is on disk", onDisk(1000*life+699))
		k.decide(t, 1000*life+700, 1000*life+701)
		eventually(t, "one more is on disk", onDisk(1000*life+700))
		kill()
	}
	newMosquitto(t, port, fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\n", port))
	f := fleetAt(t, broker)
	k, _ := startProcess(t, b)
	k.decide(t, 2000, 2001)
	eventually(t, "the third life's event", func() bool { i := f.indices(t); return len(i) > 0 && i[len(i)-1] == 2000 })
	var got []int
	for _, i := range f.indices(t) {
		if i%1000 < 700 && i < 2000 {
			got = append(got, i)
		}
	}
	want := strings.TrimSuffix(inOrder(0, 700), "]") + " " + strings.TrimPrefix(inOrder(1000, 1700), "[")
	if fmt.Sprint(got) != want {
		t.Errorf("%d events of 1400, or out of order: %v", len(got), got)
	}
}
