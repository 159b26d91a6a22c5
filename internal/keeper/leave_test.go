package keeper_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/keeper"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

type generations struct{ *keysmith.Store }

func (g generations) Commit() error { return g.Store.Commit(g.Generation() + 1) }

// lived makes a keeper's folder with two faces and three PINs in it, by the parts that a keeper uses.
func lived(t *testing.T) (dir string, sealed [][]byte, public string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir = t.TempDir()
	root, err := keys.Open(filepath.Join(dir, "device.key"), rand.Reader)
	must(err)
	defer root.Wipe()
	l, err := audit.Open(filepath.Join(dir, "audit"), "edged/door", root.Derive(keys.AuditSigning), quiet)
	must(err)
	l.Append(audit.Entry{Kind: wire.KindStarted})
	public = l.PublicKey()
	must(l.Close())
	book, err := access.OpenBook(dir, root.Derive(keys.PINPepper), room.PIN{}, rand.Reader, time.Now)
	must(err)
	store, err := keysmith.Open(keysmith.Parts{Folder: t.TempDir(), Rand: rand.Reader})
	must(err)
	arena, err := template.NewArena(2, [32]byte{1}, 1)
	must(err)
	defer arena.Close()
	v, err := vault.Open(dir, "door", generations{store}, arena, rand.Reader)
	must(err)
	for i := range 3 {
		_, _, err := book.Issue()
		must(err)
		if i == 2 {
			break
		}
		var feature [template.Len]float32
		feature[i] = 1
		f, err := arena.Put(&feature)
		must(err)
		must(v.Keep(vault.Label{Person: person.ID{byte(i + 1)}, Purpose: "door-entry", Expiry: time.Now().Add(time.Hour)}, f))
	}
	must(v.Close())
	must(book.Close())
	for _, name := range []string{"people.db", "keys.db", "access.db", "device.key"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		for at := 0; at+32 <= len(b); at += 16 { // pieces that say something
			if piece := b[at : at+32]; bytes.Count(piece, piece[:1]) < 8 && bytes.Count(piece, []byte{0}) < 4 {
				sealed = append(sealed, piece)
			}
		}
	}
	return dir, sealed, public
}

func run(t *testing.T, dir string) error {
	t.Helper()
	brief, err := json.Marshal(room.Keeper{Device: "door", Folder: dir, Built: time.Unix(1_700_000_000, 0), Leave: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := room.New(quiet, brief, nil)
	if err != nil {
		t.Fatal(err)
	}
	return keeper.Run(context.Background(), r)
}

func TestADeviceLeavesWithNobodyOnIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(dir string) error
		claims []string
	}{
		{"all in order", nil, []string{"faces erased 2 left 0\n", "pins destroyed 3 left 0\n"}},
		{"the vault is damaged", func(dir string) error { return os.WriteFile(filepath.Join(dir, "people.db"), []byte("noise"), 0o600) },
			[]string{"faces erased 0 left 0\n", "problem the vault was damaged"}},
		{"PINs are damaged", func(dir string) error { return os.WriteFile(filepath.Join(dir, "access.db"), []byte("noise"), 0o600) },
			[]string{"faces erased 2 left 0\n", "problem the book of PINs was damaged"}},
		{"the log is damaged", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "audit", "checkpoint"), []byte("noise"), 0o600)
		},
			[]string{"faces erased 2 left 0\n", "problem "}},
		{"files set aside lie there", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "people.db.damaged-1"), []byte("somebody"), 0o600)
		}, []string{"faces erased 2 left 0\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, pieces, public := lived(t)
			if len(pieces) < 20 {
				t.Fatalf("only %d pieces to look for", len(pieces))
			}
			if c.spoil != nil {
				if err := c.spoil(dir); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second time nothing is left to do, and that is no error
				if err := run(t, dir); err != nil {
					t.Fatal(err)
				}
			}
			msg, err := os.ReadFile(filepath.Join(dir, "certificate"))
			if err != nil {
				t.Fatal(err)
			}
			text, err := audit.OpenCertificate(msg, public)
			if err != nil {
				t.Fatal(err)
			}
			for _, claim := range c.claims {
				if !strings.Contains(text, claim) {
					t.Errorf("%q is not in\n%s", claim, text)
				}
			}
			if _, err := audit.Verify(filepath.Join(dir, "audit"), public); err != nil {
				t.Error(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			for _, path := range files {
				switch name := filepath.Base(path); {
				case strings.HasPrefix(name, "audit"), name == "certificate", name == "clock":
				default:
					t.Errorf("%s is left", name)
				}
				b, _ := os.ReadFile(path)
				for _, piece := range pieces {
					if bytes.Contains(b, piece) {
						t.Fatalf("%s holds %x", path, piece)
					}
				}
			}
		})
	}
}

// A reset is no way to lose what the law asks to be kept for three years: the assessments, and the log that names them.
func TestM9d_NothingRemovesAnAssessment(t *testing.T) {
	dir, _, public := lived(t)
	kept := filepath.Join(dir, "assessments", strings.Repeat("ab", 32)+".json")
	if err := os.Mkdir(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t, dir); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(kept); err != nil || string(b) != "{}" {
		t.Errorf("the assessment: %q, %v", b, err)
	}
	if r, err := audit.Verify(filepath.Join(dir, "audit"), public); err != nil || r.Size == 0 {
		t.Errorf("the log: %v", err)
	}
}
