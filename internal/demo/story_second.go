package demo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// unmeasured plays the door as most are: nobody has measured liveness on its camera.
func (st *story) unmeasured() (figure string, err error) {
	const demo, usual = "alone: unmeasured", "alone: measured"
	if err := st.restartWith(demo, usual, "verify"); err != nil {
		return "", err
	}
	defer func() {
		if back := st.restartWith(usual, demo, "on"); err == nil {
			err = back
		}
	}()
	if figure, err = st.bothSigns(); err != nil {
		return "", err
	}
	return "no table: the face alone opened nothing in 2 s; " + figure, nil
}

// restartWith changes one word of the config file and starts anew.
func (st *story) restartWith(from, to, mode string) error {
	b, err := os.ReadFile(st.h.configFile())
	if err != nil {
		return err
	}
	if !bytes.Contains(b, []byte(from)) {
		return fmt.Errorf("the config file does not say %q", from)
	}
	if err := os.WriteFile(st.h.configFile(), bytes.Replace(b, []byte(from), []byte(to), 1), 0o644); err != nil {
		return err
	}
	if err := st.h.stop(); err != nil {
		return err
	}
	if err := st.h.start(st.ctx); err != nil {
		return err
	}
	if err := st.reload(); err != nil {
		return err
	}
	return st.s.waitFace(10*time.Second, mode)
}

// bothSigns shows the resident's face alone, which must open nothing, then after the PIN.
func (st *story) bothSigns() (string, error) {
	mark := st.h.mark()
	if err := st.h.show(returning); err != nil {
		return "", err
	}
	time.Sleep(2 * time.Second) // three sightings take less than a fifth of it
	if opened := st.h.since(mark, func(e event) bool { return e.Event == "answered" && e.Outcome == "granted" }); opened > 0 {
		return "", errors.New("the face alone opened")
	}
	st.s.drain()
	if err := st.s.pin(st.ctx, "open", st.pin, ""); err != nil {
		return "", err
	}
	e, err := st.h.waitFrom(st.ctx, mark, 10*time.Second, func(e event) bool { return e.Event == "answered" && e.Outcome == "granted" })
	if err != nil {
		return "", fmt.Errorf("PIN and face together: %w", err)
	}
	if e.Method != "face" {
		return "", fmt.Errorf("the %s opened alone", e.Method)
	}
	if err := st.relayIsOn(); err != nil {
		return "", err
	}
	if err := st.s.touch(st.ctx, "home", ""); err != nil {
		return "", err
	}
	return fmt.Sprintf("after the PIN it did, %s after the frame", ms(us(e.TookUS))), st.h.show("")
}

// marked plays somebody whose face never opens alone: a twin, a child.
func (st *story) marked() (string, error) {
	if out, err := st.edged(st.pin+"\n"+st.pin+"\n", "second-sign"); err == nil {
		return "", fmt.Errorf("the resident marked themselves: %s", out)
	}
	if out, err := st.edged(st.h.staffPIN+"\n"+st.pin+"\n", "second-sign"); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	figure, err := st.bothSigns()
	if err != nil {
		return "", err
	}
	if out, err := st.edged(st.h.staffPIN+"\n"+st.pin+"\n", "second-sign", "--off"); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if _, err := st.face(returning, "granted"); err != nil {
		return "", err
	}
	return "marked by staff: the face alone was denied; " + figure + "; taken back, it opens alone", nil
}

// since counts events.
func (h *house) since(mark int, what func(event) bool) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events[mark:] {
		if what(e) {
			n++
		}
	}
	return n
}
