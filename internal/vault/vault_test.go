package vault_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"math"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/keysmith/keysmithtest"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
	"go.etcd.io/bbolt"
)

var (
	model  = [32]byte{1, 2, 3}
	expiry = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
)

// A house is a device with its key file and vault, which can lose power and start again.
type house struct {
	t      testing.TB
	dir    string
	device string
	smith  string // the keysmith's folder
	gen    *generations
	chip   *keysmithtest.Chip // nil: a key file
	conn   io.ReadWriteCloser
	arena  *template.Arena
	vault  *vault.Vault
}

func newHouse(t testing.TB) *house { return houseIn(t, t.TempDir(), t.TempDir(), "door-1") }

// houseWith keeps its keys in a TPM.
func houseWith(t testing.TB, chip *keysmithtest.Chip) *house {
	return begin(&house{t: t, dir: t.TempDir(), smith: t.TempDir(), device: "door-1", chip: chip})
}

func houseIn(t testing.TB, dir, smith, device string) *house {
	t.Helper()
	return begin(&house{t: t, dir: dir, smith: smith, device: device})
}

func begin(h *house) *house {
	h.t.Helper()
	var err error
	if h.arena, err = template.NewArena(1, [32]byte{1}, 1); err != nil {
		h.t.Fatal(err)
	}
	h.start()
	h.t.Cleanup(func() {
		h.stop()
		h.arena.Close()
	})
	return h
}

// generations is the real keysmith without the wire and the room around it.
type generations struct {
	*keysmith.Store
	fails func(act string) error // stands for the wire; nil otherwise
}

func (g *generations) fail(act string) error {
	if g.fails == nil {
		return nil
	}
	return g.fails(act)
}

func (g *generations) Current() ([32]byte, error) {
	if err := g.fail("current"); err != nil {
		return [32]byte{}, err
	}
	return g.Store.Current()
}

func (g *generations) Begin() ([32]byte, error) {
	if err := g.fail("begin"); err != nil {
		return [32]byte{}, err
	}
	return g.Store.Begin()
}

func (g *generations) Commit() error {
	if err := g.fail("commit"); err != nil {
		return err
	}
	if err := g.Store.Commit(g.Generation() + 1); err != nil {
		return err
	}
	return g.fail("committed")
}

func (h *house) start() {
	h.t.Helper()
	p := keysmith.Parts{Folder: h.smith, Rand: rand.Reader}
	if h.chip != nil {
		h.conn = h.chip.Connect()
		p.TPM, p.TPMThere, p.Bare = h.conn, true, true
	}
	store, err := keysmith.Open(p)
	if err != nil {
		h.t.Fatal(err)
	}
	h.gen = &generations{Store: store}
	v, err := vault.Open(h.dir, h.device, h.gen, h.arena, rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	h.vault = v
}

func (h *house) stop() {
	if h.vault != nil {
		h.vault.Close()
	}
	h.vault = nil
	if h.conn != nil {
		h.conn.Close()
	}
}

func (h *house) restart() { h.t.Helper(); h.stop(); h.start() }

// copied is the same device as its files are now: what a power cut would leave, or a thief would have.
func (h *house) copied() *house {
	h.t.Helper()
	return houseIn(h.t, copyOf(h.t, h.dir), copyOf(h.t, h.smith), h.device)
}

func copyOf(t testing.TB, from string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	all, _ := os.ReadDir(dir)
	for _, e := range all {
		os.Chmod(filepath.Join(dir, e.Name()), 0o600)
	}
	return dir
}

func (h *house) face(seed uint64) template.Template {
	h.t.Helper()
	r := mathrand.New(mathrand.NewPCG(seed, 9))
	var v [template.Len]float32
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	f, err := h.arena.Put(&v)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

func label(p person.ID) vault.Label {
	return vault.Label{Person: p, Purpose: "entry", Model: model, Consent: [32]byte{9, p[0]}, Expiry: expiry}
}

func (h *house) enrol(seed uint64) person.ID {
	h.t.Helper()
	p, err := person.New(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	h.keep(p, seed)
	return p
}

func (h *house) keep(p person.ID, seed uint64) {
	h.t.Helper()
	f := h.face(seed)
	defer h.arena.Wipe(f)
	if err := h.vault.Keep(label(p), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) load() (map[person.ID]template.Template, map[person.ID]wire.Reason) {
	h.t.Helper()
	held, refused, err := loadAll(h.vault)
	if err != nil {
		h.t.Fatal(err)
	}
	in, out := make(map[person.ID]template.Template), make(map[person.ID]wire.Reason)
	for _, x := range held {
		if x.Label != label(x.Label.Person) {
			h.t.Errorf("label came back as %+v", x.Label)
		}
		in[x.Label.Person] = x.Template
	}
	for _, x := range refused {
		out[x.Person] = x.Against(label(x.Person))
	}
	return in, out
}

// loadAll holds everybody at once, as nothing but a test does.
func loadAll(v *vault.Vault) (held []vault.Held, refused []vault.Refused, err error) {
	var mu sync.Mutex
	refused, err = v.Load(model, func(h vault.Held) {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, h)
	})
	return held, refused, err
}

func (h *house) shows(f template.Template, seed uint64) bool {
	want := h.face(seed)
	defer h.arena.Wipe(want)
	return math.Abs(float64(h.arena.Cosine(f, want))-1) < 1e-5
}

func TestWhatIsKeptOpensAfterARestart(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.enrol(1), h.enrol(2)
	h.restart()
	in, out := h.load()
	if len(in) != 2 || len(out) != 0 || !h.shows(in[ada], 1) || !h.shows(in[bob], 2) || h.vault.Len() != 2 {
		t.Fatalf("%d held, %v refused, Len %d", len(in), out, h.vault.Len())
	}
	if got := h.vault.Labels(); len(got) != 2 || got[0] != label(got[0].Person) {
		t.Errorf("labels %+v", got)
	}
	for name, x := range map[string]struct {
		at  time.Time
		due int
	}{"a second before": {expiry.Add(-time.Second), 0}, "the second itself": {expiry, 2}} {
		if due := h.vault.Due(x.at); len(due) != x.due {
			t.Errorf("%s: %d due", name, len(due))
		}
	}
}

func TestALabelThatPromisesNothingIsRefused(t *testing.T) {
	h := newHouse(t)
	f := h.face(1)
	for name, change := range map[string]func(*vault.Label){
		"nobody":               func(l *vault.Label) { l.Person = person.ID{} },
		"no purpose":           func(l *vault.Label) { l.Purpose = "" },
		"a purpose of a novel": func(l *vault.Label) { l.Purpose = string(make([]byte, 300)) },
		"no expiry":            func(l *vault.Label) { l.Expiry = time.Time{} },
	} {
		l := label(person.ID{1})
		change(&l)
		if err := h.vault.Keep(l, f); err == nil {
			t.Errorf("%s: kept", name)
		}
	}
	h.arena.Wipe(f)
	if err := h.vault.Keep(label(person.ID{1}), f); err == nil {
		t.Error("kept a wiped template")
	}
	if h.vault.Len() != 0 {
		t.Error("something was kept")
	}
}

func TestAFractionOfASecondIsNotLivedLonger(t *testing.T) {
	h := newHouse(t)
	l := label(person.ID{1})
	l.Expiry = l.Expiry.Add(999 * time.Millisecond)
	if err := h.vault.Keep(l, h.face(1)); err != nil {
		t.Fatal(err)
	}
	if due := h.vault.Due(expiry); len(due) != 1 || due[0].Expiry != expiry {
		t.Errorf("%+v", due)
	}
}

func TestEnrollingAnewReplacesTemplateAndKey(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.enrol(1), h.enrol(2)
	before := h.everything(ada)
	h.keep(ada, 3)
	if left := h.left(before); left != 0 {
		t.Errorf("%d pieces of the former template or key are left in the files", left)
	}
	h.restart()
	in, out := h.load()
	if len(in) != 2 || len(out) != 0 || !h.shows(in[ada], 3) || !h.shows(in[bob], 2) {
		t.Fatalf("%d held, %v refused", len(in), out)
	}
}

func TestATemplateOfAnotherModelIsNamed(t *testing.T) {
	h := newHouse(t)
	ada := h.enrol(1)
	refused, err := h.vault.Load([32]byte{7}, func(vault.Held) { t.Error("held") })
	if err != nil || len(refused) != 1 || refused[0] != (vault.Refused{Person: ada, Label: label(ada), Reason: wire.ReasonOtherModel}) {
		t.Fatalf("%v, %v", refused, err)
	}
}

func TestASecondVaultIsKeptOut(t *testing.T) {
	h := newHouse(t)
	h.enrol(1)
	if _, err := vault.Open(h.dir, h.device, h.gen, h.arena, rand.Reader); err == nil {
		t.Fatal("two vaults in one folder")
	}
	if in, _ := h.load(); len(in) != 1 {
		t.Fatal("the first vault was harmed")
	}
}

func TestTheFilesAreItsOwnersAlone(t *testing.T) {
	h := newHouse(t)
	for _, name := range []string{"people.db", "keys.db"} {
		path := filepath.Join(h.dir, name)
		if st, _ := os.Stat(path); st.Mode() != 0o600 {
			t.Errorf("%s has mode %v", name, st.Mode())
		}
		h.stop()
		os.Chmod(path, 0o644)
		if _, err := vault.Open(h.dir, h.device, h.gen, h.arena, rand.Reader); err == nil {
			t.Errorf("opened a readable %s", name)
		}
		os.Chmod(path, 0o600)
		os.Rename(path, path+".real")
		os.Symlink(path+".real", path)
		if _, err := vault.Open(h.dir, h.device, h.gen, h.arena, rand.Reader); err == nil {
			t.Errorf("followed a link to %s", name)
		}
		os.Rename(path+".real", path)
		h.start()
	}
}

func TestADamagedFileIsSetAsideAndNothingIsLost(t *testing.T) {
	noise := make([]byte, 40_000)
	mathrand.NewChaCha8([32]byte{3}).Read(noise)
	for name, damage := range map[string]func(raw []byte) []byte{
		"truncated":    func(raw []byte) []byte { return raw[:len(raw)/2] },
		"empty":        func([]byte) []byte { return nil },
		"random bytes": func([]byte) []byte { return noise },
	} {
		for _, file := range []string{"people.db", "keys.db"} {
			h := newHouse(t)
			ada := h.enrol(1)
			h.stop()
			path := filepath.Join(h.dir, file)
			raw, _ := os.ReadFile(path)
			os.WriteFile(path, damage(raw), 0o600)
			_, err := vault.Open(h.dir, h.device, h.gen, h.arena, rand.Reader)
			var damaged *vault.Damaged
			if !errors.As(err, &damaged) || len(damaged.Aside) != 2 {
				t.Fatalf("%s %s: %v", name, file, err)
			}
			aside, _ := os.ReadFile(filepath.Join(h.dir, file+".damaged-1"))
			if !bytes.Equal(aside, damage(raw)) {
				t.Errorf("%s %s: its bytes were lost", name, file)
			}
			h.start()
			if in, out := h.load(); len(in)+len(out) != 0 {
				t.Errorf("%s %s: somebody was found in the new file", name, file)
			}
			if err := h.vault.Erase(ada); err != nil { // may lie in what was set aside
				t.Fatal(err)
			}
			if rest, _ := filepath.Glob(filepath.Join(h.dir, "*.damaged-*")); len(rest) > 0 {
				t.Errorf("%s %s: after an erasure there is still %v", name, file, rest)
			}
		}
	}
}

func TestAMissingFileDoesNotPassForAnErasure(t *testing.T) {
	for _, file := range []string{"people.db", "keys.db"} {
		h := newHouse(t)
		h.enrol(1)
		h.stop()
		os.Remove(filepath.Join(h.dir, file))
		_, err := vault.Open(h.dir, h.device, h.gen, h.arena, rand.Reader)
		if damaged := (*vault.Damaged)(nil); !errors.As(err, &damaged) || len(damaged.Aside) != 1 {
			t.Errorf("without %s: %v", file, err)
		}
	}
}

// entries reads a file of a vault that is closed.
func entries(t testing.TB, path string) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	edit(t, path, func(b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error { all[string(k)] = bytes.Clone(v); return nil })
	})
	return all
}

// edit is somebody who can write the files.
func edit(t testing.TB, path string, change func(*bbolt.Bucket) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(func(tx *bbolt.Tx) error { return change(tx.Bucket([]byte("entries"))) }); err != nil {
		t.Fatal(err)
	}
}
