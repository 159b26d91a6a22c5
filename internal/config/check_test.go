package config_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/config"
)

const pinDoor = "door: {methods: [pin]}\n"
const faceDoor = "door: {methods: [pin, face]}\nnotice: notice.yaml\nface: {models: m}\n"

// finding is the first finding about a part that is not ok, or the first one at all.
func finding(t *testing.T, found []config.Finding, part string) config.Finding {
	t.Helper()
	first := config.Finding{}
	for _, f := range found {
		if f.What == "" || f.Level != config.OK && f.Do == "" {
			t.Errorf("%+v says nothing, or not what to do", f)
		}
		if f.Part == part && (first.What == "" || first.Level == config.OK) {
			first = f
		}
	}
	return first
}

func TestCheckSaysWhatIsWrongHere(t *testing.T) {
	whole := func(folder, pack string) error { return nil }
	for _, test := range []struct {
		name, more string
		prepare    func(t *testing.T, dir string) error
		part       string
		level      config.Level
		what       string
	}{
		{"everybody may change the config", pinDoor, func(t *testing.T, dir string) error { return os.Chmod(filepath.Join(dir, "door.yaml"), 0o666) }, "config", config.Fail, "can be changed by others"},
		{"everybody may read the config", pinDoor, func(t *testing.T, dir string) error { return os.Chmod(filepath.Join(dir, "door.yaml"), 0o644) }, "config", config.Warn, "can be read by everybody"},
		{"the config is closed", pinDoor, nil, "config", config.OK, "closed to others"},
		{"state on a file system that is no disk", "state: /proc/edged\n" + pinDoor, nil, "state", config.Fail, "not known to be local (0x9fa0)"},
		{"state in memory", "state: /dev/shm/edged\n" + pinDoor, nil, "state", config.Warn, "forgotten when the power goes"},
		{"state is a file", "state: door.yaml\n" + pinDoor, nil, "state", config.Fail, "is not a folder"},
		{"state that everybody may change", "state: st\n" + pinDoor, mkdir("st", 0o777), "state", config.Fail, "can be changed by others"},
		{"state of somebody else", "state: st\n" + pinDoor, owned("st"), "state", config.Fail, "belongs to user 12345"},
		{"templates that others may read", "state: st\n" + pinDoor, mkdir("st/keeper", 0o750), "state", config.Fail, "open to others (mode 0750)"},
		{"templates of somebody else", "state: st\n" + pinDoor, owned("st/keeper"), "state", config.Fail, "belongs to user 12345"},
		{"a camera that is not plugged in", faceDoor + "camera: {source: v4l2, device: /dev/video99}\n", nil, "camera.device", config.Fail, "/dev/video99 does not exist"},
		{"a device that is no camera", faceDoor + "camera: {source: v4l2, device: /dev/null}\n", nil, "camera.device", config.Fail, "is not a camera"},
		{"a folder without pictures", faceDoor + "camera: {source: pictures, folder: .}\n", nil, "camera.folder", config.Fail, "holds no picture"},
		{"a folder that is not there", faceDoor + "camera: {source: pictures, folder: gone}\n", nil, "camera.folder", config.Fail, "no such file"},
		{"an empty video", faceDoor + "camera: {source: video, file: v.mp4}\n", write("v.mp4", ""), "camera.file", config.Fail, "is empty"},
		{"an IP camera is not called", faceDoor + "camera: {source: rtsp, url: 'rtsp://a:hunter2@cam/'}\n", nil, "camera", config.OK, "only called by the lens"},
		{"how long the list may be for a face alone", faceDoor + "camera: {source: v4l2}\n", nil, "face.people", config.OK, "bears up to 6 by face alone"},
		{"no face, no camera", pinDoor, nil, "face", config.OK, "no camera is opened"},
		{"a password file that is not there", pinDoor + "mqtt: {broker: 'ssl://b:1', user: u, password_file: pw}\n", nil, "mqtt.password_file", config.Fail, "there is no such file"},
		{"a password that everybody may read", pinDoor + "mqtt: {broker: 'ssl://b:1', user: u, password_file: pw}\n", write("pw", "x"), "mqtt.password_file", config.Fail, "open to everybody"},
		{"an authority that is no PEM file", pinDoor + "mqtt: {broker: 'ssl://b:1', ca: ca.pem}\n", write("ca.pem", "x"), "mqtt.ca", config.Fail, "no PEM block"},
		{"a key where the authority belongs", pinDoor + "mqtt: {broker: 'ssl://b:1', ca: ca.pem}\n", write("ca.pem", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), "mqtt.ca", config.Fail, "of kind EC PRIVATE KEY"},
		{"a broker in the clear", pinDoor + "mqtt: {broker: 'tcp://broker:1883'}\n", nil, "mqtt.broker", config.Warn, "neither encrypted"},
		{"a broker in the clear on this machine", pinDoor + "mqtt: {broker: 'tcp://127.0.0.1:1883'}\n", nil, "mqtt", config.OK, "only called by the courier"},
		{"a voice whose recordings are missing", pinDoor + "kiosk: {voice: v, languages: [en]}\n", write("v/en/prompt.welcome.ogg", "OggS"), "kiosk.voice", config.Warn, "are missing in"},
		{"a voice in a folder that is not there", pinDoor + "kiosk: {voice: gone}\n", nil, "kiosk.voice", config.Fail, "is not a folder"},
		{"no voice is asked for", pinDoor, nil, "kiosk.voice", "", ""},
		{"no face, no keys", pinDoor, nil, "keys.tier", "", ""},
		{"a key file, and what it does not protect", faceDoor + "camera: {source: v4l2}\nkeys: {tier: key-file}\n", nil, "keys.tier", config.Warn, "whole disk is copied"},
		{"a TPM in software", faceDoor + "camera: {source: v4l2}\nkeys: {tpm: 'unix:/dev/null'}\n", nil, "keys.tier", config.OK, "stays closed also for whoever copied the disk"},
		{"a TPM that is not there", faceDoor + "camera: {source: v4l2}\nkeys: {tier: tpm, tpm: /dev/tpmrm9}\n", nil, "keys.tier", config.Fail, "/dev/tpmrm9 cannot be used"},
		{"the TPM is gone that a device was made with", "state: st\n" + faceDoor + "camera: {source: v4l2}\nkeys: {tpm: /dev/tpmrm9}\n", made("tpm"), "keys.tier", config.Fail, "/dev/tpmrm9 cannot be used"},
		{"a device that was made with another tier", "state: st\n" + faceDoor + "camera: {source: v4l2}\nkeys: {tier: key-file}\n", made("tpm"), "keys.tier", config.Fail, "kept by tier tpm"},
		{"a device keeps the tier that it was made with", "state: st\n" + faceDoor + "camera: {source: v4l2}\nkeys: {tpm: 'unix:/dev/null'}\n", made("key-file"), "keys.tier", config.Warn, "key file"},
		{"a damaged word about the tier", "state: st\n" + faceDoor + "camera: {source: v4l2}\n", made("\""), "keys", config.Fail, "cannot be read"},
		{"a passphrase that everybody may read", faceDoor + "camera: {source: v4l2}\nkeys: {tier: passphrase, passphrase_file: pp}\n", write("pp", "x"), "keys.tier", config.Fail, "open to others"},
		{"no broker", pinDoor, nil, "mqtt", config.OK, "tells nobody"},
		{"the kernel's word is passed on", pinDoor, nil, "kernel", config.Warn, "old"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := written(t, test.more)
			if test.prepare != nil {
				if err := test.prepare(t, filepath.Dir(c.File)); err != nil {
					t.Fatal(err)
				}
			}
			found := c.Check(t.Context(), config.Around{Models: whole, Kernel: []config.Finding{{Level: config.Warn, Part: "kernel", What: "old", Do: "new"}}})
			if f := finding(t, found, test.part); f.Level != test.level || !strings.Contains(f.What, test.what) {
				t.Errorf("got %+v, want %s: %s", f, test.level, test.what)
			}
			if b, err := json.Marshal(found); err != nil || strings.Contains(string(b), "hunter2") {
				t.Errorf("%s, %v", b, err)
			}
		})
	}
}

func TestCheckAsksAboutTheModels(t *testing.T) {
	c := written(t, faceDoor+"camera: {source: v4l2}\n")
	asked := ""
	found := c.Check(t.Context(), config.Around{Models: func(folder, pack string) error {
		asked = folder + " " + pack
		return errors.New("detector.onnx is short")
	}})
	if f := finding(t, found, "face.models"); f.Level != config.Fail || f.What != "detector.onnx is short" || asked != filepath.Join(filepath.Dir(c.File), "m")+" faceplugin" {
		t.Errorf("%+v, asked for %s", f, asked)
	}
}

func TestCheckStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found := written(t, pinDoor).Check(ctx, config.Around{}); len(found) != 1 || found[0].Level != config.Fail {
		t.Errorf("%+v", found)
	}
}

// TestOnlyADiskInThisDeviceIsTaken: what is not known to be local is refused, also file systems of tomorrow.
func TestOnlyADiskInThisDeviceIsTaken(t *testing.T) {
	for magic, want := range map[int64]config.Level{
		unix.EXT4_SUPER_MAGIC: config.OK, unix.BTRFS_SUPER_MAGIC: config.OK, int64(int32(-0x6edc97c2)): config.OK,
		unix.TMPFS_MAGIC: config.Warn, unix.OVERLAYFS_SUPER_MAGIC: config.Warn,
		unix.NFS_SUPER_MAGIC: config.Fail, unix.SMB2_SUPER_MAGIC: config.Fail, unix.CIFS_SUPER_MAGIC: config.Fail, unix.FUSE_SUPER_MAGIC: config.Fail,
		unix.MSDOS_SUPER_MAGIC: config.Fail, unix.V9FS_MAGIC: config.Fail, 0x12345678: config.Fail, 0: config.Fail,
	} {
		if f := config.Judge(magic, "/x"); f.Level != want || f.What == "" {
			t.Errorf("0x%x: %+v, want %s", magic, f, want)
		}
	}
}

func mkdir(name string, mode os.FileMode) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error {
		path := filepath.Join(dir, name)
		return errors.Join(os.MkdirAll(path, 0o755), os.Chmod(path, mode))
	}
}

func owned(name string) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error {
		if os.Geteuid() != 0 {
			t.Skip("only root may give a folder away")
		}
		path := filepath.Join(dir, name)
		return errors.Join(os.MkdirAll(path, 0o755), os.Chmod(path, 0o700), os.Chown(path, 12345, 12345))
	}
}

func write(name, text string) func(*testing.T, string) error {
	return func(t *testing.T, dir string) error {
		path := filepath.Join(dir, name)
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, 0o644))
	}
}

func ExampleDefect_String() {
	fmt.Println(config.Defect{File: "configs/door.yaml", Line: 12, Column: 10, Key: "door.pulse", What: `"3 sec" is not a duration`, Fix: "write 3s"})
	// Output: configs/door.yaml:12:10: door.pulse: "3 sec" is not a duration; write 3s
}

func made(tier string) func(t *testing.T, dir string) error {
	return func(t *testing.T, dir string) error {
		folder := filepath.Join(dir, "st", "keysmith")
		return errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "made"), []byte(`{"tier":"`+tier+`"}`), 0o600))
	}
}
