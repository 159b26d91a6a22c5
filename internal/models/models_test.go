package models_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	packs "example.org/edged/models"

	"example.org/edged/internal/models"
)

var roles = []string{"detector", "landmarks", "liveness", "feature"}

// small is a manifest of four short files, and those files.
func small(t *testing.T) (*models.Manifest, map[string][]byte) {
	t.Helper()
	text := "name: small\nsource: {registry: npm, package: small-pack, version: 1.0.0, licence: MIT, licence_file: package/LICENSE}\nroles:\n"
	files := map[string][]byte{"package/LICENSE": []byte("MIT\n"), "package/model/fr_age.onnx": []byte("guess")}
	for _, r := range roles {
		b := []byte("model of " + r)
		sum := sha256.Sum256(b)
		files["package/model/"+r+".onnx"] = b
		text += fmt.Sprintf("  %s: {file: %s.onnx, from: package/model/%s.onnx, sha256: %s, bytes: %d, input: {width: 112, height: 112, channels: BGR, scale: 1}}\n",
			r, r, r, hex.EncodeToString(sum[:]), len(b))
	}
	m, err := models.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m, files
}

func archive(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(content)), Mode: 0o777}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestOnlyTheFourModelsAreUnpacked(t *testing.T) {
	m, files := small(t)
	dir := filepath.Join(t.TempDir(), "models")
	if err := m.Unpack(bytes.NewReader(archive(t, files)), dir); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), "detector.onnx feature.onnx landmarks.onnx liveness.onnx small-LICENCE.txt"; got != want {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
	info, err := os.Stat(filepath.Join(dir, "feature.onnx"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := models.Verify(m.Pack(dir)); err != nil {
		t.Error(err)
	}
	// What is there already needs no npm and no network.
	t.Setenv("PATH", "")
	if err := m.Install(context.Background(), dir); err != nil {
		t.Error(err)
	}
}

func TestArchivesThatAreRefusedLeaveNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(files map[string][]byte)
		cut    int
		want   string
	}{
		{name: "a swapped model", change: func(f map[string][]byte) { f["package/model/feature.onnx"] = []byte("model of Feature") }, want: "package/model/feature.onnx in the archive is not the file"},
		{name: "a longer model", change: func(f map[string][]byte) {
			f["package/model/feature.onnx"] = append(f["package/model/feature.onnx"], 0)
		}, want: "package/model/feature.onnx in the archive is not the file"},
		{name: "a missing model", change: func(f map[string][]byte) { delete(f, "package/model/detector.onnx") }, want: "the archive has no package/model/detector.onnx"},
		{name: "an archive cut off", change: func(map[string][]byte) {}, cut: 40, want: "the archive is damaged"},
		{name: "no archive", change: func(map[string][]byte) {}, cut: 1 << 30, want: "the archive is not what npm makes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, files := small(t)
			c.change(files)
			b := archive(t, files)
			dir := t.TempDir()
			err := m.Unpack(bytes.NewReader(b[:max(0, len(b)-c.cut)]), dir)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if left := names(t, dir); left != "" {
				t.Errorf("it left %q", left)
			}
		})
	}
}

func TestVerifyNamesTheFileAndTheCommand(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   string
	}{
		{"a missing model", func(d string) error { return os.Remove(filepath.Join(d, "liveness.onnx")) }, "liveness.onnx (liveness) is missing: run `edged models install`"},
		{"a truncated model", func(d string) error { return os.Truncate(filepath.Join(d, "liveness.onnx"), 3) }, "liveness.onnx (liveness) is not the file"},
		{"a model grown huge", func(d string) error { return os.Truncate(filepath.Join(d, "liveness.onnx"), 1<<40) }, "liveness.onnx (liveness): 1099511627776 bytes, at most"},
		{"one model under the name of another", func(d string) error {
			return os.Rename(filepath.Join(d, "feature.onnx"), filepath.Join(d, "detector.onnx"))
		}, "detector.onnx (detector) is not the file"},
		{"a model that nobody named", func(d string) error { return os.WriteFile(filepath.Join(d, "fr_age.ONNX"), []byte("guess"), 0o600) }, "fr_age.ONNX is not a model of pack"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, files := small(t)
			dir := t.TempDir()
			if err := m.Unpack(bytes.NewReader(archive(t, files)), dir); err != nil {
				t.Fatal(err)
			}
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			if err := models.Verify(m.Pack(dir)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestWithoutNPMItSaysSo(t *testing.T) {
	m, _ := small(t)
	t.Setenv("PATH", "")
	if err := m.Install(context.Background(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "apt-get install npm") {
		t.Errorf("error %v", err)
	}
}

func TestManifestsThatAreRefused(t *testing.T) {
	whole := string(packs.Faceplugin)
	if _, err := models.Parse([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"an unknown key", "licence: MIT", "licence: MIT\n  colour: red", "colour"},
		{"an analysing role", "  feature:\n", "  age:\n", "roles.age is not a role"},
		{"a file in another folder", "file: fr_detect.onnx", "file: ../fr_detect.onnx", "not the plain name"},
		{"a path that leads out of the archive", "from: package/model/fr_detect.onnx", "from: ../fr_detect.onnx", "is not a path in the archive"},
		{"a hash that is none", "sha256: 6c0256cc", "sha256: 6C0256cc", "64 small hex digits"},
		{"a package that is an option", "package: faceplugin-face-recognition-js", "package: --eval", "not a plain name"},
		{"another registry", "registry: npm", "registry: ftp", "npm is known, and files"},
		{"one file for two roles", "file: fr_landmark.onnx", "file: fr_detect.onnx", "have the same file"},
		{"a kind that nobody knows", "  detector:\n", "  detector:\n    kind: ssd\n", "is not rfb or yunet"},
		{"features of too many numbers", "  feature:\n", "  feature:\n    length: 1024\n", "at most 512"},
		{"features of another size of face", "width: 112", "width: 160", "112×112"},
		{"no licence", "  licence: MIT\n", "", "source.licence is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(whole, c.old, c.new, 1)
			if text == whole {
				t.Fatal("nothing was changed")
			}
			if _, err := models.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(packs.Faceplugin)
	f.Add([]byte("name: x\nroles: {}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := models.Parse(b)
		if err != nil {
			return
		}
		for role, file := range m.Pack("d").Files {
			if strings.ContainsAny(file.Name, "/\\") || len(file.SHA256) != 64 {
				t.Fatalf("%s: %+v", role, file)
			}
		}
	})
}
