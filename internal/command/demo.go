package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

type demoCmd struct {
	Models string `help:"Folder of the model pack." default:"${models}" type:"path"`
	Stay   bool   `help:"Stay up afterwards, with the screen at a printed address, until Ctrl-C."`
	JSON   bool   `help:"Print the steps as JSON." name:"json"`
}

// Run starts the program that plays the visitors. It is a program of its own because it must use the network, as
// resident, operator and broker do, and this one must not be able to.
func (c *demoCmd) Run(t *tools) error {
	args := []string{"story", "--models", c.Models}
	if c.Stay {
		args = append(args, "--stay")
	}
	if c.JSON {
		args = append(args, "--json")
	}
	return t.visitor(args...)
}

// visitor runs edged-demo with the same streams, and waits for it when Ctrl-C reaches both.
func (t *tools) visitor(args ...string) error {
	dir, err := t.programs()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(t.ctx, filepath.Join(dir, "edged-demo"), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, t.Err
	if err = cmd.Run(); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the demonstration's program is missing: %w (run `make build`)", err)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitNo {
		return errNo
	}
	return err
}
