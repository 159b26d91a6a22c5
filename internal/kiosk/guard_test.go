package kiosk_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// raw sends exactly what it is given, which http.Client would tidy up.
func raw(t *testing.T, address, request string) (*http.Response, []byte) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, request)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r, b
}

func TestStrangersGetNothing(t *testing.T) {
	h := open(t)
	p := h.page(t)
	pin := `{"act":"open","pin":"123456"}`
	_, port, _ := net.SplitHostPort(h.address)
	for _, c := range []struct {
		name, method, path, host string
		headers                  []string
		body                     string
		want                     int
	}{
		{"the page itself is welcome", "GET", "/", h.address, []string{"Sec-Fetch-Site: none"}, "", 200},
		{"a name made to point here", "GET", "/", "evil.example:" + port, nil, "", 403},
		{"localhost is not the bound address", "GET", "/", "localhost:" + port, nil, "", 403},
		{"the address without its port", "GET", "/", "127.0.0.1", nil, "", 403},
		{"another loopback address", "GET", "/", "127.0.0.2:" + port, nil, "", 403},
		{"the address with a dot", "GET", "/", "127.0.0.1.:" + port, nil, "", 403},
		{"an absolute address in the request line", "GET", "http://evil.example/preview", h.address, nil, "", 403},
		{"another site looking at the picture", "GET", "/preview", h.address, []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}, "", 403},
		{"another port of this machine", "GET", "/preview", h.address, []string{"Sec-Fetch-Site: same-site"}, "", 403},
		{"another site reading the notice", "GET", "/notice?lang=zh", h.address, []string{"Origin: https://evil.example"}, "", 403},
		{"another site listening", "GET", "/events?page=" + p.token, h.address, []string{"Origin: https://evil.example"}, "", 403},
		{"a sandboxed frame", "GET", "/", h.address, []string{"Origin: null"}, "", 403},
		{"a second origin behind the right one", "GET", "/", h.address, []string{"Origin: http://" + h.address, "Origin: https://evil.example"}, "", 403},
		{"a made-up fetch site", "GET", "/", h.address, []string{"Sec-Fetch-Site: friend"}, "", 403},
		{"listening without a page", "GET", "/events", h.address, nil, "", 403},
		{"listening with a made-up page", "GET", "/events?page=" + strings.Repeat("0", 64), h.address, nil, "", 403},
		{"a PIN without a page", "POST", "/pin", h.address, []string{"Content-Type: application/json"}, pin, 403},
		{"a PIN with a made-up page", "POST", "/pin", h.address, []string{"Content-Type: application/json", "X-Edged-Page: " + strings.Repeat("0", 64)}, pin, 403},
		{"a PIN from a foreign origin with a stolen page", "POST", "/pin", h.address, []string{"Content-Type: application/json", "X-Edged-Page: " + p.token, "Origin: https://evil.example"}, pin, 403},
		{"a PIN from an https twin of this page", "POST", "/pin", h.address, []string{"Content-Type: application/json", "X-Edged-Page: " + p.token, "Origin: https://" + h.address}, pin, 403},
		{"a PIN across sites with a stolen page", "POST", "/pin", h.address, []string{"Content-Type: application/json", "X-Edged-Page: " + p.token, "Sec-Fetch-Site: cross-site"}, pin, 403},
		{"a PIN that no page sent", "POST", "/pin", h.address, []string{"Content-Type: application/json", "X-Edged-Page: " + p.token, "Sec-Fetch-Site: none"}, pin, 403},
		{"a question whether another origin may ask", "OPTIONS", "/pin", h.address, []string{"Origin: https://evil.example", "Access-Control-Request-Method: POST"}, "", 403},
		{"a PIN as a form", "POST", "/pin", h.address, []string{"Content-Type: application/x-www-form-urlencoded", "X-Edged-Page: " + p.token}, pin, 415},
		{"a PIN as text", "POST", "/pin", h.address, []string{"Content-Type: text/plain", "X-Edged-Page: " + p.token}, pin, 415},
		{"a PIN by GET", "GET", "/pin", h.address, nil, "", 405},
		{"a file beside the page", "GET", "/static/..%2fkiosk.go", h.address, nil, "", 404},
		{"the page's own template", "GET", "/static/index.html", h.address, nil, "", 404},
		{"a path that is not there", "GET", "/debug/pprof/", h.address, nil, "", 404},
		{"the real page's PIN is welcome", "POST", "/pin", h.address, []string{"Content-Type: application/json", "X-Edged-Page: " + p.token, "Origin: http://" + h.address, "Sec-Fetch-Site: same-origin"}, pin, 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, body := raw(t, h.address, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s",
				c.method, c.path, c.host, len(c.body), lines(c.headers), c.body))
			if r.StatusCode != c.want {
				t.Errorf("got %d, want %d", r.StatusCode, c.want)
			}
			if r.StatusCode == 403 && len(body) > 0 {
				t.Errorf("a refusal said %q", body)
			}
			for name, want := range map[string]string{"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
				"Cross-Origin-Embedder-Policy": "require-corp", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			if csp := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("Content-Security-Policy is %q", csp)
			}
			for name := range r.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s was sent", name)
				}
			}
		})
	}
	h.hears(t) // the one PIN that was welcome
	h.hearsNothing(t)
}

func lines(headers []string) string {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.String()
}

func TestBodiesThatAreNotUnderstood(t *testing.T) {
	h := open(t)
	p := h.page(t)
	for _, c := range []struct {
		name, path, body string
		want             int
	}{
		{"nothing", "/pin", ``, 400},
		{"random bytes", "/pin", "\x00\xff\x80{", 400},
		{"not an object", "/pin", `["open","123456"]`, 400},
		{"cut short", "/pin", `{"act":"open","pin":"123456"`, 400},
		{"something after the end", "/pin", `{"act":"open","pin":"123456"}{}`, 400},
		{"a field that is not known", "/pin", `{"act":"open","pin":"123456","door":"1"}`, 400},
		{"a field twice", "/pin", `{"act":"open","pin":"123456","pin":"654321"}`, 400},
		{"a field in other letters", "/pin", `{"Act":"open","pin":"123456"}`, 400},
		{"a number for a PIN", "/pin", `{"act":"open","pin":123456}`, 400},
		{"an object for a PIN", "/pin", `{"act":"open","pin":{"a":"b"}}`, 400},
		{"no act", "/pin", `{"pin":"123456"}`, 400},
		{"an act that is not known", "/pin", `{"act":"unlock","pin":"123456"}`, 400},
		{"too few digits", "/pin", `{"act":"open","pin":"12345"}`, 400},
		{"too many digits", "/pin", `{"act":"open","pin":"1234567890123"}`, 400},
		{"256 digits, which is none in eight bits", "/pin", `{"act":"open","pin":"` + strings.Repeat("1", 256) + `"}`, 400},
		{"262 digits, which is six in eight bits", "/pin", `{"act":"open","pin":"` + strings.Repeat("1", 262) + `"}`, 400},
		{"letters", "/pin", `{"act":"open","pin":"12345a"}`, 400},
		{"digits of another script", "/pin", `{"act":"open","pin":"１２３４５６"}`, 400},
		{"a notice where none belongs", "/pin", `{"act":"open","pin":"123456","notice":"00"}`, 400},
		{"too long", "/pin", `{"act":"open","pin":"` + strings.Repeat(" ", 600) + `"}`, 413},
		{"no touch", "/touch", `{}`, 400},
		{"a touch that is not known", "/touch", `{"touch":"agree"}`, 400},
		{"a touch with a PIN", "/touch", `{"touch":"home","pin":"123456"}`, 400},
	} {
		if got := p.post(t, c.path, c.body); got != c.want {
			t.Errorf("%s gave %d, not %d", c.name, got, c.want)
		}
	}
	h.hearsNothing(t)
}

func TestThePageLoadsNothingFromElsewhere(t *testing.T) {
	files, err := os.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile("page/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		s := strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", "")
		for _, word := range []string{"http:", "https:", "//cdn", "innerHTML", "eval(", "localStorage", "sessionStorage", "document.cookie", "console."} {
			if strings.Contains(s, word) {
				t.Errorf("page/%s has %q", f.Name(), word)
			}
		}
	}
}
