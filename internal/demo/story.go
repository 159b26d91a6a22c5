package demo

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.org/edged/internal/confine"
)

// The photographs: one man in two pictures, a stranger, and a picture that the liveness model refuses.
const (
	enrolled  = "face-detect.jpg"
	returning = "face.jpg"
	stranger  = "astronaut.png"
	refused   = "distortion.jpg"
)

// story is what the steps hand on to each other.
type story struct {
	ctx    context.Context
	h      *house
	s      *screen
	pin    string
	notice string
	proof  string   // the receipt of the erasure, as the QR code has it
	traces [][]byte // the resident's sealed face and wrapped key as they lay on the disk
}

// tell plays the steps.
func tell(ctx context.Context, t *teller, h *house) {
	st := &story{ctx: ctx, h: h}
	defer func() {
		if st.s != nil {
			st.s.close()
		}
	}()
	for _, step := range []struct {
		title string
		play  func() (string, error)
	}{
		{"The rooms stand, and the kernel says how they are held", st.walls},
		{"Staff let a newcomer have a PIN; it is drawn, not chosen, and shown once", st.newcomer},
		{"The PIN opens the door", st.pinOpens},
		{"A stranger's face does not", st.strangerStays},
		{"The resident is told: the notice is on the screen before anything is asked", st.told},
		{"\"No, thank you\" costs nothing: the PIN opens the same door as fast", st.declines},
		{"The resident agrees, with the PIN as second sign, and is enrolled", st.agrees},
		{"The resident comes back, in another picture, and is let in by face", st.faceOpens},
		{"A stranger is still not", st.strangerStays},
		{"A picture that does not look alive is not", st.attackStays},
		{"The eye is shot down; the PIN opens the door meanwhile, and the eye comes back", st.eyeDies},
		{"Faces are stopped by hand: at once, over a restart; one person cannot lift it, two can", st.stopped},
		{"The broker goes; at the door nothing changes; later everything is delivered", st.brokerDies},
		{"An operator asks for the face; without consent it is refused, answered and recorded", st.exportRefused},
		{"Another site in the same browser asks the screen for the picture and gets nothing", st.otherOrigin},
		{"The resident withdraws: unusable at once, erased within seconds", st.withdraws},
		{"The resident's receipt proves it with nothing but the public key; a changed one does not", st.proved},
		{"The face is dead: it opens nothing, and no byte of it is left on the disk", st.dead},
		{"Every byte that left is searched for the photographs", st.searched},
		{"An inspector checks the log with nothing but the public key; a changed copy is found out", st.audited},
		{"After a restart the PIN opens, and the face stays dead", st.restarted},
		{"The device leaves: nothing of anybody is left, the certificate says so, and it guards no door again", st.leaves},
	} {
		t.step(step.title, step.play)
	}
}

func (st *story) walls() (string, error) {
	if err := st.reload(); err != nil {
		return "", err
	}
	rooms := []string{"keeper", "eye", "kiosk", "courier"}
	users := map[int]bool{}
	for _, room := range rooms {
		seen, err := confine.Look(fmt.Sprint(st.h.pid(room)))
		if err != nil {
			return "", fmt.Errorf("looking at the %s: %w", room, err)
		}
		if seen.Filters < 2 || !seen.NoNewPrivs || seen.Caps != "" {
			return "", fmt.Errorf("the kernel says of the %s: %+v", room, seen)
		}
		users[seen.User] = true
	}
	alone := 0
	ours, _ := os.Readlink("/proc/self/ns/net")
	for _, room := range []string{"keeper", "eye", "kiosk"} {
		if space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", st.h.pid(room))); err == nil && space != ours {
			alone++
		}
	}
	return fmt.Sprintf("%d rooms under %d users: 2 seccomp filters, no new privileges and no capability each; %d in empty network namespaces",
		len(rooms), len(users), alone), nil
}

// reload opens the page anew, as a browser does when the terminal starts.
func (st *story) reload() (err error) {
	if st.s != nil {
		st.s.close()
	}
	st.s, err = openScreen(st.ctx, st.h.screen)
	return err
}

func (st *story) newcomer() (string, error) {
	if err := st.s.pin(st.ctx, "newcomer", st.h.staffPIN, ""); err != nil {
		return "", err
	}
	e, err := st.s.wait(5*time.Second, "issued")
	if err != nil {
		return "", err
	}
	st.pin = e.body.PIN
	return fmt.Sprintf("%d digits", len(st.pin)), st.s.touch(st.ctx, "home", "")
}

// open types the PIN and says how long it took from the last digit to the relay.
func (st *story) open() (time.Duration, error) {
	mark := st.h.mark()
	st.s.drain()
	if err := st.s.pin(st.ctx, "open", st.pin, ""); err != nil {
		return 0, err
	}
	e, err := st.h.waitFrom(st.ctx, mark, 5*time.Second, func(e event) bool { return e.Event == "answered" && e.Method == "pin" })
	if err != nil {
		return 0, err
	}
	if e.Outcome != "granted" {
		return 0, fmt.Errorf("the PIN was %s", e.Outcome)
	}
	if _, err := st.s.wait(5*time.Second, "screen", "welcome"); err != nil {
		return 0, err
	}
	if err := st.relayIsOn(); err != nil {
		return 0, err
	}
	return time.Duration(e.TookUS) * time.Microsecond, st.s.touch(st.ctx, "home", "")
}

// relayIsOn reads what the relay itself did last.
func (st *story) relayIsOn() error {
	b, err := os.ReadFile(st.h.relayFile())
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	var last struct{ Relay string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Relay != "on" {
		return fmt.Errorf("the relay's last line is %q", lines[len(lines)-1])
	}
	return nil
}

func (st *story) pinOpens() (string, error) {
	took, err := st.open()
	return fmt.Sprintf("%s from the last digit to the relay", ms(took)), err
}

// face shows a photograph and waits for the decision about it.
func (st *story) face(picture, outcome string) (event, error) {
	if err := st.h.show(""); err != nil {
		return event{}, err
	}
	time.Sleep(1700 * time.Millisecond) // whoever stood there has gone
	mark := st.h.mark()
	if err := st.h.show(picture); err != nil {
		return event{}, err
	}
	e, err := st.h.waitFrom(st.ctx, mark, 10*time.Second, func(e event) bool { return e.Event == "answered" && e.Method == "face" })
	if err != nil {
		return e, fmt.Errorf("no decision about %s: %w", picture, err)
	}
	if e.Outcome != outcome {
		return e, fmt.Errorf("the decision about %s was %q, not %q", picture, e.Outcome, outcome)
	}
	return e, st.h.show("")
}

func (st *story) strangerStays() (string, error) {
	e, err := st.face(stranger, "denied")
	return fmt.Sprintf("denied, %s after the frame; the screen offers the PIN", ms(us(e.TookUS))), err
}

func (st *story) told() (string, error) {
	b, err := st.s.get(st.ctx, "/notice?lang=zh", nil)
	if err != nil {
		return "", err
	}
	var n struct{ Hash string }
	if err := json.Unmarshal(b, &n); err != nil {
		return "", err
	}
	st.notice = n.Hash
	return fmt.Sprintf("%d characters, SHA-256 %s…; the consent will carry this hash", len([]rune(string(b))), n.Hash[:16]),
		st.s.touch(st.ctx, "notice", st.notice)
}

func (st *story) declines() (string, error) {
	st.s.drain()
	if err := st.s.touch(st.ctx, "decline", st.notice); err != nil {
		return "", err
	}
	if _, err := st.s.wait(5*time.Second, "screen", "declined"); err != nil {
		return "", err
	}
	took, err := st.open()
	return fmt.Sprintf("recorded without a name; PIN to relay %s", ms(took)), err
}

func (st *story) agrees() (string, error) {
	if err := st.s.touch(st.ctx, "notice", st.notice); err != nil {
		return "", err
	}
	if err := st.h.show(enrolled); err != nil {
		return "", err
	}
	began := time.Now()
	if err := st.s.pin(st.ctx, "agree", st.pin, st.notice); err != nil {
		return "", err
	}
	e, err := st.s.wait(20*time.Second, "screen", "enrolled", "not-taken", "face-rests", "old-notice", "fault", "wrong-pin")
	if err != nil {
		return "", err
	}
	if e.body.Prompt != "enrolled" {
		return "", fmt.Errorf("the screen said %q", e.body.Prompt)
	}
	if err := st.h.show(""); err != nil {
		return "", err
	}
	if st.traces, err = tracesOf(st.h.stateDir()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s after the PIN; erased by itself at %s", ms(time.Since(began)), e.body.Until), st.s.touch(st.ctx, "home", "")
}

func (st *story) faceOpens() (string, error) {
	e, err := st.face(returning, "granted")
	if err != nil {
		return "", err
	}
	figure := fmt.Sprintf("%s from frame to relay", ms(us(e.TookUS)))
	if s := e.Stages; s != nil {
		figure += fmt.Sprintf(" (detector %s, landmarks %s, liveness %s, feature %s)", ms(us(s.Detect)), ms(us(s.Landmark)), ms(us(s.Liveness)), ms(us(s.Feature)))
	}
	return figure, nil
}

func (st *story) attackStays() (string, error) {
	e, err := st.face(refused, "denied")
	return fmt.Sprintf("denied, %s after the frame; the screen says \"use your PIN\", not why", ms(us(e.TookUS))), err
}

func (st *story) eyeDies() (string, error) {
	pid := st.h.pid("eye")
	mark := st.h.mark()
	if err := syscall.Kill(pid, syscall.SIGSEGV); err != nil {
		return "", fmt.Errorf("kill -SEGV %d: %w", pid, err)
	}
	began := time.Now()
	took, err := st.open()
	if err != nil {
		return "", err
	}
	if took > 300*time.Millisecond {
		return "", fmt.Errorf("the PIN took %s", took)
	}
	e, err := st.h.waitFrom(st.ctx, mark, 15*time.Second, func(e event) bool {
		return e.Room == "eye" && e.Event == "ready" && e.What == "face" && e.PID != pid
	})
	if err != nil {
		return "", fmt.Errorf("the eye did not come back: %w", err)
	}
	back := time.Since(began)
	if _, err := st.face(returning, "granted"); err != nil {
		return "", err
	}
	return fmt.Sprintf("PIN to relay %s; eye %d → %d, seeing again after %s", ms(took), pid, e.PID, ms(back)), nil
}

func (st *story) brokerDies() (string, error) {
	before := st.h.broker.mark()
	st.h.broker.close()
	took, err := st.open()
	if err != nil {
		return "", err
	}
	if err := st.h.broker.start(); err != nil {
		return "", err
	}
	m, err := st.h.broker.wait(before, 30*time.Second, func(m message) bool {
		return strings.HasPrefix(m.topic, root+"evt/feed") && strings.Contains(string(m.body), `"pin"`)
	})
	if err != nil {
		return "", fmt.Errorf("what happened while the broker was away was not delivered: %w", err)
	}
	return fmt.Sprintf("PIN to relay %s without broker; %d bytes about it delivered afterwards", ms(took), len(m.body)), nil
}

func (st *story) exportRefused() (string, error) {
	// The operator knows the resident as the events name them: by a pseudonym.
	enrolledAs, err := st.h.broker.wait(0, 5*time.Second, func(m message) bool {
		return strings.HasPrefix(m.topic, root+"evt/") && strings.Contains(string(m.body), `"enrolled"`)
	})
	if err != nil {
		return "", err
	}
	var resident struct{ Who string }
	if err := json.Unmarshal(enrolledAs.body, &resident); err != nil || resident.Who == "" {
		return "", fmt.Errorf("the event names nobody: %s", enrolledAs.body)
	}
	mark := st.h.broker.mark()
	id := hex.EncodeToString([]byte("please-all-faces"))
	now := time.Now()
	cmd, err := json.Marshal(map[string]any{"v": 1, "id": id, "act": "export", "who": resident.Who,
		"recipient": "head office", "client": "operator", "iat": now.Unix(), "exp": now.Add(30 * time.Second).Unix()})
	if err != nil {
		return "", err
	}
	if err := st.h.broker.publish(root+"cmd", cmd); err != nil {
		return "", err
	}
	m, err := st.h.broker.wait(mark, 10*time.Second, func(m message) bool {
		return m.topic == root+"cmd/res/operator" && !strings.Contains(string(m.body), `"accepted"`)
	})
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(m.body), "no-consent") {
		return "", fmt.Errorf("the answer was %s", m.body)
	}
	if _, err := st.h.broker.wait(mark, 10*time.Second, func(m message) bool {
		return strings.HasPrefix(m.topic, root+"evt/") && strings.Contains(string(m.body), "export-refused")
	}); err != nil {
		return "", fmt.Errorf("the refusal was not recorded: %w", err)
	}
	return fmt.Sprintf("answered in %d bytes: %s", len(m.body), m.body), nil
}

func (st *story) otherOrigin() (string, error) {
	if err := st.h.show(returning); err != nil {
		return "", err
	}
	var own []byte
	for i := 0; len(own) == 0 && i < 50; i++ {
		time.Sleep(100 * time.Millisecond)
		own, _ = st.s.get(st.ctx, "/preview", nil)
	}
	if len(own) == 0 {
		return "", errors.New("the terminal's own page gets no preview")
	}
	tries := []map[string][]string{
		{"Origin": {"https://other.example"}}, {"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"null"}},
	}
	for _, header := range tries {
		for _, path := range []string{"/preview", "/", "/notice?lang=zh"} {
			if body, err := st.s.get(st.ctx, path, header); err == nil || len(body) > 0 {
				return "", fmt.Errorf("%s with %v gave %d bytes", path, header, len(body))
			}
		}
	}
	return fmt.Sprintf("%d foreign requests, 0 bytes; its own page got a preview of %d bytes", 3*len(tries), len(own)), st.h.show("")
}

func (st *story) withdraws() (string, error) {
	st.s.drain()
	began := time.Now()
	if err := st.s.pin(st.ctx, "withdraw", st.pin, ""); err != nil {
		return "", err
	}
	if _, err := st.s.wait(5*time.Second, "screen", "withdrawn"); err != nil {
		return "", err
	}
	unusable := time.Since(began)
	if _, err := st.s.wait(10*time.Second, "screen", "erased"); err != nil {
		return "", err
	}
	erased := time.Since(began)
	e, err := st.s.wait(5*time.Second, "receipt")
	if err != nil {
		return "", fmt.Errorf("no receipt came: %w", err)
	}
	st.proof = e.body.Text
	return fmt.Sprintf("unusable %s after the PIN, erased after %s, receipt on the screen as a QR code of %d signs", ms(unusable), ms(erased), len(st.proof)),
		st.s.touch(st.ctx, "home", "")
}

func (st *story) dead() (string, error) {
	if _, err := st.face(returning, "denied"); err != nil {
		return "", err
	}
	found, bytes, err := searchFolder(st.h.stateDir(), st.traces)
	if err != nil {
		return "", err
	}
	if found > 0 || len(st.traces) == 0 {
		return "", fmt.Errorf("%d of %d traces found", found, len(st.traces))
	}
	return fmt.Sprintf("denied; %d pieces of the sealed face and its key looked for in %s of state: 0 found", len(st.traces), size(bytes)), nil
}

func (st *story) searched() (string, error) {
	return searchEverything(st)
}

func (st *story) audited() (string, error) {
	key, err := st.publicKey()
	if err != nil {
		return "", err
	}
	copied := filepath.Join(st.h.dir, "copy")
	if err := copyQuietly(filepath.Join(st.h.stateDir(), "keeper", "audit"), copied); err != nil {
		return "", err
	}
	verify := func() ([]byte, error) {
		return exec.CommandContext(st.ctx, filepath.Join(st.h.programs, "edged"), "audit", "verify", copied, "--key", key).CombinedOutput()
	}
	good, err := verify()
	if err != nil {
		return "", fmt.Errorf("the true copy: %w: %s", err, good)
	}
	if err := spoil(copied); err != nil {
		return "", err
	}
	bad, err := verify()
	if err == nil {
		return "", errors.New("a changed copy verified")
	}
	first, _, _ := strings.Cut(string(good), "\n")
	return fmt.Sprintf("%s; changed copy: %s", first, strings.TrimSpace(string(bad))), nil
}

func (st *story) restarted() (string, error) {
	st.s.close()
	began := time.Now()
	if err := st.h.stop(); err != nil {
		return "", fmt.Errorf("stopping: %w", err)
	}
	stopped := time.Since(began)
	if err := st.h.start(st.ctx); err != nil {
		return "", err
	}
	ready := st.h.startTimes()
	if err := st.reload(); err != nil {
		return "", err
	}
	took, err := st.open()
	if err != nil {
		return "", err
	}
	if _, err := st.face(returning, "denied"); err != nil {
		return "", err
	}
	return fmt.Sprintf("stopped in %s; PIN ready %.0f ms and face ready %.0f ms after the start; PIN to relay %s; face denied",
		ms(stopped), ready["pin"], ready["face"], ms(took)), nil
}

func us(n uint32) time.Duration { return time.Duration(n) * time.Microsecond }

func ms(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
