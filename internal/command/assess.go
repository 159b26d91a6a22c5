package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/config"
	"example.org/edged/internal/confine"
	"example.org/edged/internal/count"
	"example.org/edged/internal/curve"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/wire"
)

type assessCmd struct {
	Draft assessDraftCmd `cmd:"" help:"Print the form of the impact assessment, with what this device measures of itself."`
	Sign  assessSignCmd  `cmd:"" help:"Sign a form that was filled in; asks for your staff PIN. Faces are not used without."`
	Show  assessShowCmd  `cmd:"" help:"Say whether the signed assessment holds for this door as it is now."`
}

type assessDraftCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Out    string `help:"Write the form here instead of printing it; an existing file is not touched." type:"path"`
}

// Run prints the form. What an earlier assessment said stands in it already, so that renewing means reading it again.
func (c *assessDraftCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if !cfg.HasFace() {
		return coded{exitConfig, errors.New("no face opens this door, so there is nothing to assess")}
	}
	d, err := t.doorOf(cfg)
	if err != nil {
		return err
	}
	form := assess.Form{Claims: d.claims()}
	if old, err := signedAssessment(cfg); err == nil && old != nil {
		form = old.Form
		form.Claims = d.claims()
	}
	text := form.Draft(d.bound, d.facts)
	if c.Out == "" {
		_, err = t.Out.Write(text)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the form: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		fmt.Fprintf(t.Out, "%s: fill it in, then: edged assess sign --config %s --post 'YOUR POST' %s\n", c.Out, c.Config, c.Out)
	}
	return err
}

type assessSignCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Post   string `help:"Your post, as it should stand beside your name." required:""`
	Form   string `arg:"" help:"The form, filled in." type:"path"`
}

// Run signs. The name is the one that the PIN belongs to; nobody signs for somebody else.
func (c *assessSignCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if !cfg.HasFace() {
		return coded{exitConfig, errors.New("no face opens this door, so there is nothing to assess")}
	}
	form, err := config.ReadForm(c.Form)
	if err != nil {
		return err
	}
	name, ok, err := t.staffName(cfg)
	if err != nil {
		return err
	}
	if !ok {
		fmt.Fprintln(t.Err, "edged: this is the PIN of nobody on the list of staff. Nothing was signed.")
		return errNo
	}
	d, err := t.doorOf(cfg)
	if err != nil {
		return err
	}
	a, err := assess.Sign(*form, d.bound, d.facts, name, c.Post, time.Now())
	if err != nil {
		return err
	}
	if what, do := a.Rest(time.Now(), d.bound, d.self, time.Time{}); what != "" {
		fmt.Fprintf(t.Err, "edged: nothing was signed: %s; %s\n", what, do)
		return errNo
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Assess), 0o755); err != nil { // before the first start there is no state folder
		return fmt.Errorf("making the folder for the signed assessment: %w", err)
	}
	if err := hall.WriteDurably(cfg.Assess, a.Canonical()); err != nil {
		return fmt.Errorf("writing the signed assessment: %w", err)
	}
	again := ""
	if conn, err := hall.Reach(cfg.State); err == nil {
		conn.Close()
		again = " Restart edged so that it counts."
	}
	fmt.Fprintf(t.Out, "%s: signed by %s, %s; the log will name it %x.%s\n", cfg.Assess, name, c.Post, a.Hash(), again)
	return nil
}

type assessShowCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	JSON   bool   `help:"Answer in JSON." name:"json"`
}

func (c *assessShowCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	a, what, do := t.assessed(cfg)
	if c.JSON {
		out := map[string]any{"ok": what == "", "assessment": a}
		if what != "" {
			out["why"], out["do"] = what, do
		}
		err = t.answer(out)
	} else if a != nil {
		_, err = fmt.Fprintf(t.Out, "%s\nsigned by %s, %s, on %s\nSHA-256 %x\n", cfg.Assess, a.Signed.Name, a.Signed.Post, a.Signed.At.Format(time.RFC3339), a.Hash())
	}
	if err == nil && what != "" {
		fmt.Fprintf(t.Err, "edged: faces rest, PIN and card work: %s; %s\n", what, do)
		return errNo
	}
	return err
}

// assessed says whether a signed assessment holds, as far as this can be told beside the keeper: an incident is in the
// keeper's log.
func (t *tools) assessed(cfg *config.Config) (a *assess.Assessment, what, do string) {
	if !cfg.HasFace() {
		return nil, "", ""
	}
	d, err := t.doorOf(cfg)
	if err == nil {
		a, err = signedAssessment(cfg)
	}
	if err != nil {
		return nil, err.Error(), "sign it again: edged assess sign"
	}
	what, do = a.Rest(time.Now(), d.bound, d.self, time.Time{})
	return a, what, do
}

// signedAssessment is nil where none is.
func signedAssessment(cfg *config.Config) (*assess.Assessment, error) {
	b, err := os.ReadFile(cfg.Assess)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the signed assessment: %w", err)
	}
	return assess.Parse(b)
}

// door is what this device knows of itself from beside the keeper.
type door struct {
	bound assess.Bound
	facts assess.Facts
	self  assess.Self
}

func (t *tools) doorOf(cfg *config.Config) (d door, err error) {
	pack, err := findPack(cfg.Face.Models, cfg.Face.Pack)
	if err != nil {
		return d, coded{exitConfig, err}
	}
	k := cfg.Keeper(pack, t.Time())
	purpose := notice.DoorEntry
	if cfg.Text != nil {
		purpose = cfg.Text.Purpose
	}
	d.bound = assess.Of(k, string(purpose))
	var tier wire.Tier // unknown before the first start
	if b, err := os.ReadFile(filepath.Join(k.Folder, "tier")); err == nil {
		tier.UnmarshalText(bytes.TrimSpace(b))
	}
	d.self = assess.Self{RetentionDays: d.bound.KeepDays, Encrypted: true, OtherWay: true, RoomsApart: confine.Kernel().Landlock > 0,
		Keys: tier, TellsABroker: k.Fleet}
	now, err := count.Read(k.Folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("how many people are stored: %w", err)
	}
	set, err := curve.Need{Level: k.Face.Level, People: k.Face.People, List: now.Now, Tries: k.Face.Tries, Years: k.Face.Years}.Set()
	if err != nil {
		return d, err
	}
	d.facts = assess.Facts{Version: t.Version, Threshold: float64(set.Threshold), FalseMatch: set.FalseMatch, RetentionDays: d.bound.KeepDays,
		Enrolled: now.Now, HighMark: now.High, Keys: tier.String(), RoomsApart: d.self.RoomsApart, TellsABroker: k.Fleet}
	return d, nil
}

// claims are what people most likely mean to say: what is.
func (d door) claims() assess.Claims {
	keys := d.self.Keys
	if keys == wire.TierUnknown {
		keys = wire.TierFile // whatever it will be, it is at least that
	}
	return assess.Claims{RetentionDays: d.self.RetentionDays, Encrypted: true, OtherWay: true, RoomsApart: d.self.RoomsApart,
		Keys: keys.String(), TellsABroker: d.self.TellsABroker}
}

// askPIN reads one PIN: without echo from a terminal, or a line from a pipe.
func (t *tools) askPIN(question string) ([]byte, error) {
	pin, err := t.readLine(question)
	if err != nil {
		return nil, fmt.Errorf("reading a PIN: %w", err)
	}
	if len(pin) < wire.PINMin || len(pin) > wire.PINMax || strings.Trim(string(pin), "0123456789") != "" {
		clear(pin)
		return nil, fmt.Errorf("a PIN has %d to %d digits", wire.PINMin, wire.PINMax)
	}
	return pin, nil
}

// readLine reads one line: without echo from a terminal, or from a pipe.
func (t *tools) readLine(question string) ([]byte, error) {
	fd := int(t.In.Fd())
	if term.IsTerminal(fd) {
		fmt.Fprint(t.Err, question)
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(t.Err)
		return b, err
	}
	b, err := bufio.NewReader(io.LimitReader(t.In, 64)).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return bytes.TrimRight(b, "\r\n"), err
}
