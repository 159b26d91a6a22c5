package keysmith_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/keysmith/keysmithtest"
	"example.org/edged/internal/wire"
)

// device is what stays when a program ends: the folder, and what holds the keys.
type device struct {
	t    testing.TB
	dir  string
	tier wire.Tier
	chip *keysmithtest.Chip
	conn io.ReadWriteCloser
}

func newDevice(t testing.TB, tier wire.Tier) *device {
	d := &device{t: t, dir: t.TempDir(), tier: tier}
	if tier == wire.TierTPM {
		d.chip = keysmithtest.NewChip(t)
	}
	return d
}

func (d *device) parts() keysmith.Parts {
	p := keysmith.Parts{Folder: d.dir, Rand: rand.Reader}
	switch d.tier {
	case wire.TierTPM:
		if d.conn != nil {
			d.conn.Close()
		}
		d.conn = d.chip.Connect()
		d.t.Cleanup(func() { d.conn.Close() })
		p.TPM, p.TPMThere, p.Bare = d.conn, true, true
	case wire.TierCredential:
		p.Credential = bytes.Repeat([]byte{7}, 32)
	case wire.TierPassphrase:
		p.Passphrase = []byte("six words that nobody else knows\n")
	}
	return p
}

func (d *device) open() *keysmith.Store {
	d.t.Helper()
	s, err := keysmith.Open(d.parts())
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *device) copied() *device {
	d.t.Helper()
	dir := d.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(d.dir)); err != nil {
		d.t.Fatal(err)
	}
	all, _ := os.ReadDir(dir)
	for _, e := range all {
		os.Chmod(filepath.Join(dir, e.Name()), 0o600)
	}
	return &device{t: d.t, dir: dir, tier: d.tier, chip: d.chip}
}

func current(t testing.TB, s *keysmith.Store) [32]byte {
	t.Helper()
	key, err := s.Current()
	if err != nil || key == [32]byte{} {
		t.Fatal(err)
	}
	return key
}

func everyTier(t *testing.T, test func(t *testing.T, tier wire.Tier)) {
	for tier := wire.TierFile; tier <= wire.TierTPM; tier++ {
		t.Run(tier.String(), func(t *testing.T) { test(t, tier) })
	}
}

func why(err error) wire.KeyTrouble {
	t := new(keysmith.Trouble)
	if !errors.As(err, &t) {
		return wire.KeyTroubleNone
	}
	return t.Why
}

func TestAKeyIsMadeOnceAndOpensAgain(t *testing.T) {
	everyTier(t, func(t *testing.T, tier wire.Tier) {
		d := newDevice(t, tier)
		s := d.open()
		key, n := current(t, s), s.Generation()
		s.Wipe()
		s = d.open()
		if s.Tier() != tier || s.Generation() != n || current(t, s) != key {
			t.Errorf("tier %v, generation %d of %d", s.Tier(), s.Generation(), n)
		}
		next, err := s.Begin()
		if err != nil || next == key {
			t.Fatal(err)
		}
		if err := s.Commit(n + 1); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(n + 1); err != nil {
			t.Error("the same commit again:", err)
		}
		s.Wipe()
		if s = d.open(); current(t, s) != next || s.Generation() != n+1 {
			t.Error("the new generation did not come back")
		}
		all, _ := filepath.Glob(filepath.Join(d.dir, "generation-*"))
		if len(all) != 1 {
			t.Errorf("left: %v", all)
		}
		if err := s.Commit(n + 2); why(err) != wire.KeyTroubleUnbegun {
			t.Errorf("committed what was not begun: %v", err)
		}
	})
}

// The promise of the tiers, kept and not kept: a whole copy of before, together with today's holder of keys.
func TestACopyOfBeforeOpensWhereATierCannotDestroy(t *testing.T) {
	everyTier(t, func(t *testing.T, tier wire.Tier) {
		d := newDevice(t, tier)
		s := d.open()
		old, n := current(t, s), s.Generation()
		s.Wipe()
		copied := d.copied()
		d.close()
		s = copied.open() // the control: before, the copy opens
		if current(t, s) != old {
			t.Fatal("the copy does not open even before")
		}
		s.Wipe()
		copied.close()
		s = d.open()
		if _, err := s.Begin(); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(n + 1); err != nil {
			t.Fatal(err)
		}
		s.Wipe()
		d.close()
		s, err := keysmith.Open(copied.parts())
		opens := err == nil && current(t, s) == old
		if opens == tier.Destroys() {
			t.Errorf("%v says %t, and the copy opens: %t (%v)", tier, tier.Destroys(), opens, err)
		}
		if tier.Destroys() {
			if why(err) != wire.KeyTroubleShut {
				t.Error(err)
			}
			copied.close()
			// Not even with the file of the old generation under the new number.
			os.Rename(copied.generation(n), copied.generation(n+1))
			if _, err := keysmith.Open(copied.parts()); why(err) != wire.KeyTroubleShut {
				t.Error("under another number:", err)
			}
		}
	})
}

func (d *device) generation(n uint64) string {
	all, _ := filepath.Glob(filepath.Join(d.dir, "generation-*"))
	if len(all) == 0 {
		d.t.Fatal("no generation")
	}
	return strings.TrimRight(all[0], "0123456789") + itoa(n)
}

func itoa(n uint64) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

func (d *device) close() {
	if d.conn != nil {
		d.conn.Close()
	}
}

// Whatever a rotation is cut off at, exactly one of the two generations opens afterwards.
func TestARotationCutOffAnywhereLeavesExactlyOneGeneration(t *testing.T) {
	everyTier(t, func(t *testing.T, tier wire.Tier) {
		for stop, moved := range map[string]bool{"begun": false, "moved on": true} {
			d := newDevice(t, tier)
			s := d.open()
			old, n := current(t, s), s.Generation()
			s.After(func(name string) error {
				if name == stop {
					return errors.New("power cut")
				}
				return nil
			})
			next, err := s.Begin()
			if err == nil {
				err = s.Commit(n + 1)
			}
			if err == nil || err.Error() != "keysmith: power cut" {
				t.Fatal(stop, err)
			}
			s.Wipe()
			s = d.open()
			if got := current(t, s); moved && got != next || !moved && got != old {
				t.Errorf("%s: neither the old nor the new key", stop)
			}
			if all, _ := filepath.Glob(filepath.Join(d.dir, "generation-*")); len(all) != 1 {
				t.Errorf("%s: left %v", stop, all)
			}
		}
	})
}

func TestWhatWasBegunAndNotCommittedIsForgotten(t *testing.T) {
	d := newDevice(t, wire.TierTPM)
	s := d.open()
	old, n := current(t, s), s.Generation()
	if _, err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if current(t, s) != old {
		t.Error("another key without a commit")
	}
	if err := s.Commit(n + 1); why(err) != wire.KeyTroubleUnbegun {
		t.Errorf("a dropped generation was committed: %v", err)
	}
}

// A device never leaves its tier for a weaker one, and what is missing is said.
func TestNothingWeakerTakesTheKeysPlace(t *testing.T) {
	tpm := newDevice(t, wire.TierTPM)
	tpm.open().Wipe()
	tpm.close()
	cleared := keysmithtest.NewChip(t)
	secret, phrase := bytes.Repeat([]byte{1}, 32), []byte("a quite long passphrase")
	byPhrase := newDevice(t, wire.TierPassphrase)
	byPhrase.open().Wipe()
	byFile := newDevice(t, wire.TierFile)
	byFile.open().Wipe()
	for name, x := range map[string]struct {
		parts keysmith.Parts
		want  wire.KeyTrouble
		tier  wire.Tier
	}{
		"the TPM is gone":                          {keysmith.Parts{Folder: tpm.dir}, wire.KeyTroubleNoTier, wire.TierTPM},
		"the TPM is gone, and there are others":    {keysmith.Parts{Folder: tpm.dir, Credential: secret, Passphrase: phrase}, wire.KeyTroubleNoTier, wire.TierTPM},
		"the TPM was cleared, or is another":       {keysmith.Parts{Folder: tpm.dir, TPM: cleared.Connect(), TPMThere: true, Bare: true}, wire.KeyTroubleShut, wire.TierTPM},
		"the configuration asks for a weaker tier": {keysmith.Parts{Folder: tpm.dir, Want: wire.TierFile}, wire.KeyTroubleOther, wire.TierTPM},
		"a new device whose TPM cannot be opened":  {keysmith.Parts{Folder: t.TempDir(), TPMThere: true}, wire.KeyTroubleNoTier, wire.TierTPM},
		"a new device without what was asked for":  {keysmith.Parts{Folder: t.TempDir(), Want: wire.TierCredential}, wire.KeyTroubleNoTier, wire.TierCredential},
		"a wrong passphrase":                       {keysmith.Parts{Folder: byPhrase.dir, Passphrase: phrase}, wire.KeyTroubleShut, wire.TierPassphrase},
		"a short passphrase":                       {keysmith.Parts{Folder: t.TempDir(), Passphrase: []byte("short")}, wire.KeyTroubleNoTier, wire.TierPassphrase},
		"a short credential":                       {keysmith.Parts{Folder: t.TempDir(), Credential: []byte("short")}, wire.KeyTroubleNoTier, wire.TierCredential},
		"a key file, and the passphrase is asked":  {keysmith.Parts{Folder: byFile.dir, Want: wire.TierPassphrase, Passphrase: phrase}, wire.KeyTroubleOther, wire.TierFile},
	} {
		x.parts.Rand = rand.Reader
		before := listing(t, x.parts.Folder)
		_, err := keysmith.Open(x.parts)
		trouble := new(keysmith.Trouble)
		if !errors.As(err, &trouble) || trouble.Why != x.want || trouble.Tier != x.tier {
			t.Errorf("%s: %v (%+v)", name, err, trouble)
		}
		if after := listing(t, x.parts.Folder); after != before {
			t.Errorf("%s: the folder changed from %q to %q", name, before, after)
		}
	}
}

func listing(t *testing.T, dir string) (s string) {
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		b, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		s += e.Name() + ":" + string(b) + "\n"
	}
	return s
}

func TestTheStrongestThatIsThereIsTaken(t *testing.T) {
	chip := keysmithtest.NewChip(t)
	p := keysmith.Parts{Rand: rand.Reader, Credential: bytes.Repeat([]byte{1}, 32), Passphrase: []byte("a quite long passphrase")}
	for _, step := range []struct {
		want wire.Tier
		less func()
	}{
		{wire.TierTPM, func() { p.TPM, p.TPMThere, p.Bare = chip.Connect(), true, true }},
		{wire.TierCredential, func() { p.TPM, p.TPMThere = nil, false }},
		{wire.TierPassphrase, func() { p.Credential = nil }},
		{wire.TierFile, func() { p.Passphrase = nil }},
	} {
		p.Folder = t.TempDir()
		step.less()
		s, err := keysmith.Open(p)
		if err != nil || s.Tier() != step.want {
			t.Fatalf("%v: %v", step.want, err)
		}
		s.Wipe()
	}
}

// Damage never passes for a new device, and names the file or what to do.
func TestADamagedFolderIsNotBegunAnew(t *testing.T) {
	everyTier(t, func(t *testing.T, tier wire.Tier) {
		for _, file := range []string{"made", "generation-*", "current", "root.key"} {
			for name, spoil := range map[string]func(path string) error{
				"cut off":       func(p string) error { return os.Truncate(p, 3) },
				"empty":         func(p string) error { return os.Truncate(p, 0) },
				"other bytes":   func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte{0x9a}, 32), 0o600) },
				"open to all":   func(p string) error { return os.Chmod(p, 0o644) },
				"gone":          func(p string) error { return os.Remove(p) },
				"a second name": func(p string) error { return os.Link(p, filepath.Join(t.TempDir(), "x")) },
			} {
				if file == "made" && name == "gone" {
					continue // that is a new device: nothing else says otherwise here; the vault does (its mark)
				}
				d := newDevice(t, tier)
				d.open().Wipe()
				found, _ := filepath.Glob(filepath.Join(d.dir, file))
				if len(found) == 0 {
					continue
				}
				if err := spoil(found[0]); err != nil {
					t.Fatal(err)
				}
				before := listing(t, d.dir)
				_, err := keysmith.Open(d.parts())
				if w := why(err); w != wire.KeyTroubleDamaged && w != wire.KeyTroubleShut {
					t.Errorf("%s %s: %v", file, name, err)
				}
				if listing(t, d.dir) != before {
					t.Errorf("%s %s: the folder was changed", file, name)
				}
			}
		}
	})
}

func TestAFolderHalfMadeIsMadeAnew(t *testing.T) {
	d := newDevice(t, wire.TierFile)
	for name, b := range map[string]string{"root.key": "half", "generation-1": "half", "current": "1", "made.new": "{"} {
		os.WriteFile(filepath.Join(d.dir, name), []byte(b), 0o600)
	}
	s := d.open()
	key := current(t, s)
	if s = d.open(); current(t, s) != key {
		t.Error("made, and not found again")
	}
}

func TestWithoutRandomnessThereIsNoKey(t *testing.T) {
	for name, source := range map[string][]byte{"short": make([]byte, 31), "zeros": make([]byte, 1000)} {
		dir := t.TempDir()
		if _, err := keysmith.Open(keysmith.Parts{Folder: dir, Rand: bytes.NewReader(source)}); err == nil {
			t.Errorf("%s: opened", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "made")); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}

func TestTheTPMHasRoomAfterManyLivesAndRefusals(t *testing.T) {
	d := newDevice(t, wire.TierTPM)
	s := d.open()
	s.Wipe()
	copied := d.copied()
	s = d.open()
	s.Begin()
	if err := s.Commit(s.Generation() + 1); err != nil {
		t.Fatal(err)
	}
	s.Wipe()
	d.close()
	p := copied.parts()
	p.Bare = false // without clearing up: what fails must leave nothing behind
	for range 20 {
		if _, err := keysmith.Open(p); why(err) != wire.KeyTroubleShut {
			t.Fatal(err)
		}
	}
	copied.close()
	d.open() // not wiped: as if killed
	for range 5 {
		s = d.open()
	}
	current(t, s)
}

func TestADeadTPMIsAnErrorAndNoPanic(t *testing.T) {
	for name, rw := range map[string]io.ReadWriter{
		"says nothing":          answers(nil),
		"says too much":         answers(bytes.Repeat([]byte{0xff}, 5000)),
		"lies about its length": answers([]byte{0x80, 1, 0, 0, 0, 99, 0, 0, 0, 0, 1, 2}),
		"says half a word":      answers([]byte{0x80, 1, 0, 0}),
		"says little":           answers([]byte{0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0}),
	} {
		dir := t.TempDir()
		if _, err := keysmith.Open(keysmith.Parts{Folder: dir, TPM: rw, TPMThere: true, Rand: rand.Reader}); why(err) != wire.KeyTroubleFailed {
			t.Errorf("%s: %v", name, err)
		}
		if listing(t, dir) != "" {
			t.Errorf("%s: %s", name, listing(t, dir))
		}
	}
}

type deadTPM struct{ io.Reader }

func (deadTPM) Write(b []byte) (int, error) { return len(b), nil }

func answers(b []byte) io.ReadWriter { return deadTPM{bytes.NewReader(b)} }

func BenchmarkRotation(b *testing.B) {
	for tier := wire.TierFile; tier <= wire.TierTPM; tier++ {
		b.Run(tier.String(), func(b *testing.B) {
			s := newDevice(b, tier).open()
			for b.Loop() {
				if _, err := s.Begin(); err != nil {
					b.Fatal(err)
				}
				if err := s.Commit(s.Generation() + 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
