package demo

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/edged/internal/operator"
)

// issue has the staff give somebody a PIN, and notes how old they are.
func (st *story) issue(age string) (string, error) {
	if err := st.s.post(st.ctx, "/pin", map[string]string{"act": "newcomer", "pin": st.h.staffPIN, "age": age}); err != nil {
		return "", err
	}
	e, err := st.s.wait(5*time.Second, "issued")
	if err != nil {
		return "", err
	}
	return e.body.PIN, st.s.touch(st.ctx, "home", "")
}

// answer waits for the next prompt that is one of these.
func (st *story) answer(prompts ...string) (string, error) {
	e, err := st.s.wait(10*time.Second, "screen", prompts...)
	return e.body.Prompt, err
}

// childAsks shows whose word counts for a child: not the child's, and a guardian's only with the staff looking on.
func (st *story) childAsks() (string, error) {
	born := time.Now().AddDate(-9, 0, 0).Format("20060102")
	child, err := st.issue(born)
	if err != nil {
		return "", err
	}
	mother, err := st.issue("adult")
	if err != nil {
		return "", err
	}
	st.s.drain()
	if err := errors.Join(st.s.touch(st.ctx, "notice", st.notice), st.s.pin(st.ctx, "agree", child, st.notice)); err != nil {
		return "", err
	}
	if _, err := st.answer("guardian"); err != nil {
		return "", fmt.Errorf("the child alone: %w", err)
	}
	for _, try := range []struct{ guardian, says string }{{child, "not-guardian"}, {mother, "look"}} {
		if err := errors.Join(st.s.touch(st.ctx, "notice", st.notice), st.s.read(st.ctx, st.notice)); err != nil {
			return "", err
		}
		if err := st.s.post(st.ctx, "/attest", map[string]string{"act": "guardian", "first": try.guardian, "second": child, "third": st.h.staffPIN,
			"relation": "parent", "notice": st.notice, "lang": "zh"}); err != nil {
			return "", err
		}
		if _, err := st.answer(try.says); err != nil {
			return "", err
		}
	}
	began := time.Now()
	if err := errors.Join(st.s.touch(st.ctx, "home", ""), st.s.pin(st.ctx, "wards", mother, "")); err != nil {
		return "", err
	}
	if _, err := st.answer("withdrawn"); err != nil {
		return "", err
	}
	return fmt.Sprintf("a child of 9 alone: refused, no frame looked at; its own guardian: refused; mother and staff, 3 PINs: taken; taken back by her in %s",
		ms(time.Since(began))), st.s.touch(st.ctx, "home", "")
}

// ownRecord is what somebody sees and takes away of what is kept about them, with their PIN alone.
func (st *story) ownRecord() (string, error) {
	st.s.drain()
	looks := 0
	for range 2 { // reading is itself recorded: the second time shows the first
		if err := st.s.pin(st.ctx, "mine", st.pin, ""); err != nil {
			return "", err
		}
		e, err := st.s.wait(5*time.Second, "record")
		if err != nil {
			return "", err
		}
		looks = len(e.body.Looks)
	}
	if looks != 2 {
		return "", fmt.Errorf("the record was read twice, and says %d", looks)
	}
	began := time.Now()
	if err := st.s.pin(st.ctx, "take", st.pin, ""); err != nil {
		return "", err
	}
	var codes []string
	for {
		e, err := st.s.wait(5*time.Second, "piece")
		if err != nil {
			return "", err
		}
		if codes = append(codes, e.body.Text); e.body.Part == e.body.Last {
			break
		}
	}
	took := time.Since(began)
	key, err := st.publicKey()
	if err != nil {
		return "", err
	}
	var out, wrong bytes.Buffer
	if operator.Main(st.ctx, []string{"verify", "copy", strings.Join(codes, "\n"), "--key", key}, &out, &wrong) != 0 {
		return "", fmt.Errorf("the copy: %s%s", out.String(), wrong.String())
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	return fmt.Sprintf("both readings stand in the record; a copy in %d QR codes after %s; edgectl: %s", len(codes), ms(took), first),
		st.s.touch(st.ctx, "home", "")
}
