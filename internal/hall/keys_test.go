package hall_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/edged/configs"
	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/keysmith/keysmithtest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == hall.StageWord {
		os.Exit(hall.Stage())
	}
	os.Exit(m.Run())
}

// house is a keeper and a keysmith, the real programs behind their real walls.
func house(t *testing.T, tpm string) hall.House {
	t.Helper()
	dir, err := os.MkdirTemp("", "hall-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	for _, name := range []string{"edged-keeper", "edged-keysmith"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), "../../cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	text := fmt.Sprintf("device: {id: door-1}\nstate: state\nnotice: notice.yaml\ndoor: {methods: [pin, face]}\ncamera: {source: v4l2}\nface: {models: m}\nkeys: {tpm: %q}\n"+
		"staff: [{name: desk, pin_hash: '$argon2id$v=19$m=19456,t=2,p=1$1r9aTrJVNY8/vX0pv6FFYg$G8NcfFoFmf9tUT5OKe31IA71uizVYL3OsniqL41qud8'}]\n", tpm)
	for name, b := range map[string][]byte{"edged.yaml": []byte(text), "notice.yaml": configs.Notice} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Read(filepath.Join(dir, "edged.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(cfg.State, 0o755); err != nil {
		t.Fatal(err)
	}
	pack := room.Pack{Files: map[string]room.ModelFile{"feature": {SHA256: strings.Repeat("ab", 32)}}}
	return hall.House{Programs: dir, Keeper: cfg.Keeper(pack, time.Now().Add(-time.Hour)), Relay: cfg.Relay(), OwnUsers: true, LogLevel: slog.LevelInfo,
		Keys: &hall.Keys{Folder: cfg.KeysFolder(), Tier: cfg.Keys.Tier, TPM: cfg.Keys.TPM}}
}

// live runs the house until PINs open the door and the keeper knows whether there are keys of faces, which it says.
func live(t *testing.T, h hall.House) (keys bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	var pin, known atomic.Bool
	kept := hearRooms(t, func(line string) {
		if strings.Contains(line, "the keys of faces are kept") {
			keys = true
			if known.Store(true); pin.Load() {
				stop()
			}
		}
	})
	one, err := hall.New(h, slog.New(slog.DiscardHandler), func(e hall.Event) {
		switch w := e.Word.(type) {
		case *wire.Fault:
			known.Store(known.Load() || w.Fault == wire.FaultKeys)
		case *wire.Ready:
			pin.Store(pin.Load() || w.Part == wire.PartPIN)
		}
		if pin.Load() && known.Load() {
			stop()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Run(ctx); err != nil {
		t.Fatal(err)
	}
	kept()
	if !pin.Load() || !known.Load() {
		t.Fatalf("PINs open the door: %v; the keeper knows whether there are keys: %v", pin.Load(), known.Load())
	}
	return keys
}

// hearRooms hands each line that the rooms write on stderr to said, until done is called.
func hearRooms(t *testing.T, said func(string)) (done func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old, over := os.Stderr, make(chan struct{})
	os.Stderr = w
	go func() {
		defer close(over)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			said(lines.Text())
		}
	}()
	return func() { os.Stderr = old; w.Close(); <-over; r.Close() }
}

// The keysmith, without any network, reaches the TPM by the descriptor that the hall handed over. When the TPM is gone
// the PIN opens all the same, faces rest, and nothing weaker takes the TPM's place.
func TestATPMThatIsGoneCostsTheFaceAndNotTheDoor(t *testing.T) {
	chip := keysmithtest.NewChip(t)
	h := house(t, "unix:"+chip.Path)
	if !live(t, h) || !live(t, h) {
		t.Fatal("no keys, although the TPM is there")
	}
	made, err := os.ReadFile(filepath.Join(h.Keys.Folder, "made"))
	if err != nil || !strings.Contains(string(made), `"tpm"`) {
		t.Fatalf("%s, %v", made, err)
	}
	h.Keys.TPM = "unix:" + chip.Path + "-is-gone"
	if live(t, h) {
		t.Error("keys without the TPM")
	}
	after, _ := os.ReadFile(filepath.Join(h.Keys.Folder, "made"))
	if string(after) != string(made) {
		t.Errorf("now it says %s", after)
	}
	h.Keys.TPM = "unix:" + chip.Path
	if !live(t, h) {
		t.Error("the TPM is back, and no keys")
	}
	h.Keys = nil
	if live(t, h) {
		t.Error("keys without a keysmith")
	}
}

// A device that leaves destroys its last generation, so that a copy of its disk is worth nothing where its TPM goes.
func TestWhatLeavesTakesItsLastGenerationWithIt(t *testing.T) {
	chip := keysmithtest.NewChip(t)
	h := house(t, "unix:"+chip.Path)
	if !live(t, h) {
		t.Fatal("no keys")
	}
	copied := filepath.Join(t.TempDir(), "keysmith")
	if err := os.CopyFS(copied, os.DirFS(h.Keys.Folder)); err != nil {
		t.Fatal(err)
	}
	opens := func() error {
		all, _ := filepath.Glob(copied + "/*")
		for _, f := range all {
			os.Chmod(f, 0o600)
		}
		tpm := chip.Connect()
		defer tpm.Close() // swtpm serves one at a time
		s, err := keysmith.Open(keysmith.Parts{Folder: copied, TPM: tpm, TPMThere: true, Bare: true, Rand: rand.Reader})
		if err == nil {
			s.Wipe()
		}
		return err
	}
	if err := opens(); err != nil {
		t.Fatal("the copy does not open even before:", err)
	}
	one, err := hall.New(h, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := opens(); err == nil {
		t.Error("the copy opens after the device has left")
	}
}
