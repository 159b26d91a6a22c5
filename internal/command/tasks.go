package command

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/models"
	packs "example.org/edged/models"
)

// installedModels is where the package puts a model pack.
const installedModels = "/usr/share/edged/models"

// usualModels is where a model pack lies when nobody says: beside a checkout's bin/, or where the package puts it.
func (t *tools) usualModels() string {
	if dir, err := t.programs(); err == nil {
		built := filepath.Join(dir, "..", "build", "models")
		if st, err := os.Stat(built); err == nil && st.IsDir() {
			return built
		}
	}
	return installedModels
}

type modelsCmd struct {
	Install modelsInstallCmd `cmd:"" help:"Fetch the default pack with the npm client and check every byte of it."`
	Add     modelsAddCmd     `cmd:"" help:"Check files that you bring, and install them."`
	Verify  modelsVerifyCmd  `cmd:"" help:"Check the pack that is installed."`
}

type modelsAddCmd struct {
	Files []string `arg:"" name:"file" help:"Model files, whatever they are called: what they are, their content says." type:"existingfile"`
	Pack  string   `help:"Which pack they belong to: faceplugin, opencv-zoo, or one whose manifest NAME.yaml lies in --dir." default:"faceplugin"`
	Dir   string   `help:"Where to put them." default:"${models}" type:"path"`
}

func (c *modelsAddCmd) Run(t *tools) error {
	m, err := manifest(c.Dir, c.Pack)
	if err != nil {
		return err
	}
	missing, err := m.Add(c.Dir, c.Files...)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "%s: %d files of pack %s, licence %s, each as pinned\n", c.Dir, len(c.Files), m.Name, m.Source.Licence)
	if len(missing) > 0 {
		fmt.Fprintf(t.Err, "edged: the pack still lacks %s: see %s\n", strings.Join(missing, ", "), m.Source.Page)
		return errNo
	}
	return nil
}

type modelsInstallCmd struct {
	Dir string `help:"Where to put it." default:"${models}" type:"path"`
}

func (c *modelsInstallCmd) Run(t *tools) error {
	m, err := manifest(c.Dir, "faceplugin")
	if err != nil {
		return err
	}
	if err := m.Install(t.ctx, c.Dir); err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "%s: %d models of %s %s, licence %s, each as pinned\n", c.Dir, len(m.Roles), m.Source.Package, m.Source.Version, m.Source.Licence)
	return nil
}

type modelsVerifyCmd struct {
	Pack string `help:"Which pack." default:"faceplugin"`
	Dir  string `help:"Where it lies." default:"${models}" type:"path"`
}

func (c *modelsVerifyCmd) Run(t *tools) error {
	p, err := findPack(c.Dir, c.Pack)
	if err != nil {
		return err
	}
	if err := models.Verify(p); err != nil {
		fmt.Fprintln(t.Err, "edged:", err)
		return errNo
	}
	fmt.Fprintf(t.Out, "%s: whole and unchanged\n", c.Dir)
	return nil
}

// manifest finds a pack by name: two are built in, another is a YAML file beside its models.
func manifest(dir, name string) (*models.Manifest, error) {
	switch name {
	case "faceplugin":
		return models.Parse(packs.Faceplugin)
	case "opencv-zoo":
		return models.Parse(packs.OpenCVZoo)
	}
	text, err := os.ReadFile(filepath.Join(dir, name+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("model pack %q has no manifest: %w (a pack is one YAML file beside its models)", name, err)
	}
	return models.Parse(text)
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check a copy of the audit log, and of those that were set aside before it."`
	Renew  auditRenewCmd  `cmd:"" help:"Set a damaged log aside, where it is kept, and begin a new one that names it."`
}

type auditVerifyCmd struct {
	Dir  string   `arg:"" help:"The folder of the log, or of a copy." type:"existingdir"`
	Key  string   `help:"The public key, as printed by the device (edged/DEVICE+…)." required:""`
	Old  []string `help:"An older signed head (a file; may be given several times): check that the log has only grown since." type:"existingfile"`
	JSON bool     `help:"Answer in JSON." name:"json"`
}

func (c *auditVerifyCmd) Run(t *tools) error {
	verify := func() (audit.Report, error) { return audit.Verify(c.Dir, c.Key) }
	if len(c.Old) > 0 {
		var heads [][]byte
		for _, path := range c.Old {
			old, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("reading the older head: %w", err)
			}
			heads = append(heads, old)
		}
		verify = func() (audit.Report, error) { return audit.VerifyGrowth(heads[0], c.Dir, c.Key, heads[1:]...) }
	}
	r, err := verify()
	before, changed := audit.Before(c.Dir, c.Key)
	if err == nil {
		err = changed
	}
	if c.JSON {
		out := map[string]any{"ok": err == nil, "report": r}
		if len(before) > 0 {
			out["before"] = before
		}
		if err != nil {
			out["why"] = err.Error()
		}
		if err := t.answer(out); err != nil {
			return err
		}
	} else if err == nil {
		fmt.Fprintln(t.Out, r.Text())
	}
	if !c.JSON {
		sayBefore(t.Out, before)
	}
	if err != nil {
		fmt.Fprintln(t.Err, "edged: the log does not verify:", err)
		return errNo
	}
	return nil
}

type pinCmd struct{}

// Run reads the PIN without echo from a terminal, or one line from a pipe, and prints only its hash.
func (c *pinCmd) Run(t *tools) error {
	pin, err := t.readPIN()
	if err != nil {
		return coded{exitUsage, err}
	}
	hash, err := access.HashStaff(pin, rand.Reader)
	if err != nil {
		return coded{exitUsage, err}
	}
	fmt.Fprintln(t.Out, hash)
	return nil
}

func (t *tools) readPIN() (string, error) {
	fd := int(t.In.Fd())
	if !term.IsTerminal(fd) {
		b, err := io.ReadAll(io.LimitReader(t.In, 64))
		return strings.TrimSpace(string(b)), err
	}
	ask := func(q string) ([]byte, error) {
		fmt.Fprint(t.Err, q)
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(t.Err)
		return b, err
	}
	one, err := ask("Staff PIN, 6 to 12 digits: ")
	if err != nil {
		return "", err
	}
	two, err := ask("Once more: ")
	if err != nil {
		return "", err
	}
	if !bytes.Equal(one, two) {
		return "", errors.New("the two were different; nothing was made")
	}
	return string(one), nil
}
