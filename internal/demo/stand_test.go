package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/edged/internal/room"
)

// This test program plays more than the test: which role, the name it was started under says.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "edged-eye":
		os.Exit(room.Main("eye", playEye))
	case "without":
		os.Exit(without(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// programsFor copies the real programs, so that one of them can be replaced and any user may start them.
func programsFor(t *testing.T, dir string, played bool) string {
	t.Helper()
	to := filepath.Join(dir, "programs")
	if err := os.Mkdir(to, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]string{"without": self}
	for _, p := range []string{"edged", "edged-keeper", "edged-keysmith", "edged-kiosk", "edged-courier", "edged-eye", "edged-lens"} {
		from[p] = filepath.Join("../../bin", p)
	}
	if played {
		from["edged-eye"] = self
	}
	for name, path := range from {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v: run `make build` first", err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func modelsDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("EDGED_MODELS")
	if dir == "" {
		dir = "../../build/models"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A stand is a house under test: everything that its hall prints is kept.
type stand struct {
	*house
	t   *testing.T
	ctx context.Context
	out lockedBuffer // stdout, as it came
	as  *syscall.Credential
	not []string // what the kernel is made to refuse: see without
}

// newStand prepares a house and starts nothing. Played: this test program is its eye.
func newStand(t *testing.T, played bool) *stand {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: rooms under users of their own need it (CI is root)")
	}
	dir, err := os.MkdirTemp("", "edged-stand-")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &stand{t: t, ctx: ctx, house: &house{dir: dir, camera: filepath.Join(dir, "camera"), pulse: "500ms", more: make(chan struct{})}}
	t.Cleanup(func() {
		cancel()
		if s.cmd != nil {
			if err := s.stop(); err != nil && !t.Failed() {
				t.Errorf("stopping: %v\n%s", err, s.lastWords())
			}
		}
		if s.broker != nil {
			s.broker.close()
		}
		os.RemoveAll(dir)
		if t.Failed() {
			t.Logf("what the rooms said:\n%s", s.lastWords())
		}
	})
	s.must(os.Chmod(dir, 0o755))
	s.must(os.Mkdir(s.camera, 0o755))
	s.programs = programsFor(t, dir, played)
	s.pictures = "../../build/pictures"
	if played {
		s.pictures = s.scripts()
	}
	s.must(s.show(""))
	if s.broker, err = openBroker(""); err != nil {
		t.Fatal(err)
	}
	if s.screen, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	s.must(s.configure(ctx, modelsDir(t)))
	return s
}

// scripts are what a played eye sees: who stands there.
func (s *stand) scripts() string {
	dir := filepath.Join(s.dir, "scripts")
	s.must(os.Mkdir(dir, 0o755))
	for _, name := range []string{enrolled, returning, stranger, refused, crashing} {
		s.must(os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
	}
	return dir
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// edit changes the configuration as an installer would, with an editor.
func (s *stand) edit(pairs ...string) {
	s.t.Helper()
	b, err := os.ReadFile(s.configFile())
	s.must(err)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(b), pairs[i]) {
			s.t.Fatalf("the configuration has no %q:\n%s", pairs[i], b)
		}
		b = bytes.ReplaceAll(b, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	s.must(os.WriteFile(s.configFile(), b, 0o644))
}

func (s *stand) noBroker() {
	s.t.Helper()
	s.edit(fmt.Sprintf("mqtt: {broker: \"tcp://%s\"}\n", s.broker.address), "")
	s.must(s.assess(s.ctx, bytes.Replace(form, []byte("tells_a_broker: true"), []byte("tells_a_broker: false"), 1)))
}

// begin starts `edged run`, and waits until the parts named are ready.
func (s *stand) begin(parts ...string) {
	s.t.Helper()
	s.mu.Lock()
	s.events = nil
	s.mu.Unlock()
	args := []string{"run", "--json", "--config", s.configFile()}
	s.cmd = exec.Command(filepath.Join(s.programs, "edged"), args...)
	if len(s.not) > 0 {
		s.cmd = exec.Command(filepath.Join(s.programs, "without"), append(append(s.not, filepath.Join(s.programs, "edged")), args...)...)
	}
	s.cmd.Dir = s.dir
	s.cmd.Stderr = &s.log
	out, err := s.cmd.StdoutPipe()
	s.must(err)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	s.must(s.cmd.Start())
	s.ended = make(chan error, 1)
	go s.read(io.TeeReader(out, &s.out))
	s.ready(0, parts...)
}

// ready waits until parts are ready, after a mark in the events.
func (s *stand) ready(from int, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if _, err := s.waitFrom(s.ctx, from, 20*time.Second, func(e event) bool { return e.readies(part) }); err != nil {
			s.t.Fatalf("waiting until %q is ready: %v", part, err)
		}
	}
}

// story opens the screen and is ready to play people.
func (s *stand) story() *story {
	s.t.Helper()
	st := &story{ctx: s.ctx, h: s.house}
	s.t.Cleanup(func() {
		if st.s != nil {
			st.s.close()
		}
	})
	s.must(st.reload())
	return st
}

// play plays steps of the story and stops at the first that fails.
func (s *stand) play(steps ...func() (string, error)) {
	s.t.Helper()
	for i, step := range steps {
		figure, err := step()
		if err != nil {
			s.t.Fatalf("step %d of %d: %v", i+1, len(steps), err)
		}
		s.t.Log(figure)
	}
}

// said tells whether the rooms or the hall have written this on stderr.
func (s *stand) said(words ...string) {
	s.t.Helper()
	log := string(s.log.Bytes())
	for _, w := range words {
		if !strings.Contains(log, w) {
			s.t.Errorf("nobody said %q", w)
		}
	}
}

// noTrace fails where a stack has reached the log.
func (s *stand) noTrace() {
	s.t.Helper()
	for _, sign := range []string{"goroutine ", "panic:", "SIGSEGV", "runtime error", "[signal"} {
		if log := string(s.log.Bytes()); strings.Contains(log, sign) {
			s.t.Errorf("a stack trace was shown (%q)", sign)
		}
	}
}

// recorder keeps all answers of the kiosk as they came, except the one that may hold a picture: the preview, asked for
// by the terminal's own page.
type recorder struct {
	heard lockedBuffer
	from  http.RoundTripper
}

// recordScreen listens to everything that the screen answers.
func recordScreen(t *testing.T) *recorder {
	r := &recorder{from: http.DefaultTransport}
	before := http.DefaultClient.Transport
	http.DefaultClient.Transport = r
	t.Cleanup(func() { http.DefaultClient.Transport = before })
	return r
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	a, err := r.from.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(&r.heard, q.Method, q.URL.Path, a.Status, a.Header)
	if own := q.Header.Get("Origin")+q.Header.Get("Sec-Fetch-Site") == ""; own && q.URL.Path == "/preview" {
		return a, nil
	}
	a.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(a.Body, &r.heard), a.Body}
	return a, nil
}

// vector is always the same random direction for one seed, of unit length.
func vector(seed uint64) (v [512]float32) {
	from := rand.New(rand.NewPCG(seed, 0x65646765))
	for i := range v {
		v[i] = float32(from.NormFloat64())
	}
	return unit(v)
}
