package kiosk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/kiosk"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestThePreviewIsOfNowOrNotAtAll(t *testing.T) {
	h := open(t)
	p := h.page(t)
	jpeg := []byte{0xff, 0xd8, 0xff, 0xe0, 'n', 'o', 'w'}
	show := func(b []byte) {
		if err := h.eye.Say(&wire.Preview{JPEG: b}); err != nil {
			t.Fatal(err)
		}
	}
	await := func(want int) []byte { // the wire has no answer to wait for
		for range 500 {
			if status, body := p.get(t, "/preview"); status == want {
				return body
			}
		}
		t.Fatalf("GET /preview never gave %d", want)
		return nil
	}
	await(404)
	show([]byte("<svg onload=alert(1)>")) // no picture, so the one before stays
	show(jpeg)
	if got := await(200); !bytes.Equal(got, jpeg) {
		t.Errorf("the picture came as %q", got)
	}
	show([]byte("<svg onload=alert(1)>"))
	h.eye.Say(&wire.Preview{JPEG: bytes.Repeat([]byte("<"), 60_000)})
	for range 50 {
		if _, got := p.get(t, "/preview"); !bytes.Equal(got, jpeg) {
			t.Fatalf("the picture came as %.20q", got)
		}
	}
	h.pass(3 * time.Second)
	await(404)
	show(jpeg)
	await(200)
	h.say(t, &wire.FrontDoor{Face: wire.FaceRestClock})
	await(404)
	show(jpeg)
	await(200)
	h.eye.Close()
	await(404)
	if status := p.post(t, "/pin", `{"act":"open","pin":"123456"}`); status != 204 {
		t.Errorf("without the eye the PIN pad gave %d", status)
	}
}

func TestTheTerminalEndsWithTheKeeper(t *testing.T) {
	h := open(t)
	p := h.page(t)
	h.keeper.Close()
	select {
	case err := <-h.ended:
		if err == nil || !strings.Contains(err.Error(), "keeper") {
			t.Errorf("it ended with %v", err)
		}
		h.ended <- nil
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
	}
	if _, err := p.stream.ReadString(0); !isEOF(err) {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestAPageLoadedAnewTakesTheTurnOfTheOneThatHasGone(t *testing.T) {
	h := open(t)
	old, fresh := h.page(t), h.page(t)
	old.post(t, "/pin", `{"act":"mine","pin":"123456"}`)
	session := h.hears(t).(*wire.PINTyped).Session
	old.leave()
	for range 500 { // until the terminal sees that the stream is closed
		if fresh.post(t, "/pin", `{"act":"open","pin":"123456"}`) == 204 {
			break
		}
	}
	if w := h.hears(t).(*wire.PINTyped); w.Session == session {
		t.Error("it goes on with the turn of somebody else")
	}
	h.say(t, &wire.Record{Session: session})
	h.say(t, &wire.Screen{Prompt: wire.PromptStill})
	if got := fresh.event(t); !strings.HasPrefix(got, "screen ") {
		t.Errorf("it heard %s", got)
	}
}

func TestRunBeginsAndEnds(t *testing.T) {
	listen, address := socket(t, "127.0.0.1:0")
	hall, atHall := pair(t)
	keeper, atKeeper := pair(t)
	brief, err := json.Marshal(room.Kiosk{Address: address, Notice: noticeJSON})
	if err != nil {
		t.Fatal(err)
	}
	r, err := room.New(slog.New(slog.DiscardHandler), brief, map[string]*os.File{"listen": listen, "keeper": keeper, "hall": hall})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- kiosk.Run(ctx, r) }()
	heard, err := wire.Open[wire.RoomSays, wire.RoomHears](atHall, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []wire.Part{wire.PartRoom, wire.PartScreen} {
		if w, err := heard.Hear(); err != nil || w.(*wire.Ready).Part != want {
			t.Fatalf("the hall heard %v, %v", w, err)
		}
	}
	answer, err := http.Get("http://" + address + "/healthz")
	if err != nil || answer.StatusCode != 204 {
		t.Fatalf("GET /healthz: %v %v", answer, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := http.Get("http://" + address + "/healthz"); err == nil {
		t.Error("it still answers")
	}
	atKeeper.Close()
	heard.Close()
}

func TestAKeeperThatBeginsAnewKnowsNoTurn(t *testing.T) {
	h := open(t)
	p := h.page(t)
	p.post(t, "/pin", `{"act":"mine","pin":"123456"}`)
	first := h.hears(t).(*wire.PINTyped).Session
	h.greet(t)
	if got := p.event(t); got != "cleared {}" {
		t.Errorf("the page heard %s", got)
	}
	p.post(t, "/pin", `{"act":"mine","pin":"123456"}`)
	if h.hears(t).(*wire.PINTyped).Session == first {
		t.Error("the turn of the keeper's earlier life goes on")
	}
}

func TestOnlyTheSocketOfTheBriefIsTaken(t *testing.T) {
	for _, c := range []struct{ name, bind, brief, want string }{
		{"a socket that the network reaches", "0.0.0.0:0", "", "bind it to 127.0.0.1"},
		{"a socket other than the brief says", "127.0.0.1:0", "127.0.0.1:1", "the brief says"},
	} {
		listen, address := socket(t, c.bind)
		if c.brief != "" {
			address = c.brief
		}
		k1, k2 := pair(t)
		_, err := kiosk.New(room.Kiosk{Address: address, Notice: noticeJSON}, listen, k2, nil, nil, slog.New(slog.DiscardHandler), time.Now)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		k1.Close()
		k2.Close()
	}
}

func TestABriefThatCannotBeShownIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		brief room.Kiosk
		want  string
	}{
		{"a language without texts", room.Kiosk{Languages: []string{"zh", "tlh"}, Notice: noticeJSON}, `"tlh"`},
		{"a language from elsewhere", room.Kiosk{Languages: []string{"../page/index"}, Notice: noticeJSON}, "no texts"},
		{"no notice", room.Kiosk{}, "notice"},
		{"a notice of random bytes", room.Kiosk{Notice: []byte("\x00\xff{")}, "notice"},
		{"a notice without a language of the screen", room.Kiosk{Notice: bytes.Replace(noticeJSON, []byte(`"zh":`), []byte(`"xx":`), 1)}, `"zh"`},
	} {
		listen, address := socket(t, "127.0.0.1:0")
		k1, k2 := pair(t)
		c.brief.Address = address
		_, err := kiosk.New(c.brief, listen, k2, nil, nil, slog.New(slog.DiscardHandler), time.Now)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		k1.Close()
		k2.Close()
	}
}

func TestManyConnectionsDoNotPutOutTheScreen(t *testing.T) {
	h := open(t)
	p := h.page(t)
	refused := 0
	for range 64 {
		c, err := net.Dial("tcp", h.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: "+h.address+"\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, _ := c.Read(make([]byte, 1)); n == 0 {
			refused++
		}
	}
	if refused < 32 {
		t.Errorf("only %d of 64 connections were turned away", refused)
	}
	h.say(t, &wire.Screen{Prompt: wire.PromptCloser})
	if got := p.event(t); !strings.Contains(got, "closer") {
		t.Errorf("the page heard %s", got)
	}
}

func TestLoadingThePageAgainAndAgainDoesNotPutOutTheScreen(t *testing.T) {
	h := open(t)
	p := h.page(t)
	for range 100 {
		p.get(t, "/")
	}
	if status := p.post(t, "/pin", `{"act":"open","pin":"123456"}`); status != 204 {
		t.Errorf("the page at the door got %d", status)
	}
}
