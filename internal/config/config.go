// Package config reads the one file that an installer writes and says, with line, column and the fix, what is wrong
// in it. It never starts on a guess: an unknown key, a wrong unit or a door that only a face can open is refused, and
// no error ever repeats a password or a PIN hash.
//
// More than five names are exported: the types below are, side by side, every key that the file may hold. Their tags
// are the only place where default, range and choices are written down; docs/config.md is tested against them.
package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/site"
)

// Config is the file, complete: defaults filled in, paths absolute, every rule checked.
type Config struct {
	Device   Device  `yaml:"device" need:"yes"`
	Site     Site    `yaml:"site" short:"id"`
	State    string  `yaml:"state" default:"/var/lib/edged" path:"yes"`
	Timezone Offset  `yaml:"timezone" default:"+08:00" range:"-12:00..+14:00"`
	Screen   Screen  `yaml:"kiosk"`
	Door     Door    `yaml:"door" need:"yes"`
	PIN      PIN     `yaml:"pin"`
	Visits   Visits  `yaml:"visits"`
	Consent  Consent `yaml:"consent"`
	Camera   *Camera `yaml:"camera"`
	Face     *Face   `yaml:"face"`
	Keys     Keys    `yaml:"keys"`
	Notice   string  `yaml:"notice" path:"yes"`
	Assess   string  `yaml:"assessment" path:"yes"`
	Filing   Filing  `yaml:"filing"`
	Staff    []Staff `yaml:"staff" need:"yes"`
	MQTT     *MQTT   `yaml:"mqtt"`
	Rooms    Rooms   `yaml:"rooms"`

	File string         `yaml:"-"` // where it was read from, absolute
	Text *notice.Notice `yaml:"-"` // the notice that Notice names; nil without one

	where func(key string) (line, column int) // see Where
}

// Device is this terminal.
type Device struct {
	ID string `yaml:"id" need:"yes"`
}

// Site is the place, and what whoever installs the door declares about it: see package site. Where only a name is
// written, nothing is declared, and no face is used.
type Site struct {
	ID        string `yaml:"id" default:"home"`
	Place     string `yaml:"place"`
	Public    bool   `yaml:"public" default:"false"`
	Necessity string `yaml:"necessity"`
	Safety    string `yaml:"safety"`
	Sign      string `yaml:"sign"`
	Confirmed Date   `yaml:"sign_confirmed"`
	Area      string `yaml:"area"`
	By        string `yaml:"declared_by"`
}

// Declared is the same as the keeper reads it.
func (s Site) Declared() site.Declaration {
	return site.Declaration{ID: s.ID, Place: s.Place, Public: s.Public, Necessity: s.Necessity, Safety: s.Safety, Sign: s.Sign,
		Confirmed: time.Time(s.Confirmed), Area: s.Area, By: s.By}
}

// Screen is the terminal's own, shown by the kiosk.
type Screen struct {
	Listen    string   `yaml:"listen" default:"127.0.0.1:8477"`
	Languages []string `yaml:"languages" default:"zh, en" one:"zh|en"`
	Preview   bool     `yaml:"preview" default:"true"`
	Voice     string   `yaml:"voice" path:"yes"`
}

// Door is the one door.
type Door struct {
	Name    string        `yaml:"name" default:"door"`
	Methods []string      `yaml:"methods" need:"yes" one:"pin|face"`
	Driver  string        `yaml:"driver" default:"virtual" one:"virtual"`
	Path    string        `yaml:"path" path:"yes"`
	Pulse   time.Duration `yaml:"pulse" default:"3s" range:"500ms..60s"`
}

// PIN is the way in that everybody has.
type PIN struct {
	Digits    int           `yaml:"digits" default:"8" range:"6..12"`
	FreeTries int           `yaml:"free_tries" default:"5" range:"1..10"`
	FirstWait time.Duration `yaml:"first_wait" default:"30s" range:"5s..1h"`
}

// Visits are the stays of people who come for some hours.
type Visits struct {
	Longest time.Duration `yaml:"longest" default:"24h" range:"1h..720h"`
}

// Consent is how people are asked for the use of their face.
type Consent struct {
	GuardianUntil int           `yaml:"guardian_until" default:"18" range:"14..18"`
	Reading       time.Duration `yaml:"reading" default:"5s" range:"1s..10m"`
}

// Camera is where pictures come from.
type Camera struct {
	Source         string        `yaml:"source" need:"yes" one:"v4l2|pictures|video|rtsp"`
	Device         string        `yaml:"device" default:"/dev/video0" path:"yes"`
	Size           Size          `yaml:"size" default:"640x480" range:"160x120..1920x1080"`
	FPS            int           `yaml:"fps" default:"15" range:"1..60"`
	Folder         string        `yaml:"folder" path:"yes"`
	Every          time.Duration `yaml:"every" default:"1s" range:"10ms..1h"`
	File           string        `yaml:"file" path:"yes"`
	URL            Secret        `yaml:"url"`
	Infrared       string        `yaml:"infrared" path:"yes"`
	Zone           Zone          `yaml:"zone"`
	MinEyeDistance int           `yaml:"min_eye_distance" default:"24" range:"16..400"`
	Dwell          time.Duration `yaml:"dwell" default:"200ms" range:"0s..5s"`
}

// Zone is the part of the picture in which a face is looked at, as fractions of its width and height.
type Zone struct {
	Left   float64 `yaml:"left" default:"0" range:"0..1"`
	Top    float64 `yaml:"top" default:"0" range:"0..1"`
	Right  float64 `yaml:"right" default:"1" range:"0..1"`
	Bottom float64 `yaml:"bottom" default:"1" range:"0..1"`
}

// Face is how faces are used at this door.
type Face struct {
	Models    string        `yaml:"models" need:"yes" path:"yes"`
	Pack      string        `yaml:"pack" default:"faceplugin"`
	Level     string        `yaml:"level" default:"default" one:"default|strict"`
	Frames    int           `yaml:"frames" default:"3" range:"1..10"`
	EnrolFrom int           `yaml:"enrol_from" default:"5" range:"3..20"`
	Keep      time.Duration `yaml:"keep" default:"365d" range:"1d..365d"`
	Inactive  time.Duration `yaml:"inactive" default:"180d" range:"1h..365d"`
	MaxAge    time.Duration `yaml:"max_age" default:"365d" range:"1h..365d"`
	Liveness  float64       `yaml:"liveness" default:"0.05" range:"0.01..1"`
	Alone     string        `yaml:"alone" default:"measured" one:"measured|never|unmeasured"`
	Table     string        `yaml:"liveness_table" path:"yes"`
	Judge     bool          `yaml:"liveness_model" default:"true"`
	Challenge bool          `yaml:"challenge" default:"false"`
	Turn      int           `yaml:"turn" default:"1" range:"1..1000000"`
	Margin    float64       `yaml:"margin" default:"0.05" range:"0..0.5"`
	People    string        `yaml:"people" default:"cohort" one:"cohort|mixed"`
	Tries     float64       `yaml:"tries_per_day" default:"1" range:"0.01..10000"`
	Years     float64       `yaml:"years_per_error" default:"10" range:"0.1..1000"`
}

// Keys is what holds the keys that stored faces are kept under.
type Keys struct {
	Tier           string `yaml:"tier" default:"auto" one:"auto|tpm|credential|passphrase|key-file"`
	TPM            string `yaml:"tpm" default:"/dev/tpmrm0"`
	PassphraseFile string `yaml:"passphrase_file" path:"yes"`
}

// Staff may let newcomers get a PIN.
type Staff struct {
	Name    string `yaml:"name" need:"yes"`
	PINHash Secret `yaml:"pin_hash" need:"yes"`
}

// MQTT is the broker that hears what happened at the door.
type MQTT struct {
	Broker       string `yaml:"broker" need:"yes"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file" path:"yes"`
	CA           string `yaml:"ca" path:"yes"`
	Cert         string `yaml:"cert" path:"yes"`
	Key          string `yaml:"key" path:"yes"`
}

// Filing is what the counting of working days needs beside this release's schedules.
type Filing struct {
	Calendar string `yaml:"calendar" path:"yes"`
	Key      string `yaml:"calendar_key"`
}

// Rooms is how the programs are kept apart.
type Rooms struct {
	Users string `yaml:"users" default:"auto" one:"auto|none"`
}

// Where says where in the file a key stands, as file:line:column, or nothing for what is no key. A key that is not
// written is looked for at the section that should hold it.
func (c *Config) Where(key string) string {
	top, _, _ := strings.Cut(key, ".")
	if _, ok := fieldFor(reflect.TypeFor[Config](), top); !ok || c.where == nil {
		return ""
	}
	line, column := c.where(key)
	return fmt.Sprintf("%s:%d:%d", c.File, line, column)
}

// HasFace says whether a face opens the door.
func (c *Config) HasFace() bool {
	for _, m := range c.Door.Methods {
		if m == "face" {
			return true
		}
	}
	return false
}

// Secret is a text that is never printed: a PIN hash, or an address that may hold a password.
type Secret string

func (Secret) String() string               { return "(hidden)" }
func (Secret) GoString() string             { return "(hidden)" }
func (Secret) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// Date is a day, without a time of day: midnight in UTC.
type Date time.Time

// Size is a picture size in pixels.
type Size struct{ Width, Height int }

func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// Offset is how far local time is from UTC. It is fixed: a device that guards due dates must not jump an hour.
type Offset time.Duration

func (o Offset) String() string {
	sign, m := '+', int(time.Duration(o)/time.Minute)
	if m < 0 {
		sign, m = '-', -m
	}
	return fmt.Sprintf("%c%02d:%02d", sign, m/60, m%60)
}
