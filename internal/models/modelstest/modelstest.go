// Package modelstest finds what tests of the eye need: the installed model pack and pictures that come with what is
// installed anyway. It never skips a test: what is missing fails it, with the command that brings it.
package modelstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	packs "example.org/edged/models"

	"example.org/edged/internal/models"
	"example.org/edged/internal/room"
)

// Pack is the default pack, in the folder EDGED_MODELS or in build/models of this checkout.
func Pack(t testing.TB) room.Pack {
	t.Helper()
	m, err := models.Parse(packs.Faceplugin)
	if err != nil {
		t.Fatal(err)
	}
	dir := os.Getenv("EDGED_MODELS")
	if dir == "" {
		dir = filepath.Join(checkout(t), "build", "models")
	}
	pack := m.Pack(dir)
	if err := models.Verify(pack); err != nil {
		t.Fatalf("the tests of the eye need the model pack: %v (here: make setup)", err)
	}
	return pack
}

// Picture is the path of a photograph that `make setup` took out of what is installed anyway, or that came with gocv.
func Picture(t testing.TB, name string) string {
	t.Helper()
	for _, folder := range []string{
		filepath.Join(checkout(t), "build", "pictures"),
		filepath.Join(goSays(t, "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv"), "images"),
	} {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf("the tests of the eye need the photograph %s: make setup", name)
	return ""
}

func checkout(t testing.TB) string { return filepath.Dir(goSays(t, "env", "GOMOD")) }

func goSays(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}
