package models_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	packs "example.org/edged/models"

	"example.org/edged/internal/models"
)

// brought are the files of the small pack in a folder of the installer's, under names of the installer's.
func brought(t *testing.T, files map[string][]byte) map[string]string {
	t.Helper()
	dir, at := t.TempDir(), map[string]string{}
	for _, r := range roles {
		at[r] = filepath.Join(dir, "download-of-"+r+" (1)")
		if err := os.WriteFile(at[r], files["package/model/"+r+".onnx"], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

func TestFilesThatTheInstallerBringsAreKnownByWhatTheyAre(t *testing.T) {
	m, files := small(t)
	at, dir := brought(t, files), filepath.Join(t.TempDir(), "models")
	missing, err := m.Add(dir, at["feature"], at["detector"])
	if err != nil || strings.Join(missing, " ") != "landmarks liveness" {
		t.Fatalf("missing %v, %v", missing, err)
	}
	if missing, err = m.Add(dir, at["landmarks"], at["liveness"]); err != nil || len(missing) != 0 {
		t.Fatalf("missing %v, %v", missing, err)
	}
	if err := models.Verify(m.Pack(dir)); err != nil {
		t.Error(err)
	}
}

func TestFilesThatAreNoneOfThePackAreNotTaken(t *testing.T) {
	for _, c := range []struct {
		name, content, want string
	}{
		{"a changed model", "model of Feature", `is none of pack "small"; it has detector.onnx (detector,`},
		{"nothing", "", `is none of pack "small"`},
		{"a pointer to the large file", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a Git LFS pointer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, files := small(t)
			at, dir := brought(t, files), filepath.Join(t.TempDir(), "models")
			if err := os.WriteFile(at["feature"], []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := m.Add(dir, at["detector"], at["feature"])
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), at["feature"]) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestTwoPacksDoNotShareAFolder(t *testing.T) {
	m, files := small(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "other.onnx"), []byte("of another pack"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Add(dir, brought(t, files)["feature"]); err == nil || !strings.Contains(err.Error(), "a folder of its own") {
		t.Errorf("error %v", err)
	}
}

func TestTheSecondPackIsBroughtAndNotFetched(t *testing.T) {
	m, err := models.Parse(packs.OpenCVZoo)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Install(context.Background(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "edged models add") || !strings.Contains(err.Error(), m.Source.Page) {
		t.Errorf("error %v", err)
	}
	p := m.Pack("d")
	if d, f := p.Files["detector"], p.Files["feature"]; len(p.Files) != 2 || d.Kind != "yunet" || f.Length != 128 || f.Channels != "RGB" || f.Scale != 1 {
		t.Errorf("%+v", p)
	}
	if first, err := models.Parse(packs.Faceplugin); err != nil || first.Roles["feature"].SHA256 == m.Roles["feature"].SHA256 {
		t.Errorf("two packs with one feature model, %v", err)
	}
}
