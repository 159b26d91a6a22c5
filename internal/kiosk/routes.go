package kiosk

import (
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"example.org/edged/internal/wire"
)

const (
	heartbeat = 10 * time.Second // finds out that a page has gone
	slow      = 5 * time.Second  // the longest that writing one event may take
)

func (t *Terminal) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", t.getPage)
	mux.HandleFunc("GET /static/{name}", getStatic)
	mux.HandleFunc("GET /events", t.getEvents)
	mux.HandleFunc("GET /notice", t.getNotice)
	mux.HandleFunc("GET /preview", t.getPreview)
	mux.HandleFunc("GET /voice/{lang}/{key}", t.voice.get)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /touch", t.postTouch)
	mux.HandleFunc("POST /pin", t.postPIN)
	mux.HandleFunc("POST /attest", t.postAttest)
	return mux
}

func (t *Terminal) getEvents(w http.ResponseWriter, r *http.Request) {
	events, leave := t.stage.sit(r.URL.Query().Get("page"))
	if events == nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	defer leave()
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	out := http.NewResponseController(w)
	out.SetReadDeadline(time.Time{}) // the request is read; its deadline would end the stream
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	event := []byte("retry: 1000\n\n")
	for {
		out.SetWriteDeadline(time.Now().Add(slow))
		if _, err := w.Write(event); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			event = []byte(":\n\n")
		case e, ok := <-events:
			if !ok {
				return
			}
			event = e
		}
	}
}

func (t *Terminal) getNotice(w http.ResponseWriter, r *http.Request) {
	page, ok := t.notices[r.URL.Query().Get("lang")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(page)
}

func (t *Terminal) getPreview(w http.ResponseWriter, _ *http.Request) {
	picture := t.mirror.look()
	if picture == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer clear(picture)
	w.Header().Set("Content-Type", "image/jpeg")
	w.Write(picture)
}

// postTouch passes on a button. "stay" is no word of the wire: it only keeps the turn, so that somebody who reads the
// notice slowly is not sent away.
func (t *Terminal) postTouch(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r, "touch", "notice")
	if !ok {
		return
	}
	token := r.Header.Get(tokenHeader)
	switch body["touch"] {
	case "stay":
		t.stage.stay(token)
		w.WriteHeader(http.StatusNoContent)
	case wire.TouchHome.String():
		if session := t.stage.end(token); session != 0 {
			t.tell(w, &wire.Touched{Session: session, Touch: wire.TouchHome})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case wire.TouchNotice.String():
		session, ok := t.stage.begin(token)
		if !ok || !t.current(body["notice"]) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		t.stage.noticeShown()
		t.tell(w, &wire.Touched{Session: session, Touch: wire.TouchNotice, Notice: t.hash})
	case wire.TouchRead.String():
		if !t.stage.hasRead(token) || !t.current(body["notice"]) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		session, _ := t.stage.begin(token)
		t.tell(w, &wire.Touched{Session: session, Touch: wire.TouchRead, Notice: t.hash})
	case wire.TouchDecline.String():
		if !t.stage.hasRead(token) || !t.current(body["notice"]) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		session, _ := t.stage.begin(token)
		t.tell(w, &wire.Touched{Session: session, Touch: wire.TouchDecline, Notice: t.hash})
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (t *Terminal) postPIN(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r, "act", "pin", "notice", "lang", "age", "hours")
	if !ok {
		return
	}
	act, ok := named(body["act"], wire.ActWards)
	age, sound := readAge(body["age"])
	hours, understood := hoursOf(body["hours"])
	pin := wire.PINTyped{Act: act, Age: age, Hours: hours}
	typed, right := readPIN(body["pin"])
	pin.Len, pin.Digits = typed.Len, typed.Digits
	reads := act == wire.ActAgree || act == wire.ActInformed
	newcomer := body["age"] != "" || hours != 0
	if !ok || !right || !sound || !understood || newcomer && act != wire.ActNewcomer || reads != (body["notice"] != "") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer clear(pin.Digits[:])
	token := r.Header.Get(tokenHeader)
	if reads {
		// Nobody agrees to what was not put before them in this very turn.
		if !t.stage.hasRead(token) || !t.current(body["notice"]) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		pin.Notice = t.hash
		copy(pin.Lang[:], t.readIn(body["lang"]))
	}
	if pin.Session, ok = t.stage.begin(token); !ok {
		w.WriteHeader(http.StatusConflict)
		return
	}
	t.tell(w, &pin)
}

// tell passes a word to the keeper. The answer comes as an event, in the keeper's own time.
func (t *Terminal) tell(w http.ResponseWriter, word wire.KioskSays) {
	if err := t.keeper.SayWithin(word, patience); err != nil {
		t.log.Warn("the keeper does not listen", "why", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// hoursOf is a visit's length; none is somebody who stays.
func hoursOf(s string) (hours uint16, ok bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil && n > 0
}

// readIn is the language in which the notice was read; a page that does not say has shown the first.
func (t *Terminal) readIn(lang string) string {
	if _, ok := t.notices[lang]; ok {
		return lang
	}
	return t.languages[0].Code
}

func (t *Terminal) current(notice string) bool { return notice == hex.EncodeToString(t.hash[:]) }

// readBody answers for itself when it returns false.
func readBody(w http.ResponseWriter, r *http.Request, fields ...string) (map[string]string, bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil, false
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	defer clear(raw)
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return nil, false
	}
	body, parseErr := parseBody(raw, fields...)
	if err != nil || parseErr != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, false
	}
	return body, true
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
