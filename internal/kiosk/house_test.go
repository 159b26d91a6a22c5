package kiosk_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/sys/unix"

	"example.org/edged/configs"
	"example.org/edged/internal/kiosk"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A house is a terminal at work, seen from outside: the other ends of its wires are in the test's hands, and its clock.
type house struct {
	address string
	keeper  *wire.Conn[wire.KioskSays, wire.KioskHears]
	eye     *wire.Conn[wire.RoomHears, wire.MirrorSays]
	said    chan wire.KioskSays // what the terminal told the keeper
	ticks   chan time.Time
	ended   chan error
	stop    context.CancelFunc
	wire    *os.File // the keeper's end, as a file

	mu  sync.Mutex
	now time.Time
}

// noticeJSON is the example notice, as people would read it.
var noticeJSON = func() []byte {
	n := new(notice.Notice)
	if err := yaml.Unmarshal(configs.Notice, n); err != nil {
		panic(err)
	}
	return n.Canonical()
}()

func pair(t testing.TB) (ours, theirs *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
}

func socket(t testing.TB, address string) (*os.File, string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	return f, l.Addr().String()
}

func open(t testing.TB, languages ...string) *house {
	t.Helper()
	return openSpeaking(t, nil, nil, languages...)
}

// openWith is a terminal that has all recordings but some.
func openWith(t testing.TB, but ...string) *house {
	t.Helper()
	f, list := recordings(t, but...)
	return openSpeaking(t, f, list)
}

func openSpeaking(t testing.TB, sound *os.File, list []room.Recording, languages ...string) *house {
	t.Helper()
	listen, address := socket(t, "127.0.0.1:0")
	k1, k2 := pair(t)
	e1, e2 := pair(t)
	h := &house{address: address, said: make(chan wire.KioskSays, 64), ticks: make(chan time.Time), ended: make(chan error, 1), now: time.Now(), wire: k1}
	brief := room.Kiosk{Address: address, Languages: languages, Notice: noticeJSON, Preview: true, Face: true, Visit: 24 * time.Hour, Offset: 8 * time.Hour, Voice: list}
	terminal, err := kiosk.New(brief, listen, k2, e2, sound, slog.New(slog.DiscardHandler), h.clock)
	if err != nil {
		t.Fatal(err)
	}
	if h.keeper, err = wire.Open[wire.KioskSays, wire.KioskHears](k1, nil); err != nil {
		t.Fatal(err)
	}
	if h.eye, err = wire.Open[wire.RoomHears, wire.MirrorSays](e1, nil); err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, h.stop = context.WithCancel(t.Context())
	go func() { h.ended <- terminal.Run(ctx, h.ticks) }()
	go func() {
		defer close(h.said)
		for {
			w, err := h.keeper.Hear()
			if err != nil {
				return
			}
			h.said <- w
		}
	}()
	t.Cleanup(func() {
		h.stop()
		select {
		case <-h.ended:
		case <-time.After(20 * time.Second):
			t.Error("the terminal did not end when it was told to")
		}
		h.keeper.Close()
		h.eye.Close()
	})
	// The keeper's Hello ends a turn; only when it has been heard may one begin.
	p := h.page(t)
	h.say(t, &wire.Screen{Prompt: wire.PromptHome})
	p.event(t)
	p.leave()
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// pass lets time go by and the terminal notice it: the second tick is taken only when the first has been dealt with.
func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
	h.ticks <- time.Time{}
	h.ticks <- time.Time{}
}

func (h *house) say(t testing.TB, w wire.KioskHears) {
	t.Helper()
	if err := h.keeper.Say(w); err != nil {
		t.Fatal(err)
	}
}

// greet says Hello on the keeper's wire, as a keeper does that was started anew.
func (h *house) greet(t testing.TB) {
	t.Helper()
	fd, err := unix.FcntlInt(h.wire.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "keeper's second life")
	defer f.Close()
	if _, err := wire.Open[wire.KioskSays, wire.KioskHears](f, nil); err != nil {
		t.Fatal(err)
	}
}

// hears is the next word that the terminal told the keeper.
func (h *house) hears(t testing.TB) wire.KioskSays {
	t.Helper()
	for {
		select {
		case w, ok := <-h.said:
			if !ok {
				t.Fatal("the terminal has gone")
			}
			if _, alive := w.(*wire.Alive); !alive { // said every few seconds, whatever happens
				return w
			}
		case <-time.After(time.Minute):
			t.Fatal("the keeper was told nothing")
		}
	}
}

func (h *house) hearsNothing(t testing.TB) {
	t.Helper()
	for {
		select {
		case w := <-h.said:
			if _, alive := w.(*wire.Alive); !alive {
				t.Fatalf("the keeper was told %T", w)
			}
		default:
			return
		}
	}
}

// A page is what a browser holds after GET /: the token, and the stream.
type page struct {
	h      *house
	token  string
	client *http.Client
	stream *bufio.Reader
	leave  func()
}

var tokenIn = regexp.MustCompile(`<meta name="page" content="([0-9a-f]{64})">`)

func (h *house) page(t testing.TB) *page {
	t.Helper()
	p := &page{h: h, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(p.client.CloseIdleConnections)
	status, body := p.get(t, "/")
	m := tokenIn.FindSubmatch(body)
	if status != 200 || m == nil {
		t.Fatalf("GET / gave %d without a token", status)
	}
	p.token = string(m[1])
	r, err := p.client.Get("http://" + h.address + "/events?page=" + p.token)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("GET /events: %v %v", r, err)
	}
	t.Cleanup(func() { r.Body.Close() })
	p.stream = bufio.NewReader(r.Body)
	p.leave = func() { r.Body.Close() }
	if line, err := p.stream.ReadString('\n'); err != nil || line != "retry: 1000\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	return p
}

func (p *page) get(t testing.TB, path string) (int, []byte) {
	t.Helper()
	r, err := p.client.Get("http://" + p.h.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, b
}

func (p *page) post(t testing.TB, path, body string) int {
	t.Helper()
	r, err := http.NewRequest("POST", "http://"+p.h.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Edged-Page", p.token)
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if b, _ := io.ReadAll(answer.Body); len(b) > 0 {
		t.Errorf("POST %s answered with a body: %q", path, b)
	}
	return answer.StatusCode
}

// event is the next event of the stream as "name {json}".
func (p *page) event(t testing.TB) string {
	t.Helper()
	var name string
	for {
		line, err := p.stream.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			name = strings.TrimSpace(v)
		} else if v, ok := strings.CutPrefix(line, "data: "); ok {
			return name + " " + strings.TrimSpace(v)
		}
	}
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
