package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// visitor comes for an hour and is told so; the house ends the visit earlier, and nothing of the face is left.
func (st *story) visitor() (string, error) {
	st.s.drain()
	if err := st.s.post(st.ctx, "/pin", map[string]string{"act": "newcomer", "pin": st.h.staffPIN, "hours": "1", "age": "adult"}); err != nil {
		return "", err
	}
	issued, err := st.s.wait(5*time.Second, "issued")
	if err != nil {
		return "", err
	}
	if issued.body.Until == "" || issued.body.Number == "" {
		return "", errors.New("the screen does not say until when the visit is, or what to call the visitor")
	}
	until, err := st.visitorAgrees(issued.body.PIN)
	if err != nil {
		return "", err
	}
	if until != issued.body.Until {
		return "", fmt.Errorf("the visit ends at %s and the face at %s", issued.body.Until, until)
	}
	if _, err := st.face(stranger, "granted"); err != nil {
		return "", err
	}
	mark, began := st.h.broker.mark(), time.Now()
	if out, err := st.edged("", "end", issued.body.Number, "--why", "visit"); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if _, err := st.h.broker.wait(mark, 10*time.Second, func(m message) bool {
		var e struct{ Event, Reason string }
		return json.Unmarshal(m.body, &e) == nil && e.Event == "erased" && e.Reason == "visit-ended"
	}); err != nil {
		return "", fmt.Errorf("the erasure was not told: %w", err)
	}
	gone := time.Since(began)
	st.s.drain()
	if err := st.s.pin(st.ctx, "open", issued.body.PIN, ""); err != nil {
		return "", err
	}
	if _, err := st.s.wait(5*time.Second, "screen", "wrong-pin"); err != nil {
		return "", err
	}
	if _, err := st.face(stranger, "denied"); err != nil {
		return "", err
	}
	_, err = st.open() // a right PIN, so that no wrong try is left over
	return fmt.Sprintf("let in by face until %s at most; `edged end --why visit`: erased %s later, PIN and face open nothing", until, ms(gone)), err
}

// visitorAgrees has the visitor read, agree and be enrolled, and gives the end that the screen told.
func (st *story) visitorAgrees(pin string) (until string, err error) {
	if err := st.s.touch(st.ctx, "home", ""); err != nil {
		return "", err
	}
	if err := st.s.touch(st.ctx, "notice", st.notice); err != nil {
		return "", err
	}
	if err := st.h.show(stranger); err != nil {
		return "", err
	}
	if err := st.s.pin(st.ctx, "agree", pin, st.notice); err != nil {
		return "", err
	}
	e, err := st.s.wait(20*time.Second, "screen", "enrolled", "not-taken", "face-rests", "old-notice", "fault", "wrong-pin")
	if err == nil && e.body.Prompt != "enrolled" {
		err = fmt.Errorf("the screen said %q", e.body.Prompt)
	}
	if err != nil {
		return "", err
	}
	if err := st.h.show(""); err != nil {
		return "", err
	}
	return e.body.Until, st.s.touch(st.ctx, "home", "")
}
