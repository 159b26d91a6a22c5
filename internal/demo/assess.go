package demo

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// form is the demonstration's impact assessment, filled in.
//
//go:embed assessment.yaml
var form []byte

// assess signs the demonstration's impact assessment, as staff would before a door's first day.
func (h *house) assess(ctx context.Context, form []byte) error {
	path := filepath.Join(h.dir, "assessment.yaml")
	if err := os.WriteFile(path, form, 0o600); err != nil {
		return err
	}
	sign := exec.CommandContext(ctx, filepath.Join(h.programs, "edged"), "assess", "sign", "--config", h.configFile(), "--post", "plays the staff of the demonstration", path)
	sign.Stdin = strings.NewReader(h.staffPIN + "\n")
	if out, err := sign.CombinedOutput(); err != nil {
		return fmt.Errorf("signing the impact assessment: %w: %s", err, out)
	}
	return nil
}

// assessed shows that the assessment came first, and what the device says of it.
func (st *story) assessed() (string, error) {
	out, err := st.edged("", "assess", "show")
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	lines := strings.Split(out, "\n")
	return strings.Join(lines[1:], "; ") + "; no face was taken yet", nil
}
