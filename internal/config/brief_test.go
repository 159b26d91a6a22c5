package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/config"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/room"
	"example.org/edged/internal/site"
)

const hash = "$argon2id$v=19$m=19456,t=2,p=1$1r9aTrJVNY8/vX0pv6FFYg$G8NcfFoFmf9tUT5OKe31IA71uizVYL3OsniqL41qud8"

// written reads a config of a device and a staff, both small, and what a test adds.
func written(t *testing.T, more string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "door.yaml")
	text := "device: {id: door-1}\nstaff: [{name: desk, pin_hash: '" + hash + "'}]\n" + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notice.yaml"), n, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var pack = room.Pack{Dir: "/m", Name: "faceplugin", Files: map[string]room.ModelFile{"feature": {Name: "f.onnx", SHA256: "abcd"}}}

func TestTheKeeperIsToldWhatTheFileSays(t *testing.T) {
	c := written(t, "state: st\ntimezone: -03:30\nnotice: notice.yaml\ndoor: {methods: [pin, face], pulse: 0.5s}\n"+
		"visits: {longest: 8h}\npin: {digits: 6, free_tries: 2, first_wait: 1m}\nconsent: {guardian_until: 16, reading: 9s}\ncamera: {source: v4l2}\nface: {models: m, level: strict, frames: 4, enrol_from: 6, keep: 365d, inactive: 30d, max_age: 60d, liveness: 0.2, turn: 3, margin: 0.07, people: mixed, tries_per_day: 30, years_per_error: 2.5}\n"+
		"mqtt: {broker: 'ssl://b:1'}\nsite: {place: office, necessity: Both hands carry trays from the kitchen here., sign: beside the door, sign_confirmed: 2026-11-01, area: before the door, declared_by: Li Na}\n")
	built := time.Unix(1700000000, 0)
	k := c.Keeper(pack, built)
	n, err := notice.Parse(k.Notice)
	if err != nil || n.Hash() != c.Text.Hash() {
		t.Errorf("the keeper cannot read its notice: %v", err)
	}
	k.Notice = nil
	if k.Face == nil || *k.Face != (room.Face{Model: "abcd", Level: "strict", Frames: 4, EnrolFrom: 6, Keep: 365 * 24 * time.Hour, Inactive: 30 * 24 * time.Hour, Age: 60 * 24 * time.Hour, Live: 0.2, Turn: 3,
		Margin: .07, People: "mixed", Tries: 30, Years: 2.5}) {
		t.Errorf("face: %+v", k.Face)
	}
	if k.Declared == nil || *k.Declared != (site.Declaration{ID: "home", Place: "office", Necessity: "Both hands carry trays from the kitchen here.", Sign: "beside the door",
		Confirmed: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Area: "before the door", By: "Li Na"}) {
		t.Errorf("declared: %+v", k.Declared)
	}
	k.Face, k.Declared = nil, nil
	want := room.Keeper{Device: "door-1", Site: "home", Folder: filepath.Join(filepath.Dir(c.File), "st", "keeper"), Built: built,
		Door: room.Door{Driver: "virtual", Pulse: 500 * time.Millisecond}, PIN: room.PIN{Digits: 6, FreeTries: 2, FirstWait: time.Minute},
		Consent: room.Consent{GuardianUntil: 16, Reading: 9 * time.Second},
		Staff:   []room.Staff{{Name: "desk", Hash: hash}}, Fleet: true, Offset: -(3*time.Hour + 30*time.Minute), Visit: 8 * time.Hour}
	if fmt.Sprintf("%+v", k) != fmt.Sprintf("%+v", want) {
		t.Errorf("got\n%+v\nwant\n%+v", k, want)
	}
}

func TestADoorWithoutFaceOpensNoCamera(t *testing.T) {
	c := written(t, "door: {methods: [pin]}\ncamera: {source: rtsp, url: 'rtsp://cam/1'}\nface: {models: m}\n")
	_, eye := c.Eye(pack)
	_, lens := c.Lens()
	if eye || lens || c.Video() != "" || c.Keeper(pack, time.Time{}).Face != nil || c.Kiosk("").Face || c.Kiosk("").Preview || c.Kiosk("").Offset != 8*time.Hour {
		t.Error("something looks although no face opens the door")
	}
}

func TestEachSourceGoesWhereItBelongs(t *testing.T) {
	const rest = "notice: notice.yaml\ndoor: {methods: [pin, face]}\nface: {models: m}\n"
	for _, test := range []struct {
		name, camera string
		eye          room.Camera
		lens         room.Lens
		video        string
	}{
		{"a USB camera is opened by the hall", "{source: v4l2, device: /dev/video3, size: 1280x720, fps: 30}", room.Camera{Kind: "v4l2", Width: 1280, Height: 720, FPS: 30}, room.Lens{}, "/dev/video3"},
		{"a folder is read by the eye", "{source: pictures, folder: /p, every: 5s}", room.Camera{Kind: "pictures", Folder: "/p", Every: 5 * time.Second, Silent: 15 * time.Second}, room.Lens{}, ""},
		{"a file is read by the lens", "{source: video, file: /v.mp4}", room.Camera{Kind: "lens"}, room.Lens{Source: "/v.mp4", Loop: true}, ""},
		{"an IP camera is called by the lens", "{source: rtsp, url: 'rtsp://a:b@cam:554/1'}", room.Camera{Kind: "lens"}, room.Lens{Source: "rtsp://a:b@cam:554/1"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := written(t, rest+"camera: "+test.camera+"\n")
			eye, ok := c.Eye(pack)
			lens, far := c.Lens()
			if !ok || eye.Camera != test.eye || lens != test.lens || far != (test.lens != room.Lens{}) || c.Video() != test.video {
				t.Errorf("eye %+v, lens %+v, video %q", eye.Camera, lens, c.Video())
			}
			if eye.Zone != (room.Zone{Right: 1, Bottom: 1, MinEyeDistance: 24, Dwell: 200 * time.Millisecond}) {
				t.Errorf("zone %+v", eye.Zone)
			}
		})
	}
}

func TestThePasswordIsReadFromItsFile(t *testing.T) {
	c := written(t, "door: {methods: [pin]}\nmqtt: {broker: 'ssl://b:8883', user: u, password_file: pw}\n")
	if _, on, err := c.Courier(""); !on || err == nil || !strings.Contains(err.Error(), "mqtt.password_file") {
		t.Errorf("without the file: %v, %v", on, err)
	}
	if err := os.WriteFile(c.MQTT.PasswordFile, []byte(" pass word\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, on, err := c.Courier("v1")
	if !on || err != nil || out.Password != " pass word" || out.User != "u" || out.Broker != "ssl://b:8883" || out.Version != "v1" {
		t.Errorf("%+v, %v, %v", out, on, err)
	}
	if _, on, err := written(t, "door: {methods: [pin]}\n").Courier(""); on || err != nil {
		t.Errorf("without a broker there is no courier: %v, %v", on, err)
	}
}

// TestAConfigCanBePrinted: somebody will log it.
func TestAConfigCanBePrinted(t *testing.T) {
	c := written(t, "door: {methods: [pin]}\ncamera: {source: rtsp, url: 'rtsp://a:hunter2@cam:554/1'}\n")
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s", c, *c, c.Camera, c.Staff), fmt.Sprintf("%+v %#v %q %x", *c.Camera, c.Staff, c.Staff, c.Camera.URL)} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, "argon2id") || strings.Contains(s, "68756e74657232") {
			t.Error(s)
		}
	}
}

// M-7a: 14 is the law's floor, and no file goes below it; 18 is what is used when nobody says.
func TestM7a_TheGuardiansFloorCannotBeLowered(t *testing.T) {
	const door = "state: st\ndoor: {methods: [pin]}\n"
	for _, until := range []string{"13", "0", "-1", "19", "none", "14.5"} {
		path := filepath.Join(t.TempDir(), "edged.yaml")
		text := "device: {id: door-1}\nstaff: [{name: desk, pin_hash: '" + hash + "'}]\n" + door + "consent: {guardian_until: " + until + "}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Read(path); err == nil || !strings.Contains(err.Error(), "guardian_until") {
			t.Errorf("guardian_until: %s: %v", until, err)
		}
	}
	if c := written(t, door); c.Consent.GuardianUntil != 18 || c.Consent.Reading <= 0 {
		t.Errorf("by default %+v", c.Consent)
	}
}
