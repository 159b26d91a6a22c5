package hall

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
)

// M-14c: who may do what to which file, room by room. What is not written here is denied, and a path that climbs out of
// what is allowed is denied as well. That the kernel holds the rooms to it is tried in internal/confine.
func TestM14c_EachRoomReachesItsOwnFilesAndNobodyElses(t *testing.T) {
	top := t.TempDir()
	in := func(name string) string { return filepath.Join(top, name) }
	for _, dir := range []string{"keeper", "keysmith", "courier", "models", "pictures"} {
		if err := os.Mkdir(in(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h := &Hall{house: House{State: top, Keeper: room.Keeper{Folder: in("keeper")}, Kiosk: &room.Kiosk{}, Listen: "127.0.0.1:0",
		Keys:    &Keys{Folder: in("keysmith")},
		Courier: &room.Courier{Folder: in("courier"), Broker: "ssl://127.0.0.1:8883", CA: in("ca.pem")},
		Eye:     &room.Eye{Models: room.Pack{Dir: in("models")}, Camera: room.Camera{Folder: in("pictures")}},
		Lens:    &room.Lens{Source: in("film.mkv")}},
		log: quiet(), facts: confine.Facts{Landlock: 6}}
	posts, err := h.posts()
	defer closePosts(posts)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.prepareFolders(); err != nil {
		t.Fatal(err)
	}
	// The rights of keeper, keysmith, eye, lens, kiosk and courier, in this order: w may write, r may read, - neither.
	order := []string{"keeper", "keysmith", "eye", "lens", "kiosk", "courier"}
	walls := map[string]confine.Walls{}
	for _, p := range posts {
		walls[p.name] = p.walls
		if !p.walls.Files {
			t.Errorf("%s has no wall around files", p.name)
		}
	}
	if len(walls) != len(order) {
		t.Fatalf("%d rooms", len(walls))
	}
	for path, want := range map[string]string{
		in("keeper/people.db"):              "w-----",
		in("keeper/keys.db"):                "w-----",
		in("keeper/audit/checkpoint"):       "w-----",
		in("keysmith/generation"):           "-w----",
		in("courier/outbox.db"):             "-----w",
		in("ca.pem"):                        "-----r",
		in("models/feature.onnx"):           "--r---",
		in("pictures/face.jpg"):             "--r---",
		in("film.mkv"):                      "---r--",
		in("hand"):                          "------",
		in("stop"):                          "------",
		in("keeper.old/people.db"):          "------", // a name that begins alike
		in("courier/../keeper/people.db"):   "w-----",
		in("models/../keeper/people.db"):    "w-----",
		in("pictures/../../etc/shadow"):     "------",
		"/etc/shadow":                       "------",
		"/etc/edged/keys.cred":              "------",
		"/proc/1/environ":                   "------",
		"/dev/tpmrm0":                       "------",
		"/etc/resolv.conf":                  "-----r",
		"/usr/lib/x86_64-linux-gnu/libc.so": "--rr--",
	} {
		got := ""
		for _, name := range order {
			w := walls[name]
			switch {
			case below(path, w.Write):
				got += "w"
			case below(path, append(append([]string(nil), w.Read...), w.Run...)):
				got += "r"
			default:
				got += "-"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, dir := range []string{"keeper", "keysmith", "courier"} { // and without Landlock the mode still says no
		if st, err := os.Stat(in(dir)); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("the folder of room %s: %v, %v", dir, st.Mode(), err)
		}
	}
	users := map[int]string{}
	for _, name := range order {
		u := User(name, true)
		if before, taken := users[u]; taken && os.Geteuid() == 0 {
			t.Errorf("%s and %s are one user", name, before)
		}
		users[u] = name
	}
}

// below says whether a path lies in one of the folders or is one of the files, as the kernel sees it.
func below(path string, all []string) bool {
	path = filepath.Clean(path)
	for _, p := range all {
		if p = filepath.Clean(p); path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}
