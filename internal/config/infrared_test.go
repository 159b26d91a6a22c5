package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/config"
	"example.org/edged/internal/room"
)

func TestAnInfraredCameraGoesWhereTheCameraGoes(t *testing.T) {
	const rest = "notice: notice.yaml\ndoor: {methods: [pin, face]}\nface: {models: m}\n"
	for camera, want := range map[string]struct {
		eye    room.Camera
		device string
	}{
		"{source: v4l2, device: /dev/video0, infrared: /dev/video2, fps: 30}": {room.Camera{Kind: "v4l2", Width: 640, Height: 480, FPS: 30}, "/dev/video2"},
		"{source: pictures, folder: /p, every: 5s, infrared: /i}":             {room.Camera{Kind: "pictures", Folder: "/i", Every: 100 * time.Millisecond, Silent: 2 * time.Second}, ""},
		"{source: v4l2}": {},
	} {
		c := written(t, rest+"camera: "+camera+"\n")
		eye, _ := c.Eye(pack)
		if eye.Infrared != want.eye || c.InfraredDevice() != want.device {
			t.Errorf("%s: %+v, %q", camera, eye.Infrared, c.InfraredDevice())
		}
		if asked := c.Keeper(pack, time.Now()).Face.Infrared; asked != (want.eye.Kind != "") {
			t.Errorf("%s: the keeper is told %v", camera, asked)
		}
	}
	c := written(t, "door: {methods: [pin]}\ncamera: {source: v4l2, infrared: /dev/video2}\n")
	if c.InfraredDevice() != "" {
		t.Error("a camera is opened although no face opens the door")
	}
}

func TestAnInfraredCameraThatIsNoneIsRefused(t *testing.T) {
	for camera, says := range map[string]string{
		"{source: v4l2, infrared: /dev/video0}":                   "is the camera itself",
		"{source: pictures, folder: p, infrared: p}":              "is the camera itself",
		"{source: video, file: f, infrared: /dev/video2}":         "there is none of source: video",
		"{source: rtsp, url: 'rtsp://c/', infrared: /dev/video2}": "there is none of source: rtsp",
	} {
		path := filepath.Join(t.TempDir(), "door.yaml")
		text := "device: {id: door-1}\nstaff: [{name: desk, pin_hash: '" + hash + "'}]\ndoor: {methods: [pin]}\ncamera: " + camera + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Read(path); err == nil || !strings.Contains(err.Error(), "camera.infrared") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", camera, err)
		}
	}
}

func TestCheckSaysThatInfraredIsNotMeasured(t *testing.T) {
	c := written(t, faceDoor+"camera: {source: v4l2, infrared: /dev/video99}\n")
	found := c.Check(t.Context(), config.Around{Models: func(string, string) error { return nil }})
	var missing, unmeasured bool
	for _, f := range found {
		if f.Part == "camera.infrared" {
			missing = missing || f.Level == config.Fail && strings.Contains(f.What, "/dev/video99 does not exist")
			unmeasured = unmeasured || f.Level == config.Warn && strings.Contains(f.What, "not measured on it")
		}
	}
	if !missing || !unmeasured {
		t.Errorf("%+v", found)
	}
	c = written(t, faceDoor+"camera: {source: v4l2}\n")
	for _, f := range c.Check(t.Context(), config.Around{Models: func(string, string) error { return nil }}) {
		if f.Part == "camera.infrared" {
			t.Errorf("%+v", f)
		}
	}
}
