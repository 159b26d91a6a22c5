package command

import (
	"bytes"
	"debug/buildinfo"
	"encoding/hex"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/comply"
	"example.org/edged/internal/config"
	"example.org/edged/internal/confine"
	"example.org/edged/internal/count"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/models"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// facts looks at everything that the checks ask for. What cannot be looked at is never taken for good.
func (t *tools) facts(cfg *config.Config) *comply.Facts {
	now := time.Now()
	f := &comply.Facts{Version: t.Version, Device: cfg.Device.ID, Rules: ruleset.At(now).ID.String(), At: now, Face: cfg.HasFace(),
		Declared: cfg.Site.Declared(), Languages: cfg.Screen.Languages, Staff: len(cfg.Staff), Programs: t.roomPrograms()}
	if f.Face {
		f.Unplaced, _ = f.Declared.Rest(now)
		t.faceFacts(cfg, f)
	}
	for _, m := range cfg.Door.Methods {
		if m != "face" {
			f.OtherWays = append(f.OtherWays, m)
		}
	}
	kernel := confine.Kernel()
	f.Seccomp, f.Landlock = kernel.Seccomp, kernel.Landlock > 0
	for _, found := range cfg.Check(t.ctx, config.Around{Keeper: hall.User("keeper", cfg.Rooms.Users == "auto"), Models: func(string, string) error { return nil }}) {
		if found.Level == config.Fail && found.Part == "state" && f.Medium == "" {
			f.Medium = found.What
		}
	}
	if cfg.MQTT != nil {
		f.Broker, f.Clear = true, inTheClear(cfg.MQTT.Broker)
	}
	t.stateFacts(cfg, f)
	f.Dumpable = dumpable()
	f.Probes = probes()
	return f
}

// faceFacts are about what the file says of faces, and the notice.
func (t *tools) faceFacts(cfg *config.Config, f *comply.Facts) {
	f.KeepDays, f.IdleDays, f.MaxAgeDays = days(cfg.Face.Keep), days(cfg.Face.Inactive), days(cfg.Face.MaxAge)
	z := cfg.Camera.Zone
	f.Zone = cfg.Camera.MinEyeDistance > 0 || z.Left > 0 || z.Top > 0 || z.Right < 1 || z.Bottom < 1
	if n := cfg.Text; n != nil {
		hash := n.Hash()
		f.NoticeHash, f.NoticeDays = hex.EncodeToString(hash[:]), n.RetentionDays
		if err := n.Validate(cfg.Face.Keep); err != nil {
			f.NoticeWrong = err.Error()
		}
		text := n.Text[cfg.Screen.Languages[0]]
		f.Handler, f.Contact, f.Complaint, f.AtEnd = text.Handler, text.Contact, text.Complaint, text.AtEnd
	}
	pack, err := findPack(cfg.Face.Models, cfg.Face.Pack)
	if err == nil {
		err = models.Verify(pack)
	}
	if err != nil {
		f.Models = err.Error()
	}
	f.StrayModels = t.strayModels(cfg.Face.Models)
	a, what, _ := t.assessed(cfg)
	if f.Unassessed = what; a != nil {
		f.AssessedBy = a.Signed.Name + ", " + a.Signed.Post + ", on " + a.Signed.At.Format(time.DateOnly)
	}
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// strayModels counts networks that no manifest in the folder names.
func (t *tools) strayModels(dir string) (n int) {
	named := map[string]bool{}
	manifests, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, name := range append(manifests, "faceplugin") {
		if p, err := findPack(dir, strings.TrimSuffix(filepath.Base(name), ".yaml")); err == nil {
			for _, file := range p.Files {
				named[file.Name] = true
			}
		}
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch filepath.Ext(path) {
		case ".onnx", ".tflite", ".caffemodel", ".pb", ".pt", ".bin":
			if err == nil && !d.IsDir() && !named[rel] && !named[filepath.Base(path)] {
				n++
			}
		}
		return nil
	})
	return n
}

// stateFacts are about what lies in the state folder.
func (t *tools) stateFacts(cfg *config.Config, f *comply.Facts) {
	keeper := filepath.Join(cfg.State, "keeper")
	f.Open = openTo(keeper, "the keeper's folder")
	f.Traces = openTo(filepath.Join(keeper, "audit"), "the log of passages")
	var tier wire.Tier
	if b, err := os.ReadFile(filepath.Join(keeper, "tier")); err == nil && tier.UnmarshalText(bytes.TrimSpace(b)) == nil && tier != wire.TierUnknown {
		f.Tier = tier.String()
	}
	aside, _ := filepath.Glob(filepath.Join(keeper, "*.damaged*"))
	for _, path := range aside {
		if strings.HasPrefix(filepath.Base(path), "clock") {
			f.Clock = "the stored time was damaged; "
		} else {
			f.SetAside++
		}
	}
	f.Pictures = pictures(cfg.State)
	f.Log = comply.ReadLog(filepath.Join(keeper, "audit"), time.Now())
	for _, hash := range f.Log.Assessments {
		if _, err := os.Stat(filepath.Join(keeper, assess.Folder, assess.FileName(hash))); err != nil {
			f.CopiesMissing++
		}
	}
	if s, err := count.Read(keeper); err == nil {
		f.Count = s
		last, err := lastFiled(cfg)
		if due := t.calendar(cfg).After(s.Reached, 30); !s.Reached.IsZero() {
			f.FileBy = due.String()
			f.Overdue = (err != nil || last.On.IsZero()) && time.Now().After(due.Day.AddDate(0, 0, 1))
		}
	}
}

// openTo says why a folder is open to others.
func openTo(dir, what string) string {
	st, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return "" // made at the first start, closed
	case err != nil:
		return what + " cannot be looked at: start this as root"
	case st.Mode().Perm()&0o077 != 0:
		return what + " is open to others"
	}
	return ""
}

// pictures counts files that begin as pictures do, whatever they are called.
func pictures(dir string) (n int) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer file.Close()
		head := make([]byte, 12)
		k, _ := file.Read(head)
		for _, magic := range []string{"\xff\xd8\xff", "\x89PNG", "GIF8", "BM6", "II*\x00", "MM\x00*"} {
			if bytes.HasPrefix(head[:k], []byte(magic)) {
				n++
			}
		}
		if k == 12 && string(head[:4]) == "RIFF" && string(head[8:]) == "WEBP" {
			n++
		}
		return nil
	})
	return n
}

func inTheClear(broker string) bool {
	u, err := url.Parse(broker)
	if err != nil || u.Scheme != "tcp" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}

// roomPrograms reads what the linker wrote into the rooms' programs.
func (t *tools) roomPrograms() map[string]comply.Program {
	all := map[string]comply.Program{}
	dir, err := t.programs()
	if err != nil {
		return all
	}
	for _, name := range []string{"keeper", "eye", "kiosk", "courier", "keysmith"} {
		info, err := buildinfo.ReadFile(filepath.Join(dir, "edged-"+name))
		if err != nil {
			continue
		}
		var p comply.Program
		for _, s := range info.Settings {
			p.CGO = p.CGO || s.Key == "CGO_ENABLED" && s.Value != "0"
		}
		for _, m := range info.Deps {
			p.Modules = append(p.Modules, m.Path)
		}
		all[name] = p
	}
	return all
}

// dumpable tells whether a room that runs now could leave a core dump with a face in it.
func dumpable() bool {
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, path := range names {
		b, err := os.ReadFile(path)
		if name := strings.TrimSpace(string(b)); err != nil || name != "edged-keeper" && name != "edged-eye" {
			continue
		}
		limits, err := os.ReadFile(filepath.Join(filepath.Dir(path), "limits"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(limits)) {
			if rest, ok := strings.CutPrefix(line, "Max core file size"); ok && !strings.HasPrefix(strings.TrimSpace(rest), "0 ") {
				return true
			}
		}
	}
	return false
}
