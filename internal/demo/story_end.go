package demo

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

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
