package command

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/leaving"
	"example.org/edged/internal/room"
)

// Files in the state folder of a device that leaves, or has left.
const (
	leavingMark = "leaving"                    // it was decided; nothing else runs before it is done
	leftMark    = "decommissioned"             // it is done
	certificate = "decommissioned.certificate" // a copy of the keeper's, for whoever collects the device
)

type leaveCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Device string `help:"The device's id, so that nobody decommissions another one by mistake." required:""`
}

// Run decides first, on the disk, and then does it: after a power cut it is finished, by this command or by the next
// `edged run`, before anything else.
func (c *leaveCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if c.Device != cfg.Device.ID {
		return coded{exitUsage, fmt.Errorf("this device is %q, not %q; nothing was done", cfg.Device.ID, c.Device)}
	}
	if conn, err := hall.Reach(cfg.State); err == nil {
		conn.Close()
		return errors.New("edged is running: stop it first (systemctl stop edged); nothing was done")
	}
	if there(cfg.State, leftMark) {
		return t.hasLeft(cfg)
	}
	if _, err := os.Stat(cfg.State); err != nil {
		return fmt.Errorf("there is nothing to destroy: %w", err)
	}
	if err := hall.Mark(cfg.State, leavingMark); err != nil {
		return fmt.Errorf("writing down that this device leaves: %w; nothing was done", err)
	}
	_, err = t.leaveFirst(cfg)
	return err
}

func there(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}

// leaveFirst finishes a decommissioning that was decided. done means that there is no door to guard.
func (t *tools) leaveFirst(cfg *config.Config) (done bool, err error) {
	if there(cfg.State, leftMark) {
		return true, t.hasLeft(cfg)
	}
	if !there(cfg.State, leavingMark) {
		return false, nil
	}
	programs, err := t.programs()
	if err != nil {
		return true, err
	}
	house := hall.House{State: cfg.State, Programs: programs, Keeper: cfg.Keeper(room.Pack{}, t.Time()),
		OwnUsers: cfg.Rooms.Users == "auto", LogLevel: slog.LevelInfo}
	if there(cfg.KeysFolder(), "made") { // the last generation dies with the device, also for a copy of its disk
		if house.Keys, err = t.keys(cfg); err != nil {
			return true, err
		}
	}
	house.Keeper.Face = nil
	h, err := hall.New(house, t.log, nil)
	if err != nil {
		return true, coded{exitWalls, err}
	}
	if _, err := h.Leave(t.ctx); err != nil {
		return true, err
	}
	text, err := os.ReadFile(filepath.Join(house.Keeper.Folder, leaving.CertificateName))
	if err != nil {
		return true, fmt.Errorf("reading the certificate: %w", err)
	}
	for _, other := range []string{"keysmith", "courier", "stop", "hand"} { // other rooms' keys and copies of events
		if err := os.RemoveAll(filepath.Join(cfg.State, other)); err != nil {
			return true, fmt.Errorf("removing what is left: %w", err)
		}
	}
	if err := hall.WriteDurably(filepath.Join(cfg.State, certificate), text); err != nil {
		return true, fmt.Errorf("copying the certificate: %w", err)
	}
	if err := hall.WriteDurably(filepath.Join(cfg.State, leftMark), nil); err != nil {
		return true, fmt.Errorf("writing down that it is done: %w", err)
	}
	if err := unix.Unlink(filepath.Join(cfg.State, leavingMark)); err != nil {
		return true, fmt.Errorf("writing down that it is done: %w", err)
	}
	_, err = t.Out.Write(text)
	return true, err
}

// hasLeft is the answer of a device that is out of service.
func (t *tools) hasLeft(cfg *config.Config) error {
	return coded{exitConfig, fmt.Errorf("this device was decommissioned, and the certificate is %s; to put it into service again as a new one, move %s away",
		filepath.Join(cfg.State, certificate), cfg.State)}
}
