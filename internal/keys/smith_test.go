package keys_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/keys"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A house is a wire with room for several lives of a keysmith on its other end.
type house struct {
	t            *testing.T
	mine, theirs *os.File
	folder, tier string // the keysmith's folder; the file that remembers the tier
	stop         func()
}

func newHouse(t *testing.T) *house {
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, mine: os.NewFile(uintptr(fd[0]), "mine"), theirs: os.NewFile(uintptr(fd[1]), "theirs"),
		folder: t.TempDir(), tier: filepath.Join(t.TempDir(), "tier"), stop: func() {}}
	t.Cleanup(func() { h.stop(); h.mine.Close(); h.theirs.Close() })
	return h
}

// live is one life of the keysmith's room, without walls.
func (h *house) live(tier string, files map[string]*os.File) {
	h.t.Helper()
	h.stop()
	brief, err := json.Marshal(room.Keysmith{Folder: h.folder, Tier: tier})
	if err != nil {
		h.t.Fatal(err)
	}
	fd, err := unix.FcntlInt(h.theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	unix.SetNonblock(fd, true)
	all := map[string]*os.File{"keeper": os.NewFile(uintptr(fd), "keeper")}
	for name, f := range files {
		all[name] = f
	}
	r, err := room.New(slog.New(slog.DiscardHandler), brief, all)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keysmith.Run(ctx, r) }()
	h.stop = func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, syscall.ECONNRESET) {
			h.t.Error("keysmith:", err)
		}
		h.stop = func() {}
	}
}

func (h *house) join(patience time.Duration) *keys.Smith {
	h.t.Helper()
	s, err := keys.Join(h.mine, h.tier, patience)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func TestGenerationsCrossTheWire(t *testing.T) {
	h := newHouse(t)
	h.live("key-file", nil)
	s := h.join(10 * time.Second)
	first, err := s.Current()
	if err != nil || first == [32]byte{} || s.Tier() != wire.TierFile {
		t.Fatal(s.Tier(), err)
	}
	if err := s.Commit(); err == nil {
		t.Error("committed what was not begun")
	}
	next, err := s.Begin()
	if err != nil || next == first {
		t.Fatal(err)
	}
	if now, err := s.Current(); err != nil || now != first {
		t.Errorf("another key before the commit: %v", err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	if now, err := s.Current(); err != nil || now != next {
		t.Errorf("not the new key: %v", err)
	}
	for _, x := range []any{s, struct{ s *keys.Smith }{s}} {
		if said := fmt.Sprintf("%v %+v %x", x, x, x); strings.Contains(said, fmt.Sprintf("%x", next[:8])) || strings.Contains(said, fmt.Sprint(next[:8])) {
			t.Error("the key was printed")
		}
	}
}

// A keysmith that dies between Begin and Commit, or after it, costs an error and no confusion.
func TestANewLifeOfTheKeysmithIsAskedAgain(t *testing.T) {
	h := newHouse(t)
	h.live("key-file", nil)
	s := h.join(10 * time.Second)
	first, err := s.Current()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	h.live("key-file", nil)
	if err := s.Commit(); err == nil {
		t.Error("a generation of a former life was committed")
	}
	if now, err := s.Current(); err != nil || now != first {
		t.Errorf("not the first key: %v", err)
	}
}

func TestAKeysmithThatHangsCostsTheWaitAndNoMore(t *testing.T) {
	h := newHouse(t)
	s := h.join(20 * time.Millisecond)
	for range 3 {
		if _, err := s.Current(); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Fatal(err)
		}
	}
	h.live("key-file", nil) // answers the questions of before as well: they are not taken for the answer to this one
	s2 := h.join(10 * time.Second)
	if _, err := s2.Current(); err != nil {
		t.Error(err)
	}
}

func TestATierWeakerThanBeforeIsRefused(t *testing.T) {
	h := newHouse(t)
	phrase := filepath.Join(t.TempDir(), "phrase")
	os.WriteFile(phrase, []byte("a quite long passphrase"), 0o600)
	f, err := os.Open(phrase)
	if err != nil {
		t.Fatal(err)
	}
	h.live("auto", map[string]*os.File{"passphrase": f})
	s := h.join(20 * time.Second)
	if _, err := s.Current(); err != nil || s.Tier() != wire.TierPassphrase {
		t.Fatal(err)
	}
	h.stop()
	h.folder = t.TempDir() // somebody removes the keysmith's folder, and the passphrase is not there any more
	h.live("auto", nil)
	s = h.join(20 * time.Second)
	if _, err := s.Current(); err == nil || !strings.Contains(err.Error(), "passphrase") || !strings.Contains(err.Error(), h.tier) {
		t.Fatalf("a key file took the passphrase's place: %v", err)
	}
	os.Remove(h.tier) // by hand, as the error says
	if _, err := s.Current(); err != nil {
		t.Error(err)
	}
}

func TestARefusalNamesTierAndTrouble(t *testing.T) {
	h := newHouse(t)
	h.live("credential", nil)
	if _, err := h.join(10 * time.Second).Current(); err == nil || !strings.Contains(err.Error(), "tier credential, no-tier") {
		t.Error(err)
	}
}
