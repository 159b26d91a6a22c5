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
		dir = filepath.Join(filepath.Dir(goSays(t, "env", "GOMOD")), "build", "models")
	}
	pack := m.Pack(dir)
	if err := models.Verify(pack); err != nil {
		t.Fatalf("the tests of the eye need the model pack: %v (make models)", err)
	}
	return pack
}

// Picture is the path of a picture that was installed with gocv, python3-skimage or opencv-doc.
func Picture(t testing.TB, name string) string {
	t.Helper()
	where := filepath.Join(goSays(t, "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv"), "images")
	need := "go mod download gocv.io/x/gocv"
	switch name {
	case "astronaut.png":
		where, need = "/usr/lib/python3/dist-packages/skimage/data", "apt-get install --no-install-recommends python3-skimage"
	case "messi5.jpg":
		where, need = "/usr/share/doc/opencv-doc/examples/data", "apt-get install --no-install-recommends opencv-doc"
	}
	path := filepath.Join(where, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: %s", err, need)
	}
	return path
}

func goSays(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}
