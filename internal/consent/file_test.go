package consent_test

import (
	"encoding/binary"
	"encoding/json"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/consent"
)

// edit rewrites the newest record in the file, as somebody with an editor for bbolt would.
func edit(t *testing.T, dir, from, to string) {
	t.Helper()
	change(t, dir, func(b *bbolt.Bucket) error {
		k, v := b.Cursor().Last()
		fresh := strings.Replace(string(v), from, to, 1)
		if fresh == string(v) {
			t.Fatalf("%q is not in %s", from, v)
		}
		return b.Put(k, []byte(fresh))
	})
}

func change(t *testing.T, dir string, f func(*bbolt.Bucket) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "consent.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return f(tx.Bucket([]byte("records"))) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestM6c_AChangedRecordIsFound(t *testing.T) {
	for name, edit := range map[string][2]string{
		"a longer end":        {`"retention_until":"2027`, `"retention_until":"2037`},
		"a refusal made yes":  {`"event_state":"given"`, `"event_state":"refused"`},
		"an untrusted time":   {`"event_time_trusted":true`, `"event_time_trusted":false`},
		"another recipient":   {`"recipients":[]`, `"recipients":["landlord"]`},
		"another schema":      {`edged-consent/2`, `edged-consent/3`},
		"a space":             {`{`, `{ `},
		"capital hex digits":  {`"notice_hash":"`, `"notice_hash":"A`},
		"something behind it": {`}`, `}{}`},
		"J-11 irrevocable":    {`"withdrawal":"at-the-terminal"`, `"withdrawal":"never"`},
	} {
		t.Run(name, func(t *testing.T) { swap(t, edit[0], edit[1]) })
	}
}

func TestM6c_AMissingRecordIsFound(t *testing.T) {
	for name, missing := range map[string]uint64{"the first of three": 1, "the one in the middle": 2} {
		t.Run(name, func(t *testing.T) {
			dir, n := t.TempDir(), example(t)
			r := open(t, dir, n)
			give(t, r, anna, n, noon)
			if _, err := r.Withdraw(anna, consent.ByPIN, noon, true); err != nil {
				t.Fatal(err)
			}
			give(t, r, anna, n, noon)
			r.Close()
			change(t, dir, func(b *bbolt.Bucket) error { return b.Delete(binary.BigEndian.AppendUint64(anna[:], missing)) })
			wantSetAside(t, dir, n)
		})
	}
}

// A record that is whole in itself, from another life of the same person, does not fit into the chain.
func TestM6c_AnExchangedRecordIsFound(t *testing.T) {
	n := example(t)
	var first [2][]byte
	var dirs [2]string
	for i := range dirs {
		dirs[i] = t.TempDir()
		r := open(t, dirs[i], n)
		give(t, r, anna, n, noon.Add(time.Duration(i)*time.Hour))
		give(t, r, anna, n, noon.Add(day))
		r.Close()
		change(t, dirs[i], func(b *bbolt.Bucket) error {
			_, v := b.Cursor().First()
			first[i] = slices.Clone(v)
			return nil
		})
	}
	change(t, dirs[0], func(b *bbolt.Bucket) error {
		return b.Put(binary.BigEndian.AppendUint64(anna[:], 1), first[1])
	})
	wantSetAside(t, dirs[0], n)
}

func TestARecordMovedToSomebodyElseIsFound(t *testing.T) {
	dir, n := t.TempDir(), example(t)
	r := open(t, dir, n)
	give(t, r, bert, n, noon)
	r.Close()
	change(t, dir, func(b *bbolt.Bucket) error {
		_, v := b.Cursor().Last()
		return b.Put(binary.BigEndian.AppendUint64(anna[:], 1), v)
	})
	wantSetAside(t, dir, n)
}

func TestADamagedFileIsSetAsideAndNothingIsLost(t *testing.T) {
	damage := map[string]func([]byte) []byte{
		"empty":             func([]byte) []byte { return nil },
		"random bytes":      func(b []byte) []byte { return []byte(strings.Repeat("\x17\xfe edged", 4000)) },
		"cut to one page":   func(b []byte) []byte { return b[:4096] },
		"cut in the middle": func(b []byte) []byte { return b[:4*4096] },
		"cut by some bytes": func(b []byte) []byte { return b[:4096*3+100] },
		"pages of zeros":    func(b []byte) []byte { clear(b[2*4096:]); return b },
		"pages of ones": func(b []byte) []byte {
			for i := range b[2*4096:] {
				b[2*4096+i] = 0xff
			}
			return b
		},
		"both meta pages gone": func(b []byte) []byte { clear(b[:2*4096]); return b },
	}
	for name, hurt := range damage {
		t.Run(name, func(t *testing.T) {
			dir, n := t.TempDir(), example(t)
			r := open(t, dir, n)
			give(t, r, anna, n, noon)
			r.Close()
			file := filepath.Join(dir, "consent.db")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, hurt(b), 0o600); err != nil {
				t.Fatal(err)
			}
			wantSetAside(t, dir, n)
		})
	}
}

// Wherever bits flip, the register opens, and whoever is in force in it agreed. A page that leads to itself, or is both
// used and free, would otherwise end the keeper where nothing can be caught, or keep it for ever.
func TestFlippedBitsNeverStopTheKeeper(t *testing.T) {
	made, n := t.TempDir(), example(t)
	r := open(t, made, n)
	for range 40 {
		give(t, r, anna, n, noon)
	}
	r.Close()
	good, err := os.ReadFile(filepath.Join(made, "consent.db"))
	if err != nil {
		t.Fatal(err)
	}
	dir, random := t.TempDir(), mathrand.New(mathrand.NewPCG(1, 2))
	file := filepath.Join(dir, "consent.db")
	opened := 0
	for range 300 {
		bad := slices.Clone(good)
		at := random.IntN(len(bad)/4096)*4096 + random.IntN(200) // heads of pages, where harm is done
		bad[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := consent.Open(dir, consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n)
		if r == nil {
			t.Fatalf("bit flipped at %d: %v", at, err)
		}
		if _, err := r.Withdraw(bert, consent.ByPIN, noon, true); err == nil {
			t.Error("withdrew what was never given")
		}
		if err == nil {
			opened++
		}
		r.Close()
		os.Remove(file + ".damaged-1")
	}
	if opened == 0 || opened == 300 {
		t.Errorf("%d of 300 opened: the test tries too little", opened)
	}
}

// A page that leads to itself: bbolt walks in circles until memory is gone.
func TestATreeThatLeadsToItselfIsSetAside(t *testing.T) {
	dir, n := t.TempDir(), example(t)
	r := open(t, dir, n)
	for range 40 {
		give(t, r, anna, n, noon)
	}
	r.Close()
	file := filepath.Join(dir, "consent.db")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for page := 2; page < len(b)/4096; page++ {
		if p := b[page*4096:]; binary.LittleEndian.Uint16(p[8:]) == 1 { // a branch page: its first entry leads to the page itself
			binary.LittleEndian.PutUint64(p[16+8:], uint64(page))
		}
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	wantSetAside(t, dir, n)
}

func TestAFileThatIsNotOursIsLeftAlone(t *testing.T) {
	n := example(t)
	for name, prepare := range map[string]func(t *testing.T, file string){
		"open to others": func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"a link": func(t *testing.T, file string) {
			if err := os.Symlink("/dev/null", file); err != nil {
				t.Fatal(err)
			}
		},
		"a folder": func(t *testing.T, file string) {
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "consent.db")
			prepare(t, file)
			r, err := consent.Open(filepath.Dir(file), consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n)
			if r != nil || err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("register %v, error %v", r, err)
			}
			if _, err := os.Lstat(file); err != nil {
				t.Error("it was moved")
			}
		})
	}
}

func TestASecondKeeperIsToldThatTheFileIsInUse(t *testing.T) {
	dir, n := t.TempDir(), example(t)
	r := open(t, dir, n)
	defer r.Close()
	if _, err := consent.Open(dir, consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v", err)
	}
	if at, err := os.Stat(filepath.Join(dir, "consent.db")); err != nil || at.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", at.Mode(), err)
	}
}

// A record in the file, whatever its bytes are, is either what this package wrote or damage; never a panic.
func FuzzStoredRecord(f *testing.F) {
	f.Add([]byte(`{}`))
	dir, n := f.TempDir(), example(f)
	r := open(f, dir, n)
	rec := give(f, r, anna, n, noon)
	good, err := json.Marshal(rec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	r.Close()
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		open(t, dir, n).Close()
		change(t, dir, func(bucket *bbolt.Bucket) error { return bucket.Put(binary.BigEndian.AppendUint64(anna[:], 1), b) })
		r, err := consent.Open(dir, consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n)
		if r == nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, ok := r.InForce(anna, noon); ok && (err != nil || got.Until.IsZero() || string(must(t, got)) != string(b)) {
			t.Fatalf("in force: %+v, %v", got, err)
		}
	})
}

func must(t *testing.T, rec consent.Record) []byte {
	b, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
