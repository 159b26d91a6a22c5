package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// screen is the terminal's page as a finger uses it.
type screen struct {
	base   string
	token  string
	events chan said
	cancel context.CancelFunc
	told   time.Time // when the notice was put on it
}

// said is one event of the page.
type said struct {
	kind string
	body struct {
		Prompt, Until, PIN, Number, Consent string
		Text                                string
		Face                                string
		EraseAt                             string `json:"erase_at"`
		Count, Of                           int
		Personal, Open                      bool
		Part, Last                          int
		Looks                               []struct{ At string }
	}
}

var tokenIn = regexp.MustCompile(`<meta name="page" content="([0-9a-f]{64})">`)

// openScreen loads the page and listens to it.
func openScreen(ctx context.Context, address string) (*screen, error) {
	s := &screen{base: "http://" + address, events: make(chan said, 256)}
	page, err := s.get(ctx, "/", nil)
	if err != nil {
		return nil, err
	}
	m := tokenIn.FindSubmatch(page)
	if m == nil {
		return nil, fmt.Errorf("the page at %s has no token", s.base)
	}
	s.token = string(m[1])
	ctx, s.cancel = context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, "GET", s.base+"/events?page="+s.token, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the page's events: %s", res.Status)
	}
	go s.listen(res.Body)
	return s, nil
}

func (s *screen) listen(r io.ReadCloser) {
	defer r.Close()
	defer close(s.events)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20) // a receipt is drawn in one line
	var kind string
	for lines.Scan() {
		if k, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			kind = k
		}
		if d, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			e := said{kind: kind}
			if json.Unmarshal([]byte(d), &e.body) == nil {
				select {
				case s.events <- e:
				default:
				}
			}
		}
	}
}

// get fetches a path; header may carry what another origin would send.
func (s *screen) get(ctx context.Context, path string, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", s.base+path, nil)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return body, err
}

// post presses a button.
func (s *screen) post(ctx context.Context, path string, body map[string]string) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", s.base+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Edged-Page", s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("POST %s: %s", path, res.Status)
	}
	return nil
}

func (s *screen) touch(ctx context.Context, touch, notice string) error {
	b := map[string]string{"touch": touch}
	if notice != "" {
		b["notice"] = notice
	}
	err := s.post(ctx, "/touch", b)
	if touch == "notice" {
		s.told = time.Now() // the keeper counts from when it hears it
	}
	return err
}

// leastReading is what the demonstration's configuration asks for: nobody reads faster.
const leastReading = time.Second

// read takes the notice to its end, not faster than it may be read.
func (s *screen) read(ctx context.Context, notice string) error {
	time.Sleep(time.Until(s.told.Add(leastReading + time.Second))) // on a busy machine the keeper may hear a word late
	return s.touch(ctx, "read", notice)
}

func (s *screen) pin(ctx context.Context, act, pin, notice string) error {
	b := map[string]string{"act": act, "pin": pin}
	if notice != "" {
		b["notice"] = notice
	}
	switch act {
	case "agree":
		b["lang"] = "zh"
		if err := s.read(ctx, notice); err != nil {
			return err
		}
	case "newcomer":
		b["age"] = "adult"
	}
	return s.post(ctx, "/pin", b)
}

// wait waits for an event of a kind and, for prompts, one of the words.
func (s *screen) wait(d time.Duration, kind string, prompts ...string) (said, error) {
	late := time.NewTimer(d)
	defer late.Stop()
	var last string
	for {
		select {
		case e, ok := <-s.events:
			if !ok {
				return said{}, fmt.Errorf("the page went away")
			}
			if e.kind != kind {
				continue
			}
			last = e.body.Prompt
			if len(prompts) == 0 {
				return e, nil
			}
			for _, p := range prompts {
				if e.body.Prompt == p {
					return e, nil
				}
			}
		case <-late.C:
			return said{}, fmt.Errorf("the screen did not say %s %v within %s; last it said %q", kind, prompts, d, last)
		}
	}
}

// drain forgets what the screen has said up to now.
func (s *screen) drain() {
	for {
		select {
		case <-s.events:
		default:
			return
		}
	}
}

func (s *screen) close() {
	if s.cancel != nil {
		s.cancel()
	}
}
