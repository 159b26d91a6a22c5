package hall

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
)

// The eye is handed both cameras, each under its own name and anew for every life; a folder of infrared pictures it may read.
func TestTheEyeIsHandedBothCameras(t *testing.T) {
	dir, folder, second := t.TempDir(), t.TempDir(), t.TempDir()
	for _, name := range []string{"visible", "infrared"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := &Hall{house: House{Keeper: room.Keeper{Folder: dir}, Camera: filepath.Join(dir, "visible"), Infrared: filepath.Join(dir, "infrared"),
		Eye: &room.Eye{Models: room.Pack{Dir: dir}, Camera: room.Camera{Folder: folder}, Infrared: room.Camera{Folder: second}}}, log: quiet(), facts: confine.Facts{Landlock: 6}}
	posts, err := h.posts()
	defer func() { closePosts(posts) }()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range posts {
		if p.name != "eye" {
			continue
		}
		for range 2 {
			if err := p.openCameras(); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{"camera": "visible", "infrared": "infrared"} {
				b := make([]byte, 16)
				n, err := p.files[name].Read(b)
				if err != nil || string(b[:n]) != want {
					t.Errorf("%s: %q, %v", name, b[:n], err)
				}
			}
		}
		if got := fmt.Sprint(p.walls.Read[len(p.walls.Read)-2:]); got != fmt.Sprint([]string{folder, second}) {
			t.Errorf("it may read %s", got)
		}
	}
	h.house.Infrared = filepath.Join(dir, "unplugged")
	if unplugged, err := h.posts(); err == nil {
		closePosts(unplugged)
		t.Error("a camera that is asked for and not there is passed over in silence")
	}
}
