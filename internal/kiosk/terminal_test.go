package kiosk_test

import (
	"bytes"
	"context"
	"encoding/hex"
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
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func noticeHash(t testing.TB) [32]byte {
	t.Helper()
	n, err := notice.Parse(noticeJSON)
	if err != nil {
		t.Fatal(err)
	}
	return n.Hash()
}

func TestWordsOfTheKeeperReachThePage(t *testing.T) {
	h := open(t)
	p := h.page(t)
	if status := p.post(t, "/pin", `{"act":"mine","pin":"123456"}`); status != 204 {
		t.Fatalf("POST /pin gave %d", status)
	}
	typed, ok := h.hears(t).(*wire.PINTyped)
	if !ok || typed.Session == 0 || typed.Act != wire.ActMine || string(typed.Digits[:typed.Len]) != "123456" {
		t.Fatalf("the keeper heard %T for act %v", typed, typed.Act)
	}
	mine := typed.Session
	record := &wire.Record{Session: mine, Consent: wire.ConsentGiven, GivenAt: 1_700_000_000, EraseAt: 1_800_000_000}
	record.Passages[0] = wire.Passage{At: 1_700_000_100, Method: wire.MethodPIN, Outcome: wire.Granted}
	for _, c := range []struct {
		name string
		word wire.KioskHears
		want string // "": the page hears nothing of it
	}{
		{"the front door is told as words", &wire.FrontDoor{Face: wire.FaceOn, Open: true, Now: 1_700_000_000},
			`door {"face":"on","open":true,"broker":false,"now":"2023-11-14T22:13:20Z"}`},
		{"a prompt for whoever stands there is not personal", &wire.Screen{Prompt: wire.PromptCloser},
			`screen {"prompt":"closer","personal":false,"count":0,"of":0}`},
		{"a prompt of this turn is personal", &wire.Screen{Session: mine, Prompt: wire.PromptWrongPIN, Count: 4},
			`screen {"prompt":"wrong-pin","personal":true,"count":4,"of":0}`},
		{"a time is a time", &wire.Screen{Session: mine, Prompt: wire.PromptEnrolled, Until: 1_800_000_000},
			`screen {"prompt":"enrolled","personal":true,"until":"2027-01-15T08:00:00Z","count":0,"of":0}`},
		{"a prompt of another turn is dropped", &wire.Screen{Session: mine + 1, Prompt: wire.PromptWelcome}, ""},
		{"a record of another turn is dropped", &wire.Record{Session: mine + 1}, ""},
		{"a PIN of another turn is dropped", &wire.Issued{Session: mine + 1, Len: 6, Digits: [12]byte{'1', '2', '3', '4', '5', '6'}}, ""},
		{"a PIN for nobody is dropped", &wire.Issued{Len: 6, Digits: [12]byte{'1', '2', '3', '4', '5', '6'}}, ""},
		{"a record of this turn is shown", record,
			`record {"consent":"given","given_at":"2023-11-14T22:13:20Z","erase_at":"2027-01-15T08:00:00Z","passages":[{"at":"2023-11-14T22:15:00Z","method":"pin","outcome":"granted"}]}`},
		{"a new PIN of this turn is shown", &wire.Issued{Session: mine, Len: 8, Digits: [12]byte{'1', '2', '3', '4', '5', '6', '7', '8'}},
			`issued {"pin":"12345678"}`},
	} {
		h.say(t, c.word)
		if c.want == "" {
			continue // the next event shows that nothing came between
		}
		if got := p.event(t); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestPersonalWordsGoToThePageOfTheTurnOnly(t *testing.T) {
	h := open(t)
	mine, other := h.page(t), h.page(t)
	if status := mine.post(t, "/pin", `{"act":"mine","pin":"123456"}`); status != 204 {
		t.Fatalf("POST /pin gave %d", status)
	}
	session := h.hears(t).(*wire.PINTyped).Session
	if status := other.post(t, "/pin", `{"act":"open","pin":"123456"}`); status != 409 {
		t.Errorf("a second window took part in the turn: %d", status)
	}
	h.say(t, &wire.Record{Session: session})
	h.say(t, &wire.Screen{Prompt: wire.PromptStill})
	if got := mine.event(t); !strings.HasPrefix(got, "record ") {
		t.Errorf("the page of the turn heard %s", got)
	}
	if got := other.event(t); !strings.HasPrefix(got, "screen ") {
		t.Errorf("the other page heard %s", got)
	}
	h.hearsNothing(t)
}

func TestATurnIsForgottenAfterAMinuteWithoutATouch(t *testing.T) {
	h := open(t)
	p := h.page(t)
	p.post(t, "/pin", `{"act":"mine","pin":"123456"}`)
	session := h.hears(t).(*wire.PINTyped).Session
	h.pass(50 * time.Second)
	p.post(t, "/touch", `{"touch":"stay"}`)
	h.pass(50 * time.Second)
	h.hearsNothing(t)
	h.pass(10 * time.Second)
	if got := p.event(t); got != "cleared {}" {
		t.Errorf("the page heard %s", got)
	}
	if w := h.hears(t).(*wire.Touched); w.Session != session || w.Touch != wire.TouchHome {
		t.Errorf("the keeper heard %v", w)
	}
	h.say(t, &wire.Record{Session: session})
	h.say(t, &wire.Screen{Prompt: wire.PromptStill})
	if got := p.event(t); !strings.HasPrefix(got, "screen ") {
		t.Errorf("a late answer was shown to the next person: %s", got)
	}
	p.post(t, "/pin", `{"act":"mine","pin":"123456"}`)
	if next := h.hears(t).(*wire.PINTyped).Session; next == session || next == 0 {
		t.Errorf("the next person got the same turn")
	}
}

func TestAPageThatConnectsAgainIsToldWhatStands(t *testing.T) {
	h := open(t)
	p := h.page(t)
	h.say(t, &wire.FrontDoor{Face: wire.FaceOn})
	p.event(t)
	p.post(t, "/pin", `{"act":"newcomer","pin":"123456"}`)
	session := h.hears(t).(*wire.PINTyped).Session
	h.say(t, &wire.Screen{Session: session, Prompt: wire.PromptWithdrawn})
	p.event(t)
	again := func() *page {
		q := *p
		r, err := q.client.Get("http://" + h.address + "/events?page=" + q.token)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Body.Close() })
		q.stream.Reset(r.Body)
		return &q
	}
	q := again()
	if got := q.event(t); !strings.HasPrefix(got, "door ") {
		t.Errorf("first came %s", got)
	}
	if got := q.event(t); !strings.Contains(got, `"withdrawn"`) {
		t.Errorf("then came %s", got)
	}
	h.say(t, &wire.Issued{Session: session, Len: 6, Digits: [12]byte{'1', '2', '3', '4', '5', '6'}})
	q.event(t)
	q = again()
	q.event(t)
	h.say(t, &wire.Screen{Prompt: wire.PromptStill})
	if got := q.event(t); !strings.Contains(got, `"still"`) {
		t.Errorf("a new PIN was said twice: %s", got)
	}
}

func TestNobodyAgreesToWhatWasNotShown(t *testing.T) {
	h := open(t)
	p := h.page(t)
	sum := noticeHash(t)
	hash, other := hex.EncodeToString(sum[:]), strings.Repeat("0", 64)
	for _, c := range []struct {
		name, path, body string
		want             int
	}{
		{"agreeing before the notice", "/pin", `{"act":"agree","pin":"123456","notice":"` + hash + `"}`, 409},
		{"declining before the notice", "/touch", `{"touch":"decline","notice":"` + hash + `"}`, 409},
		{"showing a notice that is not this one", "/touch", `{"touch":"notice","notice":"` + other + `"}`, 409},
		{"agreeing after another notice", "/pin", `{"act":"agree","pin":"123456","notice":"` + hash + `"}`, 409},
		{"showing the notice", "/touch", `{"touch":"notice","notice":"` + hash + `"}`, 204},
		{"agreeing to another notice", "/pin", `{"act":"agree","pin":"123456","notice":"` + other + `"}`, 409},
		{"agreeing to no notice", "/pin", `{"act":"agree","pin":"123456"}`, 400},
		{"agreeing to the notice shown", "/pin", `{"act":"agree","pin":"123456","notice":"` + hash + `"}`, 204},
		{"going home", "/touch", `{"touch":"home"}`, 204},
		{"agreeing in the next turn", "/pin", `{"act":"agree","pin":"123456","notice":"` + hash + `"}`, 409},
	} {
		if got := p.post(t, c.path, c.body); got != c.want {
			t.Errorf("%s gave %d, not %d", c.name, got, c.want)
		}
	}
	if w := h.hears(t).(*wire.Touched); w.Touch != wire.TouchNotice || w.Notice != sum {
		t.Errorf("the keeper heard %v", w)
	}
	if w := h.hears(t).(*wire.PINTyped); w.Act != wire.ActAgree || w.Notice != sum {
		t.Errorf("the keeper heard %v", w.Act)
	}
	if w := h.hears(t).(*wire.Touched); w.Touch != wire.TouchHome {
		t.Errorf("the keeper heard %v", w)
	}
	h.hearsNothing(t)
}

func TestTheNoticeIsTheSameInEveryLanguage(t *testing.T) {
	h := open(t)
	p := h.page(t)
	sum := noticeHash(t)
	for _, lang := range []string{"zh", "en"} {
		status, body := p.get(t, "/notice?lang="+lang)
		var n struct {
			Hash, Language, Title string
			Sections              []struct{ Name, Title, Text string }
		}
		if err := json.Unmarshal(body, &n); status != 200 || err != nil || n.Hash != hex.EncodeToString(sum[:]) || n.Language != lang || len(n.Sections) < 10 || n.Title == "" {
			t.Errorf("GET /notice?lang=%s: %d %v %s", lang, status, err, body)
		}
	}
	for _, lang := range []string{"", "fr", "../en", "ZH"} {
		if status, body := p.get(t, "/notice?lang="+lang); status != 404 || len(body) > 0 {
			t.Errorf("GET /notice?lang=%s gave %d", lang, status)
		}
	}
}

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
		_, err := kiosk.New(room.Kiosk{Address: address, Notice: noticeJSON}, listen, k2, nil, slog.New(slog.DiscardHandler), time.Now)
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
		_, err := kiosk.New(c.brief, listen, k2, nil, slog.New(slog.DiscardHandler), time.Now)
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
