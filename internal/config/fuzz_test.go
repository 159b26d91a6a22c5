package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/config"
)

// FuzzRead: whatever stands in the file, Read answers with a config that keeps the rules or with defects that point
// into the file, and never panics.
func FuzzRead(f *testing.F) {
	for _, glob := range []string{"testdata/bad/*.yaml", "../../configs/*.yaml"} {
		files, _ := filepath.Glob(glob)
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	path := filepath.Join(f.TempDir(), "fuzz.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Read(path)
		if err == nil {
			if len(c.Door.Methods) == 1 && c.HasFace() || len(c.Door.Methods) == 0 || len(c.Staff) == 0 || c.HasFace() && (c.Text == nil || c.Text.Keep() != c.Face.Keep) {
				t.Fatalf("accepted %+v", c)
			}
			return
		}
		var bad *config.Error
		if !errors.As(err, &bad) || c != nil || len(bad.Defects) == 0 {
			t.Fatalf("%v, %v", c, err)
		}
		lines := strings.Count(string(text), "\n") + 1
		for _, d := range bad.Defects {
			if d.What == "" || d.Fix == "" || strings.ContainsAny(d.What, "\n") || strings.Contains(d.String(), "goroutine") ||
				d.File == path && (d.Line > lines || d.Line > 0 && d.Column < 1) {
				t.Fatalf("%+v in a file of %d lines", d, lines)
			}
		}
	})
}

// TestNestingCannotOverflowTheStack: each of these made a recursive parser go as deep as the file is long.
func TestNestingCannotOverflowTheStack(t *testing.T) {
	indented := ""
	for i := range 1200 {
		indented += strings.Repeat(" ", i) + "a:\n"
	}
	for _, text := range []string{
		strings.Repeat("[", 1<<20), strings.Repeat("- ", 1<<19), strings.Repeat("{a: ", 1<<16), strings.Repeat("? ", 1<<16),
		strings.Repeat("!a ", 1<<16), strings.Repeat("&a ", 1<<16), strings.Repeat("a: ", 1<<16), strings.Repeat("-\n", 1<<16),
		strings.Repeat("a:\n", 1<<16), indented,
	} {
		path := filepath.Join(t.TempDir(), "deep.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if bad := read(t, path); len(bad.Error()) > 20000 {
			t.Errorf("%q… is told in %d bytes", text[:8], len(bad.Error()))
		}
	}
}
