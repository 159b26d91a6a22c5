package courier_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"crypto/ed25519"
	"crypto/rand"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"golang.org/x/mod/sumdb/note"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// words counts the values of a closed set: those that have a word.
func words(word func(uint8) string) (n int) {
	defer func() { _ = recover() }()
	for ; n < 256; n++ {
		word(uint8(n))
	}
	return n
}

func outcomes() int { return words(func(u uint8) string { return wire.Outcome(u).String() }) }
func kinds() int    { return words(func(u uint8) string { return wire.Kind(u).String() }) }

func TestEveryOutcomeAndEveryKindHasACodeOfItsOwnThatTheDocumentExplains(t *testing.T) {
	doc := readDoc(t)
	form := regexp.MustCompile(`^[A-Z]{3}[0-9]{3}[IWE]$`)
	seen := map[string]string{courier.Unlisted: "the code of forgotten words"}
	check := func(code, event, result string) {
		if !form.MatchString(code) || seen[code] != "" {
			t.Errorf("%s %s has the code %s, like %q", event, result, code, seen[code])
		}
		seen[code] = event + " " + result
		row := strings.TrimRight(fmt.Sprintf("| %s | %s | %s", code, event, result), " ")
		if !strings.Contains(doc, row) {
			t.Errorf("docs/mqtt.md has no line %q", row)
		}
	}
	for i := range outcomes() {
		check(courier.CodeOfDecision(wire.Outcome(i)), "decision", wire.Outcome(i).String())
	}
	for i := range kinds() {
		k := wire.Kind(i)
		if k == wire.KindDecision {
			check(courier.CodeOfKind(k), "decision", "(of another kind)")
			continue
		}
		check(courier.CodeOfKind(k), k.String(), "")
	}
}

func TestTheHeadIsANoteThatStockToolsVerify(t *testing.T) {
	pub, priv, _ := ed25519.GenerateKey(rand.Reader)
	vkey, err := note.NewEd25519VerifierKey("edged/door-1", pub)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire.Head{Size: 1 << 40, Root: [32]byte{1, 2, 3}}
	sig := ed25519.Sign(priv, []byte("edged/door-1\n1099511627776\nAQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"))
	copy(w.R[:], sig[:32])
	copy(w.S[:], sig[32:])
	copy(w.Key[:], pub)
	text, key, err := courier.HeadText("door-1", w)
	if err != nil {
		t.Fatal(err)
	}
	if key != vkey {
		t.Errorf("the key is told as %q, not %q", key, vkey)
	}
	verifier, _ := note.NewVerifier(vkey)
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil || !strings.Contains(n.Text, "1099511627776") {
		t.Errorf("%v: %s", err, text)
	}
	w.Size++
	if text, _, err := courier.HeadText("door-1", w); err == nil {
		t.Errorf("a head whose signature is of another size would go out: %s", text)
	}
	w.Size--
	if _, _, err := courier.HeadText("door-2", w); err == nil {
		t.Error("a head of one device goes out as another's")
	}
	w.Key[0] ^= 1
	if _, _, err := courier.HeadText("door-1", w); err == nil {
		t.Error("a head goes out under a key that it does not verify with")
	}
}

func TestShortSessionsSlowTheCourierDownAndALongOneFreesIt(t *testing.T) {
	least := func(int64) int64 { return 0 }
	most := func(n int64) int64 { return n - 1 }
	short, long := 29*time.Second, 30*time.Second
	var lasted []time.Duration
	for range 9 {
		lasted = append(lasted, short)
	}
	lasted = append(lasted, long)
	low, high := courier.Waits(lasted, least), courier.Waits(lasted, most)
	want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60, 1}
	for i, w := range want {
		if w *= time.Second; low[i] != w/2 || high[i] >= w || high[i] < w-time.Microsecond {
			t.Errorf("wait %d is from %v to %v, want from %v to just under %v", i, low[i], high[i], w/2, w)
		}
	}
}

func TestTheWayToTheBrokerIsStatedExactly(t *testing.T) {
	folder := t.TempDir()
	rubbish := filepath.Join(folder, "rubbish.pem")
	os.WriteFile(rubbish, []byte("-----BEGIN NOTHING-----"), 0o600)
	absent := filepath.Join(folder, "absent.pem")
	tests := []struct {
		name  string
		brief room.Courier
		fault string // part of the error; empty for none
		open  bool
	}{
		{"plain on this machine", room.Courier{Broker: "tcp://127.0.0.1:1883"}, "", false},
		{"plain on this machine by name", room.Courier{Broker: "tcp://localhost:1883"}, "", false},
		{"plain on this machine, IPv6", room.Courier{Broker: "tcp://[::1]:1883"}, "", false},
		{"plain over the network", room.Courier{Broker: "tcp://192.0.2.1:1883"}, "", true},
		{"plain to a name that looks local", room.Courier{Broker: "tcp://127.0.0.1.example.org:1883"}, "", true},
		{"encrypted with the system's authorities", room.Courier{Broker: "ssl://broker.example.org:8883"}, "", false},
		{"nothing", room.Courier{}, "write tcp://", false},
		{"no port, which means the usual one", room.Courier{Broker: "mqtts://broker"}, "", false},
		{"plain by its other name", room.Courier{Broker: "mqtt://192.0.2.1"}, "", true},
		{"a path", room.Courier{Broker: "tcp://broker:1883/x"}, "write tcp://", false},
		{"a query", room.Courier{Broker: "tcp://broker:1883?x=1"}, "write tcp://", false},
		{"no host", room.Courier{Broker: "ssl://:8883"}, "write tcp://", false},
		{"another protocol", room.Courier{Broker: "ws://broker:80"}, "write tcp://", false},
		{"a socket on disk", room.Courier{Broker: "unix:///run/x:1"}, "write tcp://", false},
		{"a password in the address", room.Courier{Broker: "tcp://me:secret@broker:1883"}, "user and password", false},
		{"a password in a broken address", room.Courier{Broker: "me:secret@broker"}, "user and password", false},
		{"certificates without encryption", room.Courier{Broker: "tcp://broker:1883", CA: rubbish}, "write ssl://broker:1883", false},
		{"an authority that is not there", room.Courier{Broker: "ssl://broker:8883", CA: absent}, absent, false},
		{"an authority that is none", room.Courier{Broker: "ssl://broker:8883", CA: rubbish}, rubbish, false},
		{"a certificate without a key", room.Courier{Broker: "ssl://broker:8883", Cert: rubbish}, "together", false},
		{"a certificate that is none", room.Courier{Broker: "ssl://broker:8883", Cert: rubbish, Key: rubbish}, rubbish, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			open, err := courier.Road(tt.brief)
			if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("error %v, want %q", err, tt.fault)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in the error: %v", err)
			}
			if open != tt.open {
				t.Errorf("not encrypted: %v, want %v", open, tt.open)
			}
		})
	}
}

// A source is a connection that only reads.
type source struct {
	net.Conn
	r io.Reader
}

func (s source) Read(p []byte) (int, error) { return s.r.Read(p) }

func publishOf(t testing.TB, size int) []byte {
	t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Qos, p.MessageID, p.Payload = "edged/v1/site/door/cmd", 1, 7, bytes.Repeat([]byte("x"), size)
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPacketsOfOrdinaryWidthPassUnchanged(t *testing.T) {
	var all []byte
	for _, size := range []int{0, 1, 100, 127, 128, 16_300, 16_400, courier.Widest - 30} {
		all = append(all, publishOf(t, size)...)
		all = append(all, 0xd0, 0) // a ping's answer
	}
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(all), "byte by byte": iotest.OneByteReader(bytes.NewReader(all)),
	} {
		got, err := io.ReadAll(courier.Gauge(source{r: r}))
		if err != nil || !bytes.Equal(got, all) {
			t.Errorf("%s: %d of %d bytes, %v", name, len(got), len(all), err)
		}
	}
}

func TestAPublishThatIsTooWideIsCutAndTheSessionGoesOn(t *testing.T) {
	stream := append(publishOf(t, 3<<20), publishOf(t, 5)...)
	g := courier.Gauge(source{r: bytes.NewReader(stream)})
	for _, want := range []int{courier.Widest - 26, 5} {
		cp, err := packets.ReadPacket(g)
		if err != nil {
			t.Fatal(err)
		}
		p := cp.(*packets.PublishPacket)
		if p.MessageID != 7 || p.TopicName != "edged/v1/site/door/cmd" || len(p.Payload) != want {
			t.Errorf("id %d, topic %s, %d bytes, want %d", p.MessageID, p.TopicName, len(p.Payload), want)
		}
	}
}

func TestAnyOtherPacketThatIsTooWideEndsTheSession(t *testing.T) {
	for name, head := range map[string][]byte{
		"a handshake of 256 MB":              {0x20, 0xff, 0xff, 0xff, 0x7f},
		"a length that does not end":         {0x30, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a subscription's answer of 256 KiB": {0x90, 0x80, 0x80, 0x10},
	} {
		if b, err := io.ReadAll(courier.Gauge(source{r: bytes.NewReader(append(head, make([]byte, 1<<20)...))})); err == nil {
			t.Errorf("%s: %d bytes passed", name, len(b))
		}
	}
}

func FuzzGauge(f *testing.F) {
	f.Add(publishOf(f, 100))
	f.Add([]byte{0x20, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{0x30, 0x80, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := io.ReadAll(courier.Gauge(source{r: bytes.NewReader(b)}))
		if len(got) > len(b) {
			t.Fatalf("%d bytes became %d", len(b), len(got))
		}
	})
}

// readDoc is docs/mqtt.md.
func readDoc(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/mqtt.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// documented is the fields that docs/mqtt.md names under each topic.
func documented(t testing.TB) map[string]map[string]bool {
	t.Helper()
	fields, topics := map[string]map[string]bool{}, []string(nil)
	topic, field := regexp.MustCompile("`([a-z0-9/<>]+)`"), regexp.MustCompile("^\\| `([a-z_]+)` \\|")
	for line := range strings.Lines(readDoc(t)) {
		if strings.HasPrefix(line, "## ") {
			topics = nil
			for _, m := range topic.FindAllStringSubmatch(line, -1) {
				topics = append(topics, strings.TrimSuffix(m[1], "/<client>"))
			}
		}
		if m := field.FindStringSubmatch(line); m != nil {
			for _, name := range topics {
				if fields[name] == nil {
					fields[name] = map[string]bool{}
				}
				fields[name][m[1]] = true
			}
		}
	}
	return fields
}

// strangers lists what is in a payload that docs/mqtt.md does not name, and every number with a fraction.
func strangers(payload []byte, known map[string]bool) (out []string) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return []string{err.Error()}
	}
	whole := regexp.MustCompile(`^-?[0-9]+$`)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case json.Number:
			if !whole.MatchString(v.String()) {
				out = append(out, "number "+v.String())
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			out = append(out, "an object inside a field")
		}
	}
	for name, v := range all {
		if !known[name] {
			out = append(out, "field "+name)
		}
		walk(v)
	}
	return out
}
