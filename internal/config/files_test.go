package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/config"
)

// TestEveryExampleLoads reads every file that an installer may begin with.
func TestEveryExampleLoads(t *testing.T) {
	files, err := filepath.Glob("../../configs/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "notice.") || strings.HasSuffix(file, ".assessment.yaml") {
			continue // these are no configs: they are read through the configs that name them, or have tests of their own
		}
		if _, err := config.Read(file); err != nil {
			t.Error(err)
		}
	}
}

// key is one key as the structs have it.
type key struct{ path, limits, preset string }

func keys(t reflect.Type, path string) (out []key) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		name := f.Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		k := key{path: strings.TrimPrefix(path+"."+name, "."), limits: f.Tag.Get("range"), preset: f.Tag.Get("default")}
		if one := f.Tag.Get("one"); one != "" {
			k.limits = strings.ReplaceAll(one, "|", ", ")
		} else if f.Type.Kind() == reflect.Bool {
			k.limits = "true, false"
		}
		if f.Tag.Get("need") != "" {
			k.preset = "required"
		}
		out = append(append(out, k), keys(f.Type, k.path)...)
	}
	return out
}

// TestDocsNameEveryKey: no key undocumented, none invented, and every default and range as the program has it.
func TestDocsNameEveryKey(t *testing.T) {
	text, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []key
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)` \\| (.+) \\| (.*)\\| (.*)\\|$")
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		bare := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "`", "")) }
		got = append(got, key{m[1], bare(m[3]), bare(m[4])})
	}
	want := keys(reflect.TypeFor[config.Config](), "")
	for _, k := range want {
		if !slices.Contains(got, k) {
			t.Errorf("docs/config.md lacks %+v", k)
		}
	}
	for _, k := range got {
		if !slices.Contains(want, k) {
			t.Errorf("docs/config.md has %+v, and the program has not", k)
		}
	}
}

// TestExamplesExplainEveryKey: above each key of the full example stands what it is, and each default and range.
func TestExamplesExplainEveryKey(t *testing.T) {
	var lines []string
	for _, file := range []string{"door-face-pin.yaml", "door-ip-camera.yaml", "demo.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../configs", file))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Split(string(text), "\n")...)
	}
	for _, k := range keys(reflect.TypeFor[config.Config](), "") {
		if k.path == "camera.file" {
			continue // a video file is for trying things out: docs/config.md is enough
		}
		name := k.path[strings.LastIndex(k.path, ".")+1:]
		depth := 2*strings.Count(k.path, ".") + 2
		form := regexp.MustCompile(fmt.Sprintf(`^ {0,%d}(- |# )?%s:`, depth, name))
		explained := false
		for i, line := range lines {
			if i == 0 || !form.MatchString(line) {
				continue
			}
			var comment string
			for j := i - 1; j >= 0 && strings.HasPrefix(strings.TrimSpace(lines[j]), "# "); j-- {
				comment = strings.TrimSpace(lines[j]) + " " + comment
			}
			ok := comment != ""
			if k.preset != "" && k.preset != "required" {
				ok = ok && strings.Contains(strings.Trim(comment, ". "), "efault "+k.preset) || strings.Contains(comment, "efault ["+k.preset+"]") || strings.Contains(comment, "whole picture")
			}
			if from, to, ranged := strings.Cut(k.limits, ".."); ranged {
				ok = ok && (strings.Contains(comment, from+" to "+to) || strings.HasPrefix(k.path, "camera.zone."))
			}
			explained = explained || ok
		}
		if !explained {
			t.Errorf("no example explains %s with its default %q and its range %q in the comment above it", k.path, k.preset, k.limits)
		}
	}
}
