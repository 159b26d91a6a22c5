package door_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/door"
	"example.org/edged/internal/door/doortest"
)

type line struct {
	Relay  string `json:"relay"`
	MonoNS int64  `json:"mono_ns"`
	At     int64  `json:"at"`
}

func lines(t *testing.T, path string) (out []line) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		var l line
		d := json.NewDecoder(bytes.NewReader(s.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil || l.Relay != "on" && l.Relay != "off" || l.MonoNS <= 0 || l.At <= 0 {
			t.Fatalf("%s: %v", s.Bytes(), err)
		}
		out = append(out, l)
	}
	return out
}

func TestTheVirtualRelayConforms(t *testing.T) {
	doortest.Conform(t, func(t *testing.T) doortest.Bench {
		path := filepath.Join(t.TempDir(), "relay")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return doortest.Bench{
			Relay:   door.Virtual(f),
			On:      func() bool { l := lines(t, path); return len(l) > 0 && l[len(l)-1].Relay == "on" },
			Changes: func() int { return len(lines(t, path)) },
			Break:   func() { f.Close() },
		}
	})
}

// A keeper that died with the door open leaves "on" as the last line; the next one must say "off".
func TestTheFirstWordIsAlwaysWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "relay")
	f, _ := os.Create(path)
	defer f.Close()
	if err := door.Virtual(f).Set(true); err != nil {
		t.Fatal(err)
	}
	if err := door.Virtual(f).Set(false); err != nil {
		t.Fatal(err)
	}
	l := lines(t, path)
	if len(l) != 2 || l[1].Relay != "off" || l[1].MonoNS < l[0].MonoNS {
		t.Errorf("%+v", l)
	}
}
