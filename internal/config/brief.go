package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"example.org/edged/internal/room"
)

// The briefs: what each room is told, copied out, so that no room ever sees the file or another room's part of it.

// Keeper is the keeper's brief. Built is when this program was built: no time before it is believed.
func (c *Config) Keeper(pack room.Pack, built time.Time) room.Keeper {
	k := room.Keeper{
		Device: c.Device.ID, Site: c.Site.ID,
		Folder:  filepath.Join(c.State, "keeper"),
		Built:   built,
		Door:    room.Door{Driver: c.Door.Driver, Pulse: c.Door.Pulse},
		PIN:     room.PIN{Digits: c.PIN.Digits, FreeTries: c.PIN.FreeTries, FirstWait: c.PIN.FirstWait},
		Consent: room.Consent{GuardianUntil: c.Consent.GuardianUntil, Reading: c.Consent.Reading},
		Fleet:   c.MQTT != nil,
		Offset:  time.Duration(c.Timezone),
		Visit:   c.Visits.Longest,
	}
	if c.Text != nil {
		k.Notice = c.Text.Canonical()
	}
	for _, s := range c.Staff {
		k.Staff = append(k.Staff, room.Staff{Name: s.Name, Hash: string(s.PINHash)})
	}
	if c.HasFace() {
		declared := c.Site.Declared()
		k.Declared = &declared
		alone, table, _ := c.FaceAlone(pack)
		k.Face = &room.Face{
			Model: pack.Files["feature"].SHA256, Level: c.Face.Level, Frames: c.Face.Frames,
			EnrolFrom: c.Face.EnrolFrom, Keep: c.Face.Keep, Inactive: c.Face.Inactive, Age: c.Face.MaxAge, Live: c.Face.Liveness,
			Turn:   uint32(c.Face.Turn),
			Margin: c.Face.Margin, People: c.Face.People, Tries: c.Face.Tries, Years: c.Face.Years,
			Alone: alone, Table: table, Unjudged: !c.Face.Judge, Challenge: c.Face.Challenge,
			Infrared: c.Camera.Infrared != "",
		}
	}
	return k
}

// Eye is the eye's brief; false where no face opens the door and the camera stays closed.
func (c *Config) Eye(pack room.Pack) (room.Eye, bool) {
	if !c.HasFace() {
		return room.Eye{}, false
	}
	e := room.Eye{Models: pack, Camera: room.Camera{Kind: c.Camera.Source}, Zone: room.Zone{
		Left: c.Camera.Zone.Left, Top: c.Camera.Zone.Top, Right: c.Camera.Zone.Right, Bottom: c.Camera.Zone.Bottom,
		MinEyeDistance: c.Camera.MinEyeDistance, Dwell: c.Camera.Dwell,
	}}
	switch c.Camera.Source {
	case "v4l2":
		e.Camera.Width, e.Camera.Height, e.Camera.FPS = c.Camera.Size.Width, c.Camera.Size.Height, c.Camera.FPS
	case "pictures":
		e.Camera.Folder, e.Camera.Every = c.Camera.Folder, c.Camera.Every
		// A folder is as slow as the installer wants: only a picture that is overdue by far is a fault.
		e.Camera.Silent = max(2*time.Second, 3*c.Camera.Every)
	default:
		e.Camera.Kind = "lens"
	}
	if c.Camera.Infrared != "" {
		e.Infrared = e.Camera
		if c.Camera.Source == "pictures" { // they stand for what a camera would bring, and so come as fast as one
			e.Infrared.Folder, e.Infrared.Every, e.Infrared.Silent = c.Camera.Infrared, infraredEvery, 2*time.Second
		}
	}
	return e, true
}

// Lens is the lens's brief; false where the eye has a camera or a folder of its own.
func (c *Config) Lens() (room.Lens, bool) {
	switch {
	case !c.HasFace():
	case c.Camera.Source == "video":
		return room.Lens{Source: c.Camera.File, Loop: true}, true
	case c.Camera.Source == "rtsp":
		return room.Lens{Source: string(c.Camera.URL)}, true
	}
	return room.Lens{}, false
}

// Video is the camera device that the hall opens for the eye; empty where there is none.
func (c *Config) Video() string {
	if c.HasFace() && c.Camera.Source == "v4l2" {
		return c.Camera.Device
	}
	return ""
}

// infraredEvery is how often a folder that plays the infrared camera shows a picture.
const infraredEvery = 100 * time.Millisecond

// InfraredDevice is the infrared camera that the hall opens for the eye; empty where there is none.
func (c *Config) InfraredDevice() string {
	if c.HasFace() && c.Camera.Source == "v4l2" {
		return c.Camera.Infrared
	}
	return ""
}

// Relay is the file into which the virtual door writes.
func (c *Config) Relay() string {
	if c.Door.Path != "" {
		return c.Door.Path
	}
	return filepath.Join(c.State, "relay.log")
}

// Kiosk is the kiosk's brief; address is what the hall has bound.
func (c *Config) Kiosk(address string) room.Kiosk {
	k := room.Kiosk{Address: address, Languages: c.Screen.Languages, Preview: c.Screen.Preview && c.HasFace(), Face: c.HasFace(),
		Visit: c.Visits.Longest, Offset: time.Duration(c.Timezone)}
	if c.Text != nil {
		k.Notice = c.Text.Canonical()
	}
	return k
}

// Courier is the courier's brief; false where no broker is configured. The password is read from its file here, at
// the last moment, and one line end after it is dropped.
func (c *Config) Courier(version string) (room.Courier, bool, error) {
	if c.MQTT == nil {
		return room.Courier{}, false, nil
	}
	out := room.Courier{
		Device: c.Device.ID, Site: c.Site.ID, Broker: c.MQTT.Broker, User: c.MQTT.User,
		CA: c.MQTT.CA, Cert: c.MQTT.Cert, Key: c.MQTT.Key,
		Folder: filepath.Join(c.State, "courier"), Version: version,
	}
	if c.MQTT.PasswordFile != "" {
		text, bad := slurp(c.MQTT.PasswordFile)
		if bad != nil {
			return room.Courier{}, true, fmt.Errorf("the file that mqtt.password_file names %s: write the password into it, mode 0600", bad.What)
		}
		out.Password = strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	}
	return out, true, nil
}
