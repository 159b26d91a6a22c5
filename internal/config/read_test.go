package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.org/edged/internal/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

// read reads a file that must be refused.
func read(t *testing.T, path string) *config.Error {
	t.Helper()
	c, err := config.Read(path)
	var bad *config.Error
	if c != nil || !errors.As(err, &bad) || len(bad.Defects) == 0 {
		t.Fatalf("Read(%s) = %v, %v; want a refusal with defects", path, c, err)
	}
	return bad
}

// TestEveryDefectIsToldWithItsFix compares what an installer reads, word by word.
func TestEveryDefectIsToldWithItsFix(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			bad := read(t, file)
			got := bad.Error() + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for _, d := range bad.Defects {
				if d.What == "" || d.Fix == "" || d.File == "" {
					t.Errorf("%+v lacks what, fix or file", d)
				}
			}
			if strings.Contains(got, "correct-horse") || strings.Contains(got, "12345678") {
				t.Error("a secret stands in the error")
			}
		})
	}
}

func TestFilesThatAreNoConfig(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	big, err := os.Create(at("big"))
	if err != nil {
		t.Fatal(err)
	}
	if err := big.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	big.Close()
	if err := os.WriteFile(at("closed"), []byte("site: x\n"), 0); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, path, want string }{
		{"a file that is not there", at("gone.yaml"), "there is no such file"},
		{"a folder", dir, "is not a file but a folder"},
		{"a pipe that nobody writes into", at("pipe"), "is not a file but a pipe"},
		{"an endless device", "/dev/zero", "is not a file but a device"},
		{"a hundred megabytes", at("big"), "has 104857600 bytes, at most 1048576 are read"},
		{"a file of somebody else", at("closed"), "this user may not read the file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.path == at("closed") && os.Geteuid() == 0 {
				t.Skip("root may read every file; run as another user")
			}
			bad := read(t, test.path)
			if len(bad.Defects) != 1 || !strings.Contains(bad.Error(), test.want) || !strings.HasPrefix(bad.Error(), test.path) {
				t.Errorf("got %q, want %q in it, after the path", bad, test.want)
			}
		})
	}
}

func TestErrorAsJSON(t *testing.T) {
	b, err := json.Marshal(read(t, "testdata/bad/face-alone.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Defects []struct {
			File, Key, What, Fix string
			Line, Column         int
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := got.Defects[0]; d.Line != 3 || d.Column != 3 || d.Key != "door.methods" || !strings.Contains(d.What, "article 10") || d.Fix != "write [pin, face]" {
		t.Errorf("got %+v", d)
	}
}

// TestSecretsNeverStandInAnError plants a secret wherever a hurried installer may put one, each time beside a fault.
func TestSecretsNeverStandInAnError(t *testing.T) {
	const secret, number = "hunter2-hunter2", "73519284"
	for _, line := range []string{
		"password: " + secret, "mqtt: {password: " + secret + "}", "mqtt: {broker: 'tcp://me:" + secret + "@h:1'}",
		"mqtt: {broker: 'me:" + secret + "@h:1'}", "mqtt: " + secret, "mqtt: [" + secret + "]",
		"mqtt: {broker: 'ssl://h:1', user: x, password_file: " + number + "}",
		"staff: [{name: a, pin_hash: " + secret + "}]", "staff: [{name: a, pin_hash: " + number + "}]",
		"staff: [{name: a, pin_hash: [" + secret + "]}]", "staff: [{name: a, pin_hash: {x: " + secret + "}}]",
		"staff: [{name: a, pin_hash: " + secret + ": b}]", "staff: [{name: a, pin_hash: '" + secret + "}]",
		"staff: " + secret, "staff: [" + secret + "]", "staff: [{name: a, pin: " + number + "}]",
		"staff:\n  - name: a\n    pin_hash " + secret, "staff:\n  - name: a\n    pin_hash: " + secret + "\n   x: 1",
		"staff:\n  - name: a\n    pin_hash: \"" + secret + "\\q\"", "staff: [{name: a, pin_hash: *" + secret + "}]",
		"camera: {source: rtsp, url: 'rtsp://me:" + secret + "@'}", "camera: {source: rtsp, url: 'me:" + secret + "@h'}",
		"camera: {source: rtsp, url: ['rtsp://me:" + secret + "@h/']}", "camera: {source: 'rtsp://me:" + secret + "@h/'}",
		"camera: {source: pictures, url: 'rtsp://me:" + secret + "@h/'}",
		"pin: " + number, "kiosk: {listen: 'http://me:" + secret + "@h/'}",
	} {
		path := filepath.Join(t.TempDir(), "x.yaml")
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		bad := read(t, path)
		js, _ := json.Marshal(bad)
		for _, s := range []string{secret, number} {
			if strings.Contains(bad.Error(), s) || strings.Contains(string(js), s) {
				t.Errorf("%s\nis told as\n%s", line, bad)
			}
		}
	}
}
