package audit_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

func renewed(t *testing.T, dir string) (aside string) {
	t.Helper()
	aside, err := audit.Renew(dir, origin, seed, audit.Entry{At: 1_790_000_000_000, Trusted: true, Reason: wire.ReasonIncident}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return aside
}

func TestADamagedLogIsSetAsideWholeAndNamed(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			dir, public := filled(t, test.size)
			test.do(t, dir)
			before := snapshot(t, dir)
			if l, err := audit.Open(dir, origin, seed, quiet()); err == nil {
				l.Close()
				return // what this does, only a reader sees; the writer cuts off what nobody signed
			}
			aside := renewed(t, dir)
			if got := snapshot(t, aside); len(got) != len(before) {
				t.Errorf("%d files of %d were kept", len(got), len(before))
			} else {
				for name, b := range before {
					if got[name] != b {
						t.Errorf("%s was changed", name)
					}
				}
			}
			r, err := audit.Verify(dir, public)
			if err != nil || r.Size != 1 || r.Kinds["log-renewed"] != 1 {
				t.Fatalf("the new log: %+v, %v", r, err)
			}
			all, err := audit.Before(dir, public)
			if err != nil || len(all) != 1 || all[0].Dir != aside || all[0].Problem == nil || all[0].Reason != "incident" {
				t.Fatalf("%+v, %v", all, err)
			}
			if p := all[0].Problem; p.How != test.how || p.Index != test.index {
				t.Errorf("the old log: %s at %d, want %s at %d", p.How, p.Index, test.how, test.index)
			}
			l := open(t, dir) // and it goes on
			fill(t, l, 1, 3)
		})
	}
}

func TestALogThatIsInOrderIsNotSetAside(t *testing.T) {
	dir, public := filled(t, 5)
	before := snapshot(t, dir)
	if _, err := audit.Renew(dir, origin, seed, audit.Entry{}, quiet()); !errors.Is(err, audit.ErrHealthy) {
		t.Fatalf("%v", err)
	}
	if got := snapshot(t, dir); len(got) != len(before) {
		t.Error("something was changed")
	}
	if beside, _ := filepath.Glob(dir + ".*"); len(beside) != 0 {
		t.Errorf("left behind: %v", beside)
	}
	if all, err := audit.Before(dir, public); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	if r, err := audit.Verify(dir, public); err != nil || r.Size != 5 {
		t.Errorf("%+v, %v", r, err)
	}
}

// What was set aside is evidence: a byte of it changed since, or another log put in its place, is found out.
func TestWhatWasSetAsideCannotBeChangedUnseen(t *testing.T) {
	for name, edit := range map[string]func(aside string) error{
		"a byte of the head": func(aside string) error { return spoil(filepath.Join(aside, "checkpoint")) },
		"a file more":        func(aside string) error { return os.WriteFile(filepath.Join(aside, "tile", "x"), nil, 0o600) },
		"a file less":        func(aside string) error { return os.Remove(filepath.Join(aside, "tile", "0", "000")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, public := filled(t, 7)
			if err := spoil(filepath.Join(dir, "tile", "entries", "000")); err != nil {
				t.Fatal(err)
			}
			aside := renewed(t, dir)
			if err := edit(aside); err != nil {
				t.Fatal(err)
			}
			if all, err := audit.Before(dir, public); err == nil {
				t.Errorf("nobody noticed: %+v", all)
			}
		})
	}
}

// Twice damaged, twice set aside: the chain is followed to its beginning, and what lies elsewhere is said.
func TestAChainOfLogsSetAside(t *testing.T) {
	dir, public := filled(t, 7)
	var asides []string
	for range 2 {
		if err := spoil(filepath.Join(dir, "tile", "0", "000")); err != nil {
			t.Fatal(err)
		}
		asides = append(asides, renewed(t, dir))
	}
	all, err := audit.Before(dir, public)
	if err != nil || len(all) != 2 || all[0].Dir != asides[1] || all[1].Dir != asides[0] || all[0].Entries != 1 || all[1].Entries != 7 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, aside := range asides {
		if err := os.Rename(aside, filepath.Join(t.TempDir(), "evidence")); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := audit.Before(dir, public); err != nil || len(all) != 1 || all[0].Dir != "" || all[0].Entries != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

func spoil(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return os.WriteFile(path, b, 0o600)
}
