package boundary_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The import law. "never A reaches B" means: not directly and not through others. "only A B import C" means: nobody
// else names C. Each line carries its reason.
//
// DO NOT CHANGE THIS TO FIX BUILDS. Each line is a sentence of docs/promise.md.
const law = `
never cmd/edged-keeper   reaches net                the room that knows has no network code
never cmd/edged-keeper   reaches net/http           the room that knows has no network code
never cmd/edged-keeper   reaches crypto/x509        it brings package net
never cmd/edged-keeper   reaches log/syslog         it brings package net
never cmd/edged-keeper   reaches os/exec            the room that knows starts no programs
never cmd/edged-keeper   reaches plugin             the room that knows loads no code
never cmd/edged-keeper   reaches runtime/cgo        the room that knows is memory-safe Go
never cmd/edged-keeper   reaches gocv.io/x/gocv     the room that knows has no eyes
never cmd/edged-keeper   reaches internal/vision    the room that knows has no eyes
never cmd/edged-keeper   reaches internal/capture   pixels stay in the eye
never cmd/edged-keeper   reaches internal/courier   rooms meet only in wire
never cmd/edged-keeper   reaches internal/kiosk     rooms meet only in wire
never cmd/edged-keeper   reaches internal/hall      the hall holds no room's work
never cmd/edged-keeper   reaches internal/config    a room sees its brief, not the file
never cmd/edged-eye      reaches net                the room that sees has no network code of its own
never cmd/edged-eye      reaches os/exec            the room that sees starts no programs
never cmd/edged-eye      reaches internal/template  the eye sees faces, not who they are
never cmd/edged-eye      reaches internal/vault     the eye sees faces, not who they are
never cmd/edged-eye      reaches internal/match     the eye sees faces, not who they are
never cmd/edged-eye      reaches internal/keys      no key comes near a picture
never cmd/edged-eye      reaches go.etcd.io/bbolt   the eye stores nothing
never cmd/edged-lens     reaches internal/vision    the room with a network address sees no face in a frame
never cmd/edged-lens     reaches internal/template  the lens holds frames only
never cmd/edged-lens     reaches internal/vault     the lens holds frames only
never cmd/edged-kiosk    reaches runtime/cgo        the room that shows is memory-safe Go
never cmd/edged-kiosk    reaches gocv.io/x/gocv     the room that shows has no eyes
never cmd/edged-kiosk    reaches internal/vision    the room that shows has no eyes
never cmd/edged-kiosk    reaches internal/vault     the room that shows has no memory
never cmd/edged-kiosk    reaches internal/template  the room that shows has no templates
never cmd/edged-kiosk    reaches internal/match     the room that shows has no templates
never cmd/edged-kiosk    reaches internal/keys      the room that shows has no keys
never cmd/edged-kiosk    reaches go.etcd.io/bbolt   the room that shows stores nothing
never cmd/edged-kiosk    reaches os/exec            the room that shows starts no programs
never cmd/edged-courier  reaches runtime/cgo        the room with the network is memory-safe Go
never cmd/edged-courier  reaches gocv.io/x/gocv     the room with the network has no eyes
never cmd/edged-courier  reaches internal/vision    the room with the network has no eyes
never cmd/edged-courier  reaches internal/vault     the room with the network has no memory
never cmd/edged-courier  reaches internal/template  the room with the network has no templates
never cmd/edged-courier  reaches internal/match     the room with the network has no templates
never cmd/edged-courier  reaches internal/consent   the room with the network knows nobody
never cmd/edged-courier  reaches internal/access    the room with the network knows no PIN
never cmd/edged-courier  reaches internal/keys      the room with the network has no device key
never cmd/edged-courier  reaches os/exec            the room with the network starts no programs
never cmd/edged-keysmith reaches runtime/cgo        the room that makes keys is memory-safe Go
never cmd/edged-keysmith reaches os/exec            the room that makes keys starts no programs
never cmd/edged-keysmith reaches internal/template  the room that makes keys sees no face
never cmd/edged-keysmith reaches internal/vault     the room that makes keys sees no face
never cmd/edged-keysmith reaches internal/vision    the room that makes keys sees no face
never cmd/edged-keysmith reaches internal/access    the room that makes keys knows nobody
never cmd/edged-keysmith reaches internal/keys      the device key is the keeper's
never cmd/edged-keysmith reaches go.etcd.io/bbolt   the room that makes keys keeps no database
never cmd/edged-keeper   reaches github.com/google/go-tpm/tpm2 it brings package net
never cmd/edged-keeper   reaches internal/keysmith  rooms meet only in wire
never cmd/edged          reaches net                the hall joins rooms and handles no packet
never cmd/edged          reaches runtime/cgo        the hall is memory-safe Go
never cmd/edged          reaches internal/keeper    the hall holds no room's work
never cmd/edged          reaches internal/vault     the hall handles no face
never cmd/edged          reaches internal/template  the hall handles no face
never cmd/edged          reaches internal/keys      the hall handles no key
never cmd/edged          reaches internal/keysmith  the hall handles no key
never cmd/edged          reaches internal/courier   the hall holds no room's work
never cmd/edged          reaches internal/kiosk     the hall holds no room's work
never internal/voice     reaches net                recordings are files of this device; none is fetched
never internal/access    reaches internal/consent   refusing the face costs no right: consent is no input of a door
never internal/access    reaches internal/birthday  who is how old is no matter of the door
never cmd/edged-courier  reaches internal/birthday  the room with the network knows nobody's age
never cmd/edged-courier  reaches internal/rights    the room with the network knows nobody's record
never cmd/edged-kiosk    reaches internal/consent   the room that shows is told prompts, not records
never cmd/edged-kiosk    reaches internal/birthday  the room that shows is told a band, not a date
never cmd/edged-demo     reaches internal/vault     the visitors see what anybody can see
never cmd/edged-demo     reaches internal/template  the visitors see what anybody can see
only  internal/vision internal/lens                                              import gocv.io/x/gocv     one corner of each is C++
only  internal/capture internal/eye                                              import internal/capture   pixels stay in the eye
only  internal/eye                                                               import internal/vision    pixels stay in the eye
only  internal/vault internal/match internal/enrol internal/passage internal/faces internal/keeper import internal/template  a face's numbers have six readers, all in the keeper
only  internal/enrol internal/faces internal/keeper                              import internal/vault     the vault has three callers
only  internal/keeper                                                            import internal/keys      the device key has one reader
only  internal/keysmith                                                          import github.com/google/go-tpm/tpm2 one room talks to the TPM
only  internal/vault internal/consent internal/access internal/courier internal/demo import go.etcd.io/bbolt   only who owns a file touches its format; the demo reads a copy
only  internal/hall internal/room internal/command internal/demo                 import internal/confine   walls are raised in one place
only  internal/confine internal/template internal/capture internal/ring internal/vision internal/lens import unsafe  raw memory and system calls have few homes
only  internal/hall internal/models internal/command internal/demo               import os/exec            programs are started by the hall and the installer's commands
`

const module = "example.org/edged/"

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	GoFiles    []string
	CgoFiles   []string
}

// tree is every package of ours with all it reaches. It reads every Go file first: files that a test has read become
// part of its cache key, so the answer is never yesterday's.
func tree(t *testing.T, cgo string) map[string]pkg {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			_, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile("../../go.mod"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Imports,Deps,GoFiles,CgoFiles", "./cmd/...", "./internal/...")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED="+cgo)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func full(name string) string {
	if strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "internal/") {
		return module + name
	}
	return name
}

func TestImportLaw(t *testing.T) {
	pure, withC := tree(t, "0"), tree(t, "1")
	for _, line := range strings.Split(strings.TrimSpace(law), "\n") {
		f := strings.Fields(line)
		switch f[0] {
		case "never":
			checkNever(t, pure, withC, f)
		case "only":
			checkOnly(t, withC, f)
		default:
			t.Errorf("not a rule: %s", line)
		}
	}
}

// cmds that link C are looked at as they are built.
var linksC = []string{"cmd/edged-eye", "cmd/edged-lens"}

func checkNever(t *testing.T, pure, withC map[string]pkg, f []string) {
	who, what, why := f[1], f[3], strings.Join(f[4:], " ")
	all := pure
	if slices.Contains(linksC, who) {
		all = withC
	}
	p, ok := all[full(who)]
	if !ok {
		t.Errorf("%s is no longer there, so its rule guards nothing: %s", who, strings.Join(f, " "))
		return
	}
	if _, there := withC[full(what)]; strings.HasPrefix(what, "internal/") && !there {
		t.Errorf("%s is no longer there, so its rule guards nothing: %s", what, strings.Join(f, " "))
	}
	if slices.Contains(p.Deps, full(what)) {
		t.Errorf("%s reaches %s, but %s", who, what, why)
	}
}

func checkOnly(t *testing.T, all map[string]pkg, f []string) {
	at := slices.Index(f, "import")
	allowed, what, why := f[1:at], f[at+1], strings.Join(f[at+2:], " ")
	for _, a := range allowed {
		if _, ok := all[full(a)]; !ok {
			t.Errorf("%s is no longer there: %s", a, strings.Join(f, " "))
		}
	}
	for path, p := range all {
		name, ours := strings.CutPrefix(path, module)
		if !ours || slices.Contains(allowed, name) || name == what || strings.HasSuffix(name, "test") {
			continue
		}
		if slices.Contains(p.Imports, full(what)) {
			t.Errorf("%s imports %s, but %s", name, what, why)
		}
	}
}

// Every package says what it does and what it never does.
func TestEveryPackageSaysWhatItNeverDoes(t *testing.T) {
	for path, p := range tree(t, "1") {
		name, ours := strings.CutPrefix(path, module)
		if !ours {
			continue
		}
		var comment string
		for _, f := range append(slices.Clone(p.GoFiles), p.CgoFiles...) {
			b, err := os.ReadFile(filepath.Join("../..", name, f))
			if err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(string(b), "\npackage ")
			if strings.HasPrefix(head, "//") && !strings.HasPrefix(head, "//go:") {
				comment += head
			}
		}
		flat := strings.ReplaceAll(comment, "\n//", "")
		if !strings.Contains(flat, "never") && !strings.Contains(flat, "Never") && !strings.Contains(flat, " no ") {
			t.Errorf("%s: its comment does not say what it never does", name)
		}
	}
}

// Mains do nothing themselves.
func TestMainsAreThin(t *testing.T) {
	mains, err := filepath.Glob("../../cmd/*/main.go")
	if err != nil || len(mains) < 7 {
		t.Fatal(len(mains), err)
	}
	for _, m := range mains {
		b, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > 35 {
			t.Errorf("%s has %d lines", m, n)
		}
	}
}

// A command in the README that runs no test would be a check that cannot fail.
func TestTheCommandsOfTheREADMERunSomething(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("`go test (?:-count=1 )?(?:-run (\\S+) )?\\./(\\S+)`").FindAllStringSubmatch(string(text), -1)
	if len(commands) < 5 {
		t.Fatalf("only %d commands found", len(commands))
	}
	for _, c := range commands {
		files, err := filepath.Glob("../../" + c[2] + "/*_test.go")
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no tests there (%v)", c[0], err)
		}
		wanted := regexp.MustCompile(`(?m)^func Test\w*` + c[1])
		if !slices.ContainsFunc(files, func(f string) bool {
			b, err := os.ReadFile(f)
			return err == nil && wanted.Match(b)
		}) {
			t.Errorf("%s runs no test", c[0])
		}
	}
}
