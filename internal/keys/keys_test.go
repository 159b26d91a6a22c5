package keys_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/keys"
)

var purposes = []string{keys.PINPepper, keys.Pseudonym, keys.AuditSigning, keys.Rotation, keys.Receipt}

func open(t *testing.T, path string) *keys.Root {
	t.Helper()
	r, err := keys.Open(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Wipe)
	return r
}

func TestTheSecretIsMadeOnceAndReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.key")
	first := open(t, path)
	st, err := os.Lstat(path)
	if err != nil || st.Mode() != 0o600 || st.Size() != 32 {
		t.Fatalf("%v, %v", st, err)
	}
	second, err := keys.Open(path, bytes.NewReader(nil)) // needs no randomness
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[[32]byte]bool)
	for _, p := range purposes {
		if first.Derive(p) != second.Derive(p) {
			t.Errorf("%s came out differently", p)
		}
		seen[first.Derive(p)] = true
	}
	other := open(t, filepath.Join(t.TempDir(), "device.key"))
	seen[other.Derive(keys.PINPepper)] = true
	if len(seen) != len(purposes)+1 {
		t.Error("two purposes or two devices share a key")
	}
	if left, _ := filepath.Glob(filepath.Dir(path) + "/*.new"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// RFC 5869 by hand: extract with a salt of zeros, expand one block.
func TestAKeyIsHKDFOfTheSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.key")
	secret := bytes.Repeat([]byte{7}, 32)
	os.WriteFile(path, secret, 0o600)
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	want := mac(mac(make([]byte, 32), secret), []byte("edged/v1/pin-pepper"), []byte{1})
	if got := open(t, path).Derive("edged/v1/pin-pepper"); !bytes.Equal(got[:], want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestAKeyFileThatSomebodyElseMayHaveTouchedIsRefused(t *testing.T) {
	good := bytes.Repeat([]byte{7}, 32)
	for name, spoil := range map[string]func(path string) error{
		"readable by the group":  func(p string) error { return os.Chmod(p, 0o640) },
		"readable by all":        func(p string) error { return os.Chmod(p, 0o644) },
		"read-only":              func(p string) error { return os.Chmod(p, 0o400) },
		"one byte short":         func(p string) error { return os.Truncate(p, 31) },
		"one byte long":          func(p string) error { return os.WriteFile(p, append(good, 1), 0o600) },
		"empty":                  func(p string) error { return os.Truncate(p, 0) },
		"zeros":                  func(p string) error { return os.WriteFile(p, make([]byte, 32), 0o600) },
		"a second name":          func(p string) error { return os.Link(p, p+"2") },
		"a symbolic link":        func(p string) error { os.Rename(p, p+"2"); return os.Symlink(p+"2", p) },
		"a link to nowhere":      func(p string) error { os.Remove(p); return os.Symlink(p+"2", p) },
		"a folder":               func(p string) error { os.Remove(p); return os.Mkdir(p, 0o600) },
		"somebody else's (root)": func(p string) error { return os.Chown(p, 12345, 12345) },
	} {
		path := filepath.Join(t.TempDir(), "device.key")
		os.WriteFile(path, good, 0o600)
		if err := spoil(path); err != nil {
			if os.Geteuid() != 0 && os.IsPermission(err) {
				continue // only root can give a file away
			}
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path)
		_, err := keys.Open(path, rand.Reader)
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		if !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), string(good)) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestWithoutRandomnessThereIsNoKeyFile(t *testing.T) {
	for name, source := range map[string][]byte{"short": make([]byte, 31), "zeros": make([]byte, 32)} {
		path := filepath.Join(t.TempDir(), "device.key")
		if _, err := keys.Open(path, bytes.NewReader(source)); err == nil {
			t.Errorf("%s: opened", name)
		}
		if all, _ := os.ReadDir(filepath.Dir(path)); len(all) > 0 {
			t.Errorf("%s: left %v", name, all)
		}
	}
}

func TestAHalfWrittenKeyFileOfAPowerCutIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.key")
	os.WriteFile(path+".new", []byte("half"), 0o600)
	open(t, path)
}

func TestKeysForNothingAreNotGiven(t *testing.T) {
	r := open(t, filepath.Join(t.TempDir(), "device.key"))
	panics := func(f func()) (did bool) {
		defer func() { did = recover() != nil }()
		f()
		return
	}
	if !panics(func() { r.Derive("edged/v1/other") }) || !panics(func() { r.Derive("") }) {
		t.Error("a key for a purpose that is not listed")
	}
	r.Wipe()
	r.Wipe()
	if !panics(func() { r.Derive(keys.PINPepper) }) {
		t.Error("a key after Wipe")
	}
}

func TestTheSecretIsNotPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.key")
	os.WriteFile(path, bytes.Repeat([]byte{171}, 32), 0o600)
	r := open(t, path)
	var out strings.Builder
	for _, x := range []any{r, struct{ r *keys.Root }{r}, []*keys.Root{r}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%s", "%q", "%d"} {
			fmt.Fprintf(&out, verb, x)
		}
		j, _ := json.Marshal(x)
		out.Write(j)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "r", x)
	}
	for _, s := range []string{"171 171", "abab", "ABAB", `\xab\xab`, "0xab, 0xab", "q6ur"} {
		if strings.Contains(out.String(), s) {
			t.Errorf("printed %q", s)
		}
	}
}
