package demo

import (
	"encoding/json"
	"fmt"
	"time"
)

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
