package demo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.org/edged/configs"
	"example.org/edged/internal/wire"
)

// event is a line of `edged run --json`.
type event struct {
	AfterMS float64      `json:"after_ms"`
	Room    string       `json:"room"`
	PID     int          `json:"pid"`
	Event   string       `json:"event"`
	What    string       `json:"what"`
	Method  string       `json:"method"`
	Outcome string       `json:"outcome"`
	TookUS  uint32       `json:"took_us"`
	Stages  *wire.Stages `json:"stages_us"`
}

// readies: the eye is warm before the keeper has heard of it, and only the keeper can open the door.
func (e event) readies(part string) bool {
	return e.Event == "ready" && e.What == part && (part != "face" || e.Room == "keeper")
}

// startTimes is when PIN and face were ready, in milliseconds after the start.
func (h *house) startTimes() map[string]float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := map[string]float64{}
	for _, e := range h.events {
		for _, part := range []string{"pin", "face"} {
			if _, known := at[part]; !known && e.readies(part) {
				at[part] = e.AfterMS
			}
		}
	}
	return at
}

// house is a running edged with everything around it that a demonstration needs.
type house struct {
	programs, dir, pictures string
	camera                  string // the folder that the camera plays
	screen                  string // address of the kiosk
	staffPIN, secondPIN     string
	pulse                   string
	broker                  *broker
	chip                    *chip // nil where this machine has no swtpm

	cmd   *exec.Cmd
	ended chan error
	log   lockedBuffer // what the rooms wrote on stderr

	mu     sync.Mutex
	events []event
	more   chan struct{} // closed and renewed at each event
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// openHouse prepares folders, broker and configuration, and starts `edged run`.
func openHouse(ctx context.Context, programs, models, pictures string) (*house, error) {
	h, err := newHouse(ctx, programs, models, pictures)
	if err != nil {
		return nil, err
	}
	return h, h.start(ctx)
}

// newHouse is a house in which edged does not run yet.
func newHouse(ctx context.Context, programs, models, pictures string) (*house, error) {
	dir, err := os.MkdirTemp("", "edged-demo-")
	if err != nil {
		return nil, err
	}
	// The rooms run as users of their own and must be able to walk here; what is inside is closed by its owner.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	h := &house{programs: programs, dir: dir, pictures: pictures, camera: filepath.Join(dir, "camera"), pulse: "1s", more: make(chan struct{})}
	if err := os.Mkdir(h.camera, 0o755); err != nil {
		return nil, err
	}
	if err := h.show(""); err != nil {
		return nil, err
	}
	if h.broker, err = openBroker(filepath.Join(dir, "broker")); err != nil {
		return nil, err
	}
	if h.screen, err = freeAddress(); err != nil {
		return nil, err
	}
	if h.chip, err = openChip(); err != nil {
		return nil, err
	}
	return h, h.configure(ctx, models)
}

// freeAddress finds a loopback address that nobody uses now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// configure writes the file that an installer would write.
func (h *house) configure(ctx context.Context, models string) error {
	var hashes [2]string
	for i, pin := range []*string{&h.staffPIN, &h.secondPIN} {
		n, err := rand.Int(rand.Reader, big.NewInt(90_000_000))
		if err != nil {
			return err
		}
		*pin = fmt.Sprint(n.Int64() + 10_000_000)
		hash := exec.CommandContext(ctx, filepath.Join(h.programs, "edged"), "pin")
		hash.Stdin = strings.NewReader(*pin)
		out, err := hash.Output()
		if err != nil {
			return fmt.Errorf("hashing a staff PIN: %w", err)
		}
		hashes[i] = strings.TrimSpace(string(out))
	}
	if err := os.WriteFile(filepath.Join(h.dir, "notice.yaml"), configs.Notice, 0o644); err != nil {
		return err
	}
	text := fmt.Sprintf(`device: {id: demo-door}
site: {id: demo, place: office, necessity: "The demonstration shows a face beside a PIN, on photographs that come with it.", sign: "none hangs; nobody but photographs stands here",
  sign_confirmed: %s, area: the photographs in a folder, declared_by: whoever started the demonstration}
state: %q
kiosk: {listen: %q}
door: {name: demo, methods: [pin, face], driver: virtual, path: %q, pulse: %s}
camera: {source: pictures, folder: %q, every: 66ms}
face: {models: %q, keep: 365d, turn: 1, alone: unmeasured}
notice: notice.yaml
consent: {reading: 1s}
staff: [{name: desk, pin_hash: %q}, {name: night, pin_hash: %q}]
mqtt: {broker: "tcp://%s"}
%s`, time.Now().Format(time.DateOnly), filepath.Join(h.dir, "state"), h.screen, h.relayFile(), h.pulse, h.camera, models, hashes[0], hashes[1], h.broker.address, h.tier())
	if err := os.WriteFile(h.configFile(), []byte(text), 0o644); err != nil {
		return err
	}
	return h.assess(ctx, form)
}

// tier puts the keys of faces into the TPM where there is one.
func (h *house) tier() string {
	if h.chip == nil {
		return ""
	}
	return fmt.Sprintf("keys: {tier: tpm, tpm: %q}\n", "unix:"+h.chip.path)
}

func (h *house) configFile() string { return filepath.Join(h.dir, "edged.yaml") }
func (h *house) relayFile() string  { return filepath.Join(h.dir, "relay.log") }
func (h *house) stateDir() string   { return filepath.Join(h.dir, "state") }

func (h *house) start(ctx context.Context) error {
	return h.startUntil(ctx, "pin", "screen", "broker", "face")
}

// startWithoutFace does not wait for faces: they are stopped.
func (h *house) startWithoutFace(ctx context.Context) error {
	return h.startUntil(ctx, "pin", "screen", "broker")
}

func (h *house) startUntil(ctx context.Context, parts ...string) error {
	h.mu.Lock()
	h.events = nil
	h.mu.Unlock()
	h.cmd = exec.Command(filepath.Join(h.programs, "edged"), "run", "--json", "--config", h.configFile())
	h.cmd.Stderr = &h.log
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	// Of its own group, so that Ctrl-C reaches only this program, which then stops it in order.
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := h.cmd.Start(); err != nil {
		return fmt.Errorf("starting edged: %w", err)
	}
	h.ended = make(chan error, 1)
	go h.read(out)
	for _, part := range parts {
		if _, err := h.wait(ctx, 20*time.Second, func(e event) bool { return e.readies(part) }); err != nil {
			return fmt.Errorf("waiting until %q is ready: %w\n%s", part, err, h.lastWords())
		}
	}
	return nil
}

func (h *house) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		h.mu.Lock()
		h.events = append(h.events, e)
		close(h.more)
		h.more = make(chan struct{})
		h.mu.Unlock()
	}
	h.ended <- h.cmd.Wait()
}

// mark is a place in the events; since gives what came after it.
func (h *house) mark() int { h.mu.Lock(); defer h.mu.Unlock(); return len(h.events) }

// wait waits for an event, from the beginning of this run.
func (h *house) wait(ctx context.Context, d time.Duration, want func(event) bool) (event, error) {
	return h.waitFrom(ctx, 0, d, want)
}

func (h *house) waitFrom(ctx context.Context, from int, d time.Duration, want func(event) bool) (event, error) {
	late := time.NewTimer(d)
	defer late.Stop()
	for i := from; ; {
		h.mu.Lock()
		events, more := h.events, h.more
		h.mu.Unlock()
		for ; i < len(events); i++ {
			if want(events[i]) {
				return events[i], nil
			}
		}
		select {
		case <-more:
		case <-late.C:
			return event{}, fmt.Errorf("nothing of the kind within %s", d)
		case <-ctx.Done():
			return event{}, ctx.Err()
		}
	}
}

// pid is the process of a room's latest life.
func (h *house) pid(room string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.events) - 1; i >= 0; i-- {
		if h.events[i].Room == room && h.events[i].PID != 0 {
			return h.events[i].PID
		}
	}
	return 0
}

// show puts one photograph, or an empty scene, before the camera. It takes the place of the last one in one step, so
// that there is never a moment without a picture.
func (h *house) show(name string) error {
	content := emptyScene()
	if name != "" {
		var err error
		if content, err = os.ReadFile(filepath.Join(h.pictures, name)); err != nil {
			return fmt.Errorf("%w (run `make setup`)", err)
		}
	}
	coming := filepath.Join(h.dir, "coming")
	if err := os.WriteFile(coming, content, 0o644); err != nil {
		return err
	}
	return os.Rename(coming, filepath.Join(h.camera, "scene.png")) // whatever it is: the eye looks at the content
}

// emptyScene is a plain wall.
func emptyScene() []byte {
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{Y: uint8(110 + (i/320)%8)}.Y
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic("demo: internal error: " + err.Error())
	}
	return b.Bytes()
}

// stop ends edged as Ctrl-C would and waits.
func (h *house) stop() error {
	if h.cmd == nil || h.cmd.Process == nil {
		return nil
	}
	h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-h.ended:
		h.cmd = nil
		return err
	case <-time.After(10 * time.Second):
		h.cmd.Process.Kill()
		<-h.ended
		h.cmd = nil
		return errors.New("edged did not stop within ten seconds")
	}
}

func (h *house) close(keep bool, say io.Writer) {
	h.stop()
	h.chip.close()
	if h.broker != nil {
		h.broker.close()
	}
	if keep {
		os.WriteFile(filepath.Join(h.dir, "rooms.log"), h.log.Bytes(), 0o600)
		fmt.Fprintln(say, "kept:", h.dir)
		return
	}
	os.RemoveAll(h.dir)
}

func (h *house) lastWords() string {
	b := h.log.Bytes()
	return string(b[max(0, len(b)-4000):])
}
