package hall

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openCameras opens what the eye looks with, anew for every life of it.
func (p *post) openCameras() error {
	for name, path := range p.cameras {
		if path == "" {
			continue
		}
		if err := p.openCamera(name, path); err != nil {
			return err
		}
	}
	return nil
}

// openCamera does without os.OpenFile, which registers a device with Go's poller: that first poll makes many drivers
// begin to emulate read(2), and then the camera is busy for everybody else (seen with vivid, test/devices).
func (p *post) openCamera(name, path string) error {
	if old := p.files[name]; old != nil {
		old.Close()
		delete(p.files, name)
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the %s %s: %w (is it plugged in, and may this user read it? group video)", name, path, err)
	}
	p.files[name] = os.NewFile(uintptr(fd), path)
	return nil
}
