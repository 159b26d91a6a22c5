package kiosk_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/notice"
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
	record.Number, record.Age, record.ByGuardian, record.Restricted, record.Changed, record.Asked = 42, wire.AgeAdult, true, true, true, 2
	record.Consents[0] = wire.ConsentLine{At: 1_700_000_000, State: wire.ConsentGiven, Until: 1_800_000_000}
	record.Looks[0] = wire.Looked{At: 1_700_000_100, Staff: 2}
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
		{"an erasure that does not work is told", &wire.FrontDoor{Face: wire.FaceStopped, Late: true},
			`door {"face":"stopped","open":false,"broker":false,"late":true}`},
		{"colours are for whoever stands there", &wire.Shine{Lights: [5]wire.Light{wire.LightDark, wire.LightWhite, wire.LightBlue, wire.LightGreen, wire.LightDark}, StepMS: 400},
			`shine {"lights":["dark","white","blue","green","dark"],"ms":400}`},
		{"a receipt of another turn is dropped", &wire.Receipt{Session: mine + 1, Len: 3}, ""},
		{"a record of another turn is dropped", &wire.Record{Session: mine + 1}, ""},
		{"a PIN of another turn is dropped", &wire.Issued{Session: mine + 1, Len: 6, Digits: [12]byte{'1', '2', '3', '4', '5', '6'}}, ""},
		{"a PIN for nobody is dropped", &wire.Issued{Len: 6, Digits: [12]byte{'1', '2', '3', '4', '5', '6'}}, ""},
		{"a record of this turn is shown", record,
			`record {"number":"000000000042","consent":"given","given_at":"2023-11-14T22:13:20Z","erase_at":"2027-01-15T08:00:00Z","age":"adult","by_guardian":true,"restricted":true,"changed":true,"asked":2,` +
				`"consents":[{"at":"2023-11-14T22:13:20Z","state":"given","until":"2027-01-15T08:00:00Z"}],` +
				`"passages":[{"at":"2023-11-14T22:15:00Z","method":"pin","outcome":"granted"}],"looks":[{"at":"2023-11-14T22:15:00Z","staff":2}]}`},
		{"a new PIN of this turn is shown", &wire.Issued{Session: mine, Len: 8, Digits: [12]byte{'1', '2', '3', '4', '5', '6', '7', '8'}},
			`issued {"pin":"12345678","number":"0000 0000 0000"}`},
		{"a visitor's, with its end", &wire.Issued{Session: mine, Number: 12345678901, Until: 1_800_000_000, Len: 6, Digits: [12]byte{'1', '2', '3', '4', '5', '6'}},
			`issued {"pin":"123456","number":"0123 4567 8901","until":"2027-01-15T08:00:00Z"}`},
		{"a piece of another turn is dropped", &wire.Piece{Session: mine + 1}, ""},
		{"requests of another turn are dropped", &wire.Requests{Session: mine + 1}, ""},
		{"requests are told to staff", &wire.Requests{Session: mine, More: true, Open: [8]wire.Request{{At: 1_700_000_000, What: wire.ReasonRelative, Number: 7}}},
			`requests {"more":true,"open":[{"at":"2023-11-14T22:13:20Z","what":"relative","number":"000000000007"}]}`},
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

func TestATurnIsForgottenAfterTwoMinutesWithoutATouch(t *testing.T) {
	h := open(t)
	p := h.page(t)
	p.post(t, "/pin", `{"act":"mine","pin":"123456"}`)
	session := h.hears(t).(*wire.PINTyped).Session
	h.pass(110 * time.Second)
	p.post(t, "/touch", `{"touch":"stay"}`)
	h.pass(110 * time.Second)
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
