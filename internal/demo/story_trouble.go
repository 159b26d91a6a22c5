package demo

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

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
	st.who = resident.Who
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
