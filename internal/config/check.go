package config

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/curve"
	"example.org/edged/internal/room"
)

// A Level says how bad a finding is.
type Level string

const (
	OK   Level = "ok"
	Warn Level = "warn" // works, but somebody should know
	Fail Level = "fail" // does not work, or must not
)

// A Finding is one fact about this machine, in a sentence, and what to do about it.
type Finding struct {
	Level Level  `json:"level"`
	Part  string `json:"part"` // the key of the file that it is about, or a word such as kernel
	What  string `json:"what"`
	Do    string `json:"do,omitempty"`
}

// Around is what Check cannot see for itself.
type Around struct {
	Models func(folder, pack string) error // whether the pack is there and whole
	Pack   func(folder, pack string) (room.Pack, error)
	Keeper int       // user number that the keeper will run as; 0 for this user
	Kernel []Finding // what the kernel can and cannot do
}

// Check looks at what the file names on this machine. It opens nothing for writing, changes nothing, calls nobody.
func (c *Config) Check(ctx context.Context, around Around) []Finding {
	var found []Finding
	for _, part := range []func() []Finding{
		c.checkFile,
		func() []Finding { return c.checkState(around.Keeper) },
		c.checkSite,
		c.checkKeys,
		c.checkCamera,
		func() []Finding { return c.checkModels(around.Models) },
		c.checkVoice,
		c.checkList,
		func() []Finding { return c.checkAlone(around.Pack) },
		c.checkMQTT,
		func() []Finding { return around.Kernel },
	} {
		if ctx.Err() != nil {
			return append(found, Finding{Fail, "check", "was stopped before its end", "run it again"})
		}
		found = append(found, part()...)
	}
	return found
}

// checkFile: the config holds PIN hashes, and six digits behind a hash that everybody can read do not last long.
func (c *Config) checkFile() []Finding {
	st, err := os.Stat(c.File)
	switch {
	case err != nil:
		return []Finding{{Fail, "config", "the config file cannot be looked at: " + reason(err), "check the path"}}
	case st.Mode().Perm()&0o022 != 0:
		return []Finding{{Fail, "config", c.File + " can be changed by others", "chmod 600 " + c.File}}
	case st.Mode().Perm()&0o004 != 0:
		return []Finding{{Warn, "config", c.File + " can be read by everybody, and it holds PIN hashes", "chmod 600 " + c.File}}
	}
	return []Finding{{OK, "config", c.File + " is valid and closed to others", ""}}
}

// checkState: faces are stored in this device (Measures art. 8) and for one user only.
func (c *Config) checkState(keeper int) []Finding {
	at, there := c.State, true
	st, err := os.Stat(at)
	for errors.Is(err, fs.ErrNotExist) && at != "/" {
		at, there = filepath.Dir(at), false
		st, err = os.Stat(at)
	}
	switch {
	case err != nil:
		return []Finding{{Fail, "state", at + " cannot be looked at: " + reason(err), "start as root, or name another folder"}}
	case !st.IsDir():
		return []Finding{{Fail, "state", at + " is not a folder", "name a folder"}}
	}
	found := []Finding{medium(at)}
	if !there {
		if unix.Access(at, unix.W_OK|unix.X_OK) != nil {
			return append(found, Finding{Fail, "state", c.State + " does not exist, and this user may not make it", "mkdir -p " + c.State + " as root, and give it to the user that edged runs as"})
		}
		return append(found, Finding{OK, "state", c.State + " will be made at the first start", ""})
	}
	if st.Mode().Perm()&0o022 != 0 {
		return append(found, Finding{Fail, "state", c.State + " can be changed by others", "chmod 755 " + c.State})
	}
	if owner := ownerOf(st); owner != 0 && owner != os.Geteuid() {
		return append(found, Finding{Fail, "state", fmt.Sprintf("%s belongs to user %d, not to the one that edged runs as", c.State, owner), "chown it"})
	}
	return append(found, closed(filepath.Join(c.State, "keeper"), keeper))
}

// closed looks at the folder in which templates lie.
func closed(dir string, keeper int) Finding {
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{OK, "state", dir + " will be made at the first start", ""}
	case err != nil:
		return Finding{Fail, "state", dir + " cannot be looked at: " + reason(err), "start as root"}
	case !st.IsDir():
		return Finding{Fail, "state", dir + " is not a folder", "move the file away"}
	case st.Mode().Perm()&0o077 != 0:
		return Finding{Fail, "state", fmt.Sprintf("%s is open to others (mode %04o)", dir, st.Mode().Perm()), "chmod 700 " + dir}
	}
	want := keeper
	if want == 0 {
		want = os.Geteuid()
	}
	if owner := ownerOf(st); owner != want && owner != os.Geteuid() {
		return Finding{Fail, "state", fmt.Sprintf("%s belongs to user %d, and the keeper runs as %d", dir, owner, want), fmt.Sprintf("chown -R %d %s", want, dir)}
	}
	return Finding{OK, "state", dir + " is there and closed to everybody else", ""}
}

func (c *Config) checkModels(whole func(folder, pack string) error) []Finding {
	if !c.HasFace() {
		return []Finding{{OK, "face", "no face opens this door: no camera is opened and no model is loaded", ""}}
	}
	if whole == nil {
		return []Finding{{Warn, "face.models", "the model pack was not looked at", ""}}
	}
	if err := whole(c.Face.Models, c.Face.Pack); err != nil {
		return []Finding{{Fail, "face.models", err.Error(), "install the pack again into " + c.Face.Models}}
	}
	return []Finding{{OK, "face.models", fmt.Sprintf("pack %s in %s is whole", c.Face.Pack, c.Face.Models), ""}}
}

// checkList says how long the list may be before a face alone no longer opens. How long it is only the keeper knows; it
// tells on the screen and in its status when it asks for both.
func (c *Config) checkList() []Finding {
	if !c.HasFace() {
		return nil
	}
	s, err := curve.Need{Level: c.Face.Level, People: c.Face.People, Tries: c.Face.Tries, Years: c.Face.Years}.Set()
	if err != nil {
		return []Finding{{Fail, "face.level", err.Error(), "write default or strict"}}
	}
	what := fmt.Sprintf("with %g tries a day by people who are not in the list and one false opening in %g years, what was measured on %s people bears ",
		c.Face.Tries, c.Face.Years, c.Face.People)
	if s.Most < 1 {
		return []Finding{{Warn, "face.tries_per_day", what + "no list: PIN and face are always asked for together, from whoever has a face stored",
			"see docs/measurements.md; lower years_per_error only if you mean it"}}
	}
	return []Finding{{OK, "face.people", fmt.Sprintf("%sup to %d by face alone; with more in the list, PIN and face are asked for together", what, s.Most), ""}}
}

// checkMQTT never calls the broker: only the courier may.
func (c *Config) checkMQTT() []Finding {
	if c.MQTT == nil {
		return []Finding{{OK, "mqtt", "no broker: the door works by itself and tells nobody", ""}}
	}
	var found []Finding
	say := func(l Level, part, what, do string) { found = append(found, Finding{l, part, what, do}) }
	if p := c.MQTT.PasswordFile; p != "" {
		if _, bad := slurp(p); bad != nil {
			say(Fail, "mqtt.password_file", "the file that it names "+bad.What, "write the password into it, mode 0600")
		} else if st, err := os.Stat(p); err == nil && st.Mode().Perm()&0o007 != 0 {
			say(Fail, "mqtt.password_file", "the file that it names is open to everybody", "chmod 600 it")
		}
	}
	for key, path := range map[string]string{"ca": c.MQTT.CA, "cert": c.MQTT.Cert, "key": c.MQTT.Key} {
		if path == "" {
			continue
		}
		text, bad := slurp(path)
		block, _ := pem.Decode(bytes.TrimSpace(text))
		switch {
		case bad != nil:
			say(Fail, "mqtt."+key, path+" "+bad.What, "name a PEM file")
		case block == nil:
			say(Fail, "mqtt."+key, path+" holds no PEM block", "name a file that has -----BEGIN in it")
		case (key == "key") != strings.HasSuffix(block.Type, "PRIVATE KEY"):
			say(Fail, "mqtt."+key, path+" holds a PEM block of kind "+block.Type, "name the other file of the pair")
		}
	}
	u, err := url.Parse(c.MQTT.Broker)
	if err == nil && u.Scheme == "tcp" {
		if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
			say(Warn, "mqtt.broker", "tcp:// is neither encrypted nor does it prove who the broker is", "use ssl:// with ca, unless the network is closed")
		}
	}
	if len(found) == 0 {
		say(OK, "mqtt", "the files for the broker are there; the broker itself is only called by the courier", "")
	}
	return found
}

// checkSite says whether the declared place lets faces be used today.
func (c *Config) checkSite() []Finding {
	if !c.HasFace() {
		return nil
	}
	if what, do := c.Site.Declared().Rest(time.Now()); what != "" {
		return []Finding{{Fail, "site", "faces rest, PIN and card work: " + what, do}}
	}
	return []Finding{{OK, "site", fmt.Sprintf("declared as %s by %s; the sign was looked at on %s", c.Site.Place, c.Site.By, time.Time(c.Site.Confirmed).Format(time.DateOnly)), ""}}
}
