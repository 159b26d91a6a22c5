package command

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/calendar"
	"example.org/edged/internal/config"
	"example.org/edged/internal/dossier"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

type filingCmd struct {
	Build filingBuildCmd `cmd:"" default:"withargs" help:"Build what is handed in at the cyberspace office, from live facts; without a face in it."`
	Done  filingDoneCmd  `cmd:"" help:"Note that it was handed in, so that changes since then are counted."`
}

type filingBuildCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Out    string `help:"The file to write; an existing one is not touched." required:"" type:"path"`
}

// filedName is where the last filing is noted.
const filedName = "filed.json"

func (c *filingBuildCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	f := dossier.Filing{Common: t.common(cfg, "filing"), Purpose: "", Way: assess.Way}
	if cfg.Text != nil {
		f.Purpose = string(cfg.Text.Purpose)
		for _, lang := range []string{"zh", "en"} {
			if text, ok := cfg.Text.Text[lang]; ok && f.Handler.Name == "" {
				f.Handler = dossier.Handler{Name: text.Handler, Contact: text.Contact}
			}
		}
	}
	if cfg.HasFace() {
		d, err := t.doorOf(cfg)
		if err != nil {
			return err
		}
		f.Protection = d.protections()
	}
	if text, err := os.ReadFile(filepath.Join(cfg.State, certificate)); err == nil {
		f.Certified = string(text)
	}
	last, err := lastFiled(cfg)
	if err != nil {
		return err
	}
	if err := f.Complete(filepath.Join(cfg.State, "keeper", "audit"), t.calendar(cfg), last); err != nil {
		return err
	}
	if err := t.dossier(c.Out, f); err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "%s: %s, %d people now, %d at most", c.Out, f.Kind, f.Now, f.HighMark)
	if f.Due != "" {
		fmt.Fprintf(t.Out, "; due by %s", f.Due)
	}
	for _, change := range f.Changes {
		fmt.Fprintf(t.Out, "; changed on %s, to be filed by %s", change.At, change.Due)
	}
	_, err = fmt.Fprintln(t.Out)
	return err
}

type filingDoneCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Number string `help:"The number of the receipt." required:""`
	On     string `help:"The day, such as 2026-11-22." required:""`
}

func (c *filingDoneCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	on, err := time.Parse(time.DateOnly, c.On)
	if err != nil || on.After(time.Now().AddDate(0, 0, 1)) || strings.TrimSpace(c.Number) == "" {
		return coded{exitUsage, errors.New("--on is a day that has been, such as 2026-11-22, and --number what the receipt says")}
	}
	b, err := json.Marshal(dossier.Filed{Number: c.Number, On: on})
	if err != nil {
		return err
	}
	if err := hall.WriteDurably(filepath.Join(cfg.State, filedName), b); err != nil {
		return fmt.Errorf("noting the filing: %w", err)
	}
	_, err = fmt.Fprintf(t.Out, "noted: %s, on %s; changes since then are listed by edged filing\n", c.Number, c.On)
	return err
}

func lastFiled(cfg *config.Config) (f dossier.Filed, err error) {
	b, err := os.ReadFile(filepath.Join(cfg.State, filedName))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &f)
	}
	if err != nil {
		err = fmt.Errorf("%s cannot be read: %w; note it again with `edged filing done`", filepath.Join(cfg.State, filedName), err)
	}
	return f, err
}

// protections are what holds now, in words.
func (d door) protections() []string {
	all := []string{"each face is sealed under a key of its own (AES-256-GCM); keys: " + d.self.Keys.Promise(),
		"the room that holds faces has no network code, starts no program and cannot open a socket",
		"every act is a line of a signed log that anybody can check", "no picture is kept; no face leaves the device",
		"PIN and card open the same door at the same hours"}
	if d.self.RoomsApart {
		all = append(all, "the kernel holds the rooms apart (seccomp, Landlock, empty network namespaces)")
	}
	return all
}

// common is what every dossier begins with. What is not there stays empty, and is missed where it is needed.
func (t *tools) common(cfg *config.Config, kind string) dossier.Common {
	c := dossier.Common{Kind: kind, Device: cfg.Device.ID, Declared: cfg.Site.Declared()}
	if cfg.Text != nil {
		c.Notice = cfg.Text.Canonical()
	}
	if a, err := signedAssessment(cfg); err == nil && a != nil {
		var b bytes.Buffer
		if json.Compact(&b, a.Canonical()) == nil {
			c.Assessment = b.Bytes()
		}
	}
	return c
}

// dossier writes a new file: one that was handed in must not be written over.
func (t *tools) dossier(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the dossier: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

type evidenceCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Person string `help:"The person's pseudonym, as events and receipts have it: 32 hex digits." required:""`
	Out    string `help:"The file to write; an existing one is not touched." required:"" type:"path"`
}

// Run asks the keeper to vouch for the number of lines, and then takes them. Where edged does not run the evidence is
// built all the same, and says itself that nobody vouches for its being whole.
func (c *evidenceCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	v := dossier.Evidence{Common: t.common(cfg, "evidence")}
	if err := v.Who.UnmarshalText([]byte(c.Person)); err != nil {
		return coded{exitUsage, errors.New("--person is a pseudonym: 32 small hex digits, as events and receipts have it")}
	}
	w := &wire.Vouch{Who: v.Who}
	rand.Read(w.ID[:])
	answer, err := obey(cfg.State, w.ID, w)
	switch {
	case errors.Is(err, hall.ErrNotRunning):
		fmt.Fprintln(t.Err, "edged: not running here, so nobody vouches that these are all lines about this person")
	case err != nil:
		return err
	case answer.Outcome == wire.Done:
		v.Vouch = &answer.Index
	}
	if err := v.Gather(filepath.Join(cfg.State, "keeper", "audit")); err != nil {
		return err
	}
	if err := t.dossier(c.Out, v); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "%s: %d lines; check it with: edgectl verify dossier %s --key KEY\n", c.Out, len(v.Log.Lines), c.Out)
	return err
}

// calendar is what is known of working days: this release's schedules, and a later one where the config names it. One
// that is missing or not signed by whom the config names changes nothing: then days are provisional.
func (t *tools) calendar(cfg *config.Config) calendar.Calendar {
	c := calendar.Known()
	if cfg.Filing.Calendar == "" {
		return c
	}
	b, err := os.ReadFile(cfg.Filing.Calendar)
	if err == nil {
		c, err = c.With(b, cfg.Filing.Key)
	}
	if err != nil {
		fmt.Fprintf(t.Err, "edged: the calendar is not used, so days may be provisional: %v\n", err)
	}
	return c
}
