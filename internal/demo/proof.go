package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"example.org/edged/internal/operator"
)

// publicKey is what the device tells everybody.
func (st *story) publicKey() (string, error) {
	m, err := st.h.broker.wait(0, 5*time.Second, func(m message) bool {
		return m.topic == root+"describe" && strings.Contains(string(m.body), "audit_key")
	})
	if err != nil {
		return "", err
	}
	var d struct {
		AuditKey string `json:"audit_key"`
	}
	if err := json.Unmarshal(m.body, &d); err != nil || d.AuditKey == "" {
		return "", fmt.Errorf("the device does not tell its public key: %s", m.body)
	}
	return d.AuditKey, nil
}

// proved does what somebody with the photographed code does, on any laptop.
func (st *story) proved() (string, error) {
	key, err := st.publicKey()
	if err != nil {
		return "", err
	}
	verify := func(text string) (string, int) {
		var out, wrong bytes.Buffer
		code := operator.Main(st.ctx, []string{"verify", "receipt", text, "--key", key}, &out, &wrong)
		return strings.TrimSpace(out.String() + wrong.String()), code
	}
	good, code := verify(st.proof)
	if code != 0 || !strings.Contains(good, "withdrawn") {
		return "", fmt.Errorf("the receipt: %s", good)
	}
	at := len(st.proof) / 2
	sign := "A"
	if st.proof[at:at+1] == sign {
		sign = "B"
	}
	bad, code := verify(st.proof[:at] + sign + st.proof[at+1:])
	if code != 1 {
		return "", errors.New("a changed receipt verifies")
	}
	first, _, _ := strings.Cut(good, "\n")
	return fmt.Sprintf("%s; changed: %s", first, bad), nil
}

// leaves decommissions the device with a resident's PIN, and whatever else there is, still in it.
func (st *story) leaves() (string, error) {
	key, err := st.publicKey()
	if err != nil {
		return "", err
	}
	st.s.close()
	if err := st.h.stop(); err != nil {
		return "", err
	}
	began := time.Now()
	if out, err := st.edged("", "decommission", "--device", "demo-door"); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	took := time.Since(began)
	var out, wrong bytes.Buffer
	if operator.Main(st.ctx, []string{"verify", "certificate", filepath.Join(st.h.stateDir(), "decommissioned.certificate"), "--key", key}, &out, &wrong) != 0 {
		return "", fmt.Errorf("the certificate: %s%s", out.String(), wrong.String())
	}
	if !strings.Contains(out.String(), "pins destroyed 3 left 0") {
		return "", fmt.Errorf("the certificate says %s", out.String())
	}
	for _, gone := range []string{"keeper/device.key", "keeper/access.db", "keeper/people.db", "keeper/keys.db", "keysmith", "courier"} {
		if _, err := os.Stat(filepath.Join(st.h.stateDir(), gone)); !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("%s is still there: %v", gone, err)
		}
	}
	if out, err := st.edged("", "run"); err == nil || !strings.Contains(out, "was decommissioned") {
		return "", fmt.Errorf("it runs again: %s", out)
	}
	lines := strings.Split(out.String(), "\n")
	return fmt.Sprintf("in %s; the certificate verifies: %s, %s", ms(took), lines[3], lines[4]), nil
}

// edged types a command line; in is what it is given to read.
func (st *story) edged(in string, args ...string) (string, error) {
	cmd := exec.CommandContext(st.ctx, filepath.Join(st.h.programs, "edged"), append(args, "--config", st.h.configFile())...)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (st *story) stopped() (string, error) {
	st.s.drain()
	began := time.Now()
	if out, err := st.edged("", "stop", "face", "--reason", "complaint"); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	took := time.Since(began)
	if took > time.Second {
		return "", fmt.Errorf("stopping took %s", took)
	}
	if err := st.s.waitFace(time.Second, "stopped"); err != nil {
		return "", err
	}
	if err := st.h.stop(); err != nil {
		return "", err
	}
	if err := st.h.startWithoutFace(st.ctx); err != nil {
		return "", err
	}
	if err := st.reload(); err != nil {
		return "", err
	}
	if err := st.s.waitFace(5*time.Second, "stopped"); err != nil {
		return "", fmt.Errorf("after a restart: %w", err)
	}
	opened, err := st.open()
	if err != nil {
		return "", err
	}
	if out, err := st.edged(st.h.staffPIN+"\n"+st.h.staffPIN+"\n", "stop", "lift"); err == nil {
		return "", fmt.Errorf("one person lifted it: %s", out)
	}
	if out, err := st.edged(st.h.staffPIN+"\n"+st.h.secondPIN+"\n", "stop", "lift"); err != nil {
		return "", fmt.Errorf("two people could not lift it: %w: %s", err, out)
	}
	if err := st.s.waitFace(10*time.Second, "on"); err != nil {
		return "", err
	}
	if _, err := st.face(returning, "granted"); err != nil {
		return "", err
	}
	return fmt.Sprintf("stopped in %s with the command; still after a restart; PIN to relay %s; lifted by two", ms(took), ms(opened)), nil
}

// waitFace waits until the home screen says so of faces.
func (s *screen) waitFace(d time.Duration, mode string) error {
	late := time.Now().Add(d)
	for {
		e, err := s.wait(time.Until(late), "door")
		if err != nil {
			return fmt.Errorf("the home screen did not say that face is %q: %w", mode, err)
		}
		if e.body.Face == mode {
			return nil
		}
	}
}
