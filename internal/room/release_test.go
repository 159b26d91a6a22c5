package room_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"example.org/edged/internal/room"
)

// TestMain plays a room where the test below asks for one.
func TestMain(m *testing.M) {
	if os.Getenv("PLAY_ROOM") != "" {
		os.Exit(room.Main("eye", nil))
	}
	os.Exit(m.Run())
}

// A hall of a newer release writes words that an older room does not know.
func TestARoomOfAnotherReleaseSaysWhatToInstall(t *testing.T) {
	for name, c := range map[string]struct{ mandate, want string }{
		"not a mandate":   {`7`, "is started by `edged run`, not by hand: no mandate on descriptor 3"},
		"another release": {`{"Room": "eye", "Colour": "red"}`, "install all programs of one release"},
		"of another room": {`{"Room": "keeper"}`, "is started by `edged run`, not by hand: the mandate is for \"keeper\""},
	} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "PLAY_ROOM=1")
		f, err := os.CreateTemp(t.TempDir(), "mandate")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fmt.Fprint(f, c.mandate)
		cmd.ExtraFiles = []*os.File{f}
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), c.want) || strings.Count(string(out), "\n") != 1 || cmd.ProcessState.ExitCode() != room.ExitWalls {
			t.Errorf("%s: %d, %q", name, cmd.ProcessState.ExitCode(), out)
		}
	}
}
