package voice_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/voice"
)

// put writes a recording that begins as its ending says.
func put(t *testing.T, folder, name, what string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(what), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEveryPromptAndEveryPartOfTheNoticeIsAsked(t *testing.T) {
	keys, err := voice.Keys(3)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"prompt.welcome", "prompt.wrong-pin", "ask.withdraw.text", "notice.3.rights", "notice.3.else", "home.title.pin"} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is not among %d", want, len(keys))
		}
	}
	for _, key := range keys {
		if strings.HasPrefix(key, "notice.") && key != "notice.rest" && !strings.HasPrefix(key, "notice.3.") || strings.HasPrefix(key, "record.") && key != "record.title" {
			t.Errorf("%s is said aloud", key)
		}
	}
	if without, _ := voice.Keys(0); len(without) != len(keys)-5 {
		t.Errorf("%d with a notice, %d without", len(keys), len(without))
	}
}

func TestWhatIsMissingOrBrokenIsNamed(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "zh/prompt.welcome.ogg", "OggS…")
	put(t, folder, "zh/prompt.closer.mp3", "<html>")
	put(t, folder, "zh/prompt.back.wav", "")
	put(t, folder, "zh/prompt.still.wav", "RIFF"+strings.Repeat(" ", 4<<20))
	put(t, folder, "zh/notice.2.who.ogg", "OggS")
	if err := unix.Mkfifo(filepath.Join(folder, "zh/prompt.one.ogg"), 0o644); err != nil {
		t.Fatal(err)
	}
	missing, all, err := voice.Missing(folder, []string{"zh"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"zh/prompt.closer (is not what its name says)", "zh/prompt.back (is not what its name says)", "zh/prompt.still (is larger than 4 MiB)",
		"zh/prompt.one (is not a file)", "zh/notice.3.who", "zh/prompt.light"} {
		if !slices.Contains(missing, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if slices.Contains(missing, "zh/prompt.welcome") || len(missing) != all-1 {
		t.Errorf("%d of %d are missing", len(missing), all)
	}
	if _, _, err := voice.Missing(filepath.Join(folder, "nowhere"), []string{"zh"}, 3); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a folder that is not there gave %v", err)
	}
}

func TestTheKioskGetsWhatIsThereInMemoryThatNobodyCanChange(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "zh/prompt.welcome.ogg", "OggS first")
	put(t, folder, "en/notice.1.who.mp3", "ID3 second")
	put(t, folder, "en/prompt.closer.mp3", "no sound")
	f, list, err := voice.Pack(folder, []string{"zh", "en"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make(map[string]string)
	for _, r := range list {
		b, err := io.ReadAll(io.NewSectionReader(f, r.At, r.Len))
		if err != nil {
			t.Fatal(err)
		}
		got[r.Language+"/"+r.Key+r.Kind] = string(b)
	}
	if len(got) != 2 || got["zh/prompt.welcome.ogg"] != "OggS first" || got["en/notice.1.who.mp3"] != "ID3 second" {
		t.Errorf("handed over: %q", got)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("what was handed over can be changed")
	}
	for i := range 17 { // 17 times 4 MiB are too much
		key := []string{"closer", "back", "straight", "light", "bright", "still", "one", "welcome", "other-way", "wrong-pin", "wait", "look", "enrolled", "not-taken", "declined", "withdrawn", "erased"}[i]
		put(t, folder, "zh/prompt."+key+".ogg", "OggS"+string(bytes.Repeat([]byte{0}, 4<<20-4)))
	}
	if _, _, err := voice.Pack(folder, []string{"zh"}, 1); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("too much to keep in memory gave %v", err)
	}
}
