// Package models knows the model packs: what is in them, whether what lies in a folder is that, and how it gets
// there. It never installs a model that guesses at a person (age, gender, expression), and never accepts a
// file by its name alone.
//
// More than five names are exported: four of them are the manifest's form.
package models

import (
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"example.org/edged/internal/room"
)

// Roles are the parts of a pack, in the order in which a frame meets them.
var roles = []string{"detector", "landmarks", "liveness", "feature"}

// A Manifest says what a pack is and where it comes from.
type Manifest struct {
	Name   string          `yaml:"name"`
	Source Source          `yaml:"source"`
	Roles  map[string]Role `yaml:"roles"`
}

// Source is where a pack comes from and on what terms.
type Source struct {
	Registry     string `yaml:"registry"`
	Package      string `yaml:"package"`
	Version      string `yaml:"version"`
	Page         string `yaml:"page"`
	Licence      string `yaml:"licence"`
	LicenceFile  string `yaml:"licence_file"`
	TrainingData string `yaml:"training_data"`
}

// Role is one model: its file, and how it is fed.
type Role struct {
	File   string `yaml:"file"`
	From   string `yaml:"from"` // its path in the source's archive
	SHA256 string `yaml:"sha256"`
	Bytes  int64  `yaml:"bytes"`
	Input  Input  `yaml:"input"`
	Kind   string `yaml:"kind"`   // of a detector: rfb or yunet
	Length int    `yaml:"length"` // of a feature; 512 when nothing is said
	Crop   string `yaml:"crop"`
	Output string `yaml:"output"`
}

// Input is what a model wants: size, order of channels, and (value − mean) / scale.
type Input struct {
	Width    int     `yaml:"width"`
	Height   int     `yaml:"height"`
	Channels string  `yaml:"channels"`
	Mean     float64 `yaml:"mean"`
	Scale    float64 `yaml:"scale"`
}

// Parse reads a manifest strictly.
func Parse(text []byte) (*Manifest, error) {
	var m Manifest
	if err := yaml.UnmarshalWithOptions(text, &m, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("model manifest: %w", err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("model manifest %q: %w", m.Name, err)
	}
	return &m, nil
}

func (m *Manifest) check() error {
	switch {
	case m.Name == "":
		return fmt.Errorf("it has no name")
	case m.Source.Registry != "npm" && m.Source.Registry != "files":
		return fmt.Errorf("source.registry is %q: npm is known, and files for what the installer brings", m.Source.Registry)
	case !plain(m.Source.Package) || !plain(m.Source.Version):
		return fmt.Errorf("source.package %q or source.version %q is not a plain name", m.Source.Package, m.Source.Version)
	case m.Source.Licence == "":
		return fmt.Errorf("source.licence is missing")
	}
	for name := range m.Roles {
		if !slices.Contains(roles, name) {
			return fmt.Errorf("roles.%s is not a role: %s are", name, strings.Join(roles, ", "))
		}
	}
	seen := map[string]string{}
	for _, name := range roles {
		r, ok := m.Roles[name]
		if !ok && m.needs(name) {
			return fmt.Errorf("roles.%s is missing", name)
		} else if !ok {
			continue
		}
		err := r.check()
		if err == nil {
			err = r.fits(name)
		}
		if err != nil {
			return fmt.Errorf("roles.%s: %w", name, err)
		}
		if other, twice := seen[r.File]; twice {
			return fmt.Errorf("roles.%s and roles.%s have the same file", other, name)
		}
		seen[r.File] = name
	}
	return nil
}

// needs says whether a pack can do without this part. Without landmarks the detector must find five points itself; a pack
// without liveness is one whose doors ask for a second sign.
func (m *Manifest) needs(role string) bool {
	switch role {
	case "landmarks":
		return m.Roles["detector"].Kind != "yunet"
	case "liveness":
		return false
	}
	return true
}

// fits says whether what is told of a model is something that this program does with a model of this role.
func (r *Role) fits(role string) error {
	switch {
	case r.Kind != "" && role != "detector":
		return fmt.Errorf("kind is told of a detector only")
	case !slices.Contains([]string{"", "rfb", "yunet"}, r.Kind):
		return fmt.Errorf("kind %q is not rfb or yunet", r.Kind)
	case r.Length != 0 && role != "feature", r.Length < 0, r.Length > 512:
		return fmt.Errorf("length %d: of a feature, at most 512", r.Length)
	case role == "feature" && (r.Input.Width != 112 || r.Input.Height != 112):
		return fmt.Errorf("input is %d×%d: features are made of 112×112 pixels", r.Input.Width, r.Input.Height)
	}
	return nil
}

func (r *Role) check() error {
	sum, err := hex.DecodeString(r.SHA256)
	switch {
	case !plain(r.File) || filepath.Ext(r.File) != ".onnx":
		return fmt.Errorf("file %q is not the plain name of an .onnx file", r.File)
	case err != nil || len(sum) != 32 || r.SHA256 != strings.ToLower(r.SHA256):
		return fmt.Errorf("sha256 %q is not 64 small hex digits", r.SHA256)
	case r.From == "" || path.Clean(r.From) != r.From || !filepath.IsLocal(r.From):
		return fmt.Errorf("from %q is not a path in the archive", r.From)
	case r.Bytes <= 0 || r.Bytes > modelMax:
		return fmt.Errorf("bytes %d is not between 1 and %d", r.Bytes, modelMax)
	case r.Input.Width <= 0 || r.Input.Height <= 0 || r.Input.Scale == 0:
		return fmt.Errorf("input has no size or no scale")
	case !slices.Contains([]string{"BGR", "RGB", "grey"}, r.Input.Channels):
		return fmt.Errorf("input.channels %q is not BGR, RGB or grey", r.Input.Channels)
	}
	return nil
}

// Pack is what the eye is told: the files of this manifest in dir.
func (m *Manifest) Pack(dir string) room.Pack {
	p := room.Pack{Dir: dir, Name: m.Name, Files: map[string]room.ModelFile{}}
	for name, r := range m.Roles {
		p.Files[name] = room.ModelFile{Name: r.File, SHA256: r.SHA256, Kind: r.Kind, Length: r.Length,
			Channels: r.Input.Channels, Mean: r.Input.Mean, Scale: r.Input.Scale}
	}
	return p
}

// plain says that a name can be given to a program or a folder without meaning anything else there.
func plain(name string) bool {
	return name != "" && !strings.HasPrefix(name, "-") && !strings.HasPrefix(name, ".") &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
		})
}
