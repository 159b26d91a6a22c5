package courier_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestADeviceDescribesItselfAndSaysWhatHappens(t *testing.T) {
	_, broker := embedded(t)
	pub, priv, _ := ed25519.GenerateKey(rand.Reader)
	vkey, _ := note.NewEd25519VerifierKey("edged/door-1", pub)
	b := brief(t, broker)
	f := fleetAt(t, broker)
	r := start(t, b)
	eventually(t, "the keeper hears that the broker is reached", r.linked)
	eventually(t, "init before the keeper has spoken", func() bool { return f.last("state")["state"] == "init" })

	r.mu.Lock()
	r.up = false
	r.mu.Unlock()
	r.Say(&wire.Hello{}) // a keeper that has been started anew knows nothing
	eventually(t, "a new keeper hears it too", r.linked)

	r.Say(&wire.Status{Face: wire.FaceOn, Open: true, Enrolled: 3, People: 5, Camera: wire.CameraSeeing, Keys: wire.TierTPM, UptimeS: 9, Late: 2})
	eventually(t, "ready", func() bool { return f.last("state")["state"] == "ready" })
	eventually(t, "unlocked", func() bool { return f.last("door/1")["state"] == "unlocked" })
	eventually(t, "health", func() bool {
		h := f.last("health")
		return h["face"] == "on" && h["keys"] == "tpm" && h["enrolled"] == 3. && h["people"] == 5. && h["erasures_late"] == 2.
	})
	r.Say(&wire.Status{Face: wire.FaceOn})
	eventually(t, "locked", func() bool { return f.last("door/1")["state"] == "locked" })
	if d := f.last("describe"); d["device"] != "door-1" || d["site"] != "home" || d["version"] != "test-1" {
		t.Errorf("described as %v", d)
	}

	root := make([]byte, 32)
	sig := ed25519.Sign(priv, fmt.Appendf(nil, "edged/door-1\n7\n%s\n", base64.StdEncoding.EncodeToString(root)))
	h := &wire.Head{Size: 7}
	copy(h.R[:], sig[:32])
	copy(h.S[:], sig[32:])
	copy(h.Key[:], pub)
	r.Say(h)
	eventually(t, "the head", func() bool { return len(f.on("audit/head")) > 0 })
	verifier, _ := note.NewVerifier(vkey)
	if _, err := note.Open([]byte(f.on("audit/head")[0]), note.VerifierList(verifier)); err != nil {
		t.Error(err)
	}
	eventually(t, "the public key", func() bool { return f.last("describe")["audit_key"] == vkey })
	r.Say(&wire.Head{Size: 8}) // signed by nobody

	r.Say(&wire.Decided{Index: 5, At: noon.UnixMilli(), Trusted: true, Door: 1, Method: wire.MethodPIN, Outcome: wire.Denied,
		Reason: wire.ReasonWrongPIN, Who: wire.Pseudonym{0xab}})
	r.Say(&wire.Happened{Index: 6, At: noon.UnixMilli() + 1, Kind: wire.KindErased, Reason: wire.ReasonPersonAsked})
	eventually(t, "two events live and two on the feed", func() bool { return len(f.on("evt/live")) == 2 && len(f.on("evt/feed")) == 2 })
	boot := f.last("state")["boot"]
	want := []string{
		fmt.Sprintf(`{"schema":1,"id":"door-1-%s-1","index":5,"code":"DOR003W","event":"decision","time":"2026-01-01T00:00:00.000Z","time_trusted":true,"door":1,"method":"pin","result":"denied","reason":"wrong-pin","who":"ab000000000000000000000000000000"}`, boot),
		fmt.Sprintf(`{"schema":1,"id":"door-1-%s-2","index":6,"code":"ERA001I","event":"erased","time":"2026-01-01T00:00:00.001Z","time_trusted":false,"reason":"person-asked"}`, boot),
	}
	for _, topic := range []string{"evt/live", "evt/feed"} {
		if got := f.on(topic); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", topic, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if n := len(f.on("audit/head")); n != 1 {
		t.Errorf("%d heads are published, one of them signed by nobody", n)
	}
	r.stop(t)
	eventually(t, "disconnected, said in order", func() bool { return f.last("state")["state"] == "disconnected" })
}

func TestRequestsAreAnsweredAndOnlyGoodOnesReachTheKeeper(t *testing.T) {
	_, broker := embedded(t)
	f := fleetAt(t, broker)
	f.request(t, fresh(99, "open", ""), true) // left lying at the broker before the device comes
	r := start(t, brief(t, broker))
	eventually(t, "the broker is reached", r.linked)
	eventually(t, "the retained request is refused", func() bool { return f.last("cmd/res/fleet")["reason"] == "retained" })

	r.mu.Lock()
	r.reply = func(w *wire.Asked) *wire.Answered {
		if w.Ask == wire.AskStatus {
			return &wire.Answered{ID: w.ID, Outcome: wire.Done}
		}
		return &wire.Answered{ID: w.ID, Outcome: wire.Rejected, Reason: wire.ReasonNoConsent, Index: 17}
	}
	r.mu.Unlock()
	said := func(words ...string) func() bool {
		return func() bool {
			for _, p := range f.on("cmd/res/fleet") {
				all := true
				for _, w := range words {
					all = all && strings.Contains(p, `"`+w+`"`)
				}
				if all {
					return true
				}
			}
			return false
		}
	}
	id := func(i int) string { return fmt.Sprintf("%032x", i) }
	f.request(t, fresh(1, "status", ""), false)
	eventually(t, "accepted", said(id(1), "accepted", "none"))
	eventually(t, "done", said(id(1), "done", "none"))
	f.request(t, fresh(1, "status", ""), false)
	eventually(t, "duplicate", said(id(1), "rejected", "duplicate"))
	f.request(t, fresh(2, "export", `,"who":"`+someID+`","recipient":"police"`), false)
	eventually(t, "no consent", said(id(2), "rejected", "no-consent"))
	f.request(t, fresh(3, "export", `,"who":"`+someID+`","recipient":"`+strings.Repeat("x", 5000)+`"`), false)
	eventually(t, "too large", said("rejected", "too-large"))
	f.request(t, fresh(4, "wipe", ""), false)
	eventually(t, "unknown act", said(id(4), "rejected", "unknown-act"))
	f.request(t, strings.Replace(fresh(5, "open", ""), `"exp":`, `"exp":1,"x":`, 1), false)
	eventually(t, "unknown field", said(id(5), "rejected", "unknown-field"))
	f.request(t, strings.NewReplacer(fmt.Sprint(time.Now().Unix())[:5], "17000").Replace(fresh(6, "open", "")), false)
	eventually(t, "too late", said(id(6), "expired", "too-late"))
	f.request(t, strings.Repeat("rubbish", 50_000), false) // wider than any packet; the session must live on
	f.request(t, fresh(7, "status", ""), false)
	eventually(t, "done after rubbish", said(id(7), "done"))
	if r.said.has("trying again") {
		t.Error("the session broke")
	}
	var asks []wire.Ask
	for _, a := range r.heard() {
		asks = append(asks, a.Ask)
	}
	if want := []wire.Ask{wire.AskStatus, wire.AskExport, wire.AskStatus}; !reflect.DeepEqual(asks, want) {
		t.Errorf("the keeper was asked %v, want %v", asks, want)
	}
	for _, m := range f.all {
		if strings.HasPrefix(m.Topic(), root+"cmd/res/") && m.Topic() != root+"cmd/res/fleet" {
			t.Errorf("an answer went to %s", m.Topic())
		}
	}
}

func TestABrokerThatAcceptsAndIsSilentHoldsNothingUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	came := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			came <- c
		}
	}()
	before := runtime.NumGoroutine()
	r := start(t, brief(t, "tcp://"+l.Addr().String()))
	c := <-came
	defer c.Close()
	r.decide(t, 0, 1000) // would block here if the keeper had to wait for the network
	r.stop(t)
	c.SetReadDeadline(time.Now().Add(5 * time.Second)) // the handshake alone would go on for ten
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection outlives the courier: %v", err)
	}
	if r.linked() {
		t.Error("the keeper was told that the broker is reached")
	}
	r.Close()
	eventually(t, "every goroutine has ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestABrokerThatDropsEverybodyIsNotHammeredAndTheLogSaysWhatItMayBe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var came []time.Time
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came = append(came, time.Now())
			c.Read(make([]byte, 1024))
			c.Write([]byte{0x20, 2, 0, 0}) // accepted
			c.Read(make([]byte, 1024))     // the subscription
			c.Close()
		}
	}()
	r := start(t, brief(t, "tcp://"+l.Addr().String()))
	eventually(t, "a line about another client", func() bool { return r.said.has("another client may use the same id") })
	r.stop(t)
	l.Close()
	<-done
	if n := len(came); n < 3 || n > 4 {
		t.Errorf("%d connections", n)
	}
	for i := 1; i < len(came); i++ {
		if least := 500 * time.Millisecond << (i - 1); came[i].Sub(came[i-1]) < least {
			t.Errorf("connection %d came %v after the one before, at least %v was due", i, came[i].Sub(came[i-1]), least)
		}
	}
}

func TestTheRoomRunsFromItsBrief(t *testing.T) {
	_, broker := embedded(t)
	ours, theirs := pair(t)
	text := fmt.Sprintf(`{"Site":"home","Device":"door-1","Broker":%q,"Folder":%q}`, broker, t.TempDir())
	r, err := room.New(quiet(), []byte(text), map[string]*os.File{"keeper": theirs})
	if err != nil {
		t.Fatal(err)
	}
	k := newKeeper(t, ours)
	ended := make(chan error, 1)
	go func() { ended <- courier.Run(t.Context(), r) }()
	eventually(t, "the broker is reached", k.linked)
	k.Close()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "keeper has gone") {
		t.Errorf("ended with %v", err)
	}
}

func TestABadBriefIsRefusedWithTheReason(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*room.Courier)
		want   string
	}{
		"a site with a slash":     {func(b *room.Courier) { b.Site = "a/b" }, `site "a/b"`},
		"a device with wildcards": {func(b *room.Courier) { b.Device = "+" }, `device "+"`},
		"no broker":               {func(b *room.Courier) { b.Broker = "" }, "broker"},
		"no folder":               {func(b *room.Courier) { b.Folder = filepath.Join(b.Folder, "x") }, "outbox"},
	} {
		t.Run(name, func(t *testing.T) {
			b := brief(t, "tcp://127.0.0.1:1")
			tt.change(&b)
			_, theirs := pair(t)
			err := courier.Carry(t.Context(), b, theirs, quiet(), func() {})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
