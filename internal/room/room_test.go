package room_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestAModelIsReadOnlyIfItIsTheOneNamed(t *testing.T) {
	whole := []byte("a model")
	sum := sha256.Sum256(whole)
	for name, c := range map[string]struct {
		put  func(path string) error
		role string
		says []string
	}{
		"whole":            {func(p string) error { return os.WriteFile(p, whole, 0o600) }, "detector", nil},
		"cut short":        {func(p string) error { return os.WriteFile(p, whole[:3], 0o600) }, "detector", []string{"d.onnx (detector)", "truncated or was swapped"}},
		"empty":            {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "detector", []string{"d.onnx (detector)", "0 bytes"}},
		"swapped":          {func(p string) error { return os.WriteFile(p, []byte("b model"), 0o600) }, "detector", []string{"d.onnx (detector)", "truncated or was swapped"}},
		"missing":          {func(string) error { return nil }, "detector", []string{"d.onnx (detector) is missing"}},
		"a folder":         {func(p string) error { return os.Mkdir(p, 0o700) }, "detector", []string{"not a regular file"}},
		"too large":        {func(p string) error { f, err := os.Create(p); f.Truncate(65 << 20); return err }, "detector", []string{"at most"}},
		"not in this pack": {func(string) error { return nil }, "feature", []string{"no feature"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := room.Pack{Dir: t.TempDir(), Name: "test", Files: map[string]room.ModelFile{"detector": {Name: "d.onnx", SHA256: hex.EncodeToString(sum[:])}}}
			if err := c.put(filepath.Join(p.Dir, "d.onnx")); err != nil {
				t.Fatal(err)
			}
			b, err := p.Read(c.role)
			if c.says == nil {
				if err != nil || string(b) != string(whole) {
					t.Errorf("%q %v", b, err)
				}
				return
			}
			if err == nil || b != nil {
				t.Fatalf("%q was read", b)
			}
			for _, s := range append(c.says, "edged models install") {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%v does not say %q", err, s)
				}
			}
		})
	}
}

func TestABriefIsReadStrictly(t *testing.T) {
	for name, brief := range map[string]string{"an unknown field": `{"Device":"a","Face2":1}`, "a wrong type": `{"Device":1}`, "no JSON": `x`, "nothing": ``} {
		r, err := room.New(slog.New(slog.DiscardHandler), json.RawMessage(brief), nil)
		if err != nil {
			t.Fatal(err)
		}
		var k room.Keeper
		if err := r.Brief(&k); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestADescriptorThatWasNotGivenIsNamed(t *testing.T) {
	r, err := room.New(slog.New(slog.DiscardHandler), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.File("relay"); err == nil || !strings.Contains(err.Error(), `"relay"`) || r.Has("relay") {
		t.Errorf("%v", err)
	}
	r.Ready(wire.PartPIN) // without a hall there is nobody to tell
}

// A hall that does not listen holds no room up, and costs it nothing but the words.
func TestAHallThatDoesNotListen(t *testing.T) {
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fd[0]), "hall"), os.NewFile(uintptr(fd[1]), "room")
	defer theirs.Close()
	r, err := room.New(slog.New(slog.DiscardHandler), nil, map[string]*os.File{"hall": theirs})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		for range 330 { // more than the kernel keeps
			r.Fault(wire.FaultCamera)
		}
		ours.Close()
		r.Fault(wire.FaultCamera)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("the room waits for the hall")
	}
}
