package hall

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The package's users and the numbers that the hall falls back to are the same, room by room, and the unit file names what
// each tier of the keys needs.
func TestThePackageMakesAUserForEachRoom(t *testing.T) {
	text, err := os.ReadFile("../../deploy/sysusers.d/edged.conf")
	if err != nil {
		t.Fatal(err)
	}
	for i, room := range rooms {
		line := regexp.MustCompile(fmt.Sprintf(`(?m)^u edged-%s +%d "`, room, firstUser+i))
		if !line.Match(text) {
			t.Errorf("no line makes edged-%s the user %d", room, firstUser+i)
		}
	}
	if n := strings.Count(string(text), "\nu "); n != len(rooms) {
		t.Errorf("%d users for %d rooms", n, len(rooms))
	}
	unit, err := os.ReadFile("../../deploy/systemd/edged.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"DeviceAllow=/dev/tpmrm0 rw", "LoadCredentialEncrypted=edged.keys:/etc/edged/keys.cred", "LimitMEMLOCK=infinity", "LimitCORE=0"} {
		if !strings.Contains(string(unit), line) {
			t.Errorf("the unit file does not say %q", line)
		}
	}
}
