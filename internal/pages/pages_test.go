package pages_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/pages"
	"go.etcd.io/bbolt"
)

// file is a bbolt file with everything in it: branches, overflow, nested and inline buckets, free pages.
func file(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	must := func(f func(tx *bbolt.Tx) error) {
		if err := db.Update(f); err != nil {
			t.Fatal(err)
		}
	}
	key := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
	must(func(tx *bbolt.Tx) error {
		b, _ := tx.CreateBucket([]byte("big"))
		for i := range 300 {
			if err := b.Put(key(i), bytes.Repeat([]byte{byte(i)}, 200+i)); err != nil {
				return err
			}
		}
		b.Put(key(1000), make([]byte, 20_000))
		in, _ := b.CreateBucket([]byte("nested"))
		in.Put([]byte("k"), []byte("v"))
		s, _ := tx.CreateBucket([]byte("small"))
		s.Put([]byte("k"), []byte("v"))
		_, err := tx.CreateBucket([]byte("empty"))
		return err
	})
	must(func(tx *bbolt.Tx) error {
		for i := range 100 {
			if err := tx.Bucket([]byte("big")).Delete(key(3 * i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASoundFilePasses(t *testing.T) {
	if err := pages.Check(file(t)); err != nil {
		t.Fatal(err)
	}
}

// What another program is just writing is not damage: nobody may set its file aside.
func TestAFileInUseIsNotCalledDamaged(t *testing.T) {
	path := file(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := pages.Check(path); !errors.Is(err, pages.ErrBusy) || errors.Is(err, pages.ErrUnsound) {
		t.Errorf("got %v", err)
	}
}

func TestATornMetaPageIsSurvived(t *testing.T) {
	for name, at := range map[string]int{"first": 20, "second": os.Getpagesize() + 20} {
		path := file(t)
		raw, _ := os.ReadFile(path)
		raw[at] ^= 1
		os.WriteFile(path, raw, 0o600)
		if err := pages.Check(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNoFileOfOursIsNamed(t *testing.T) {
	sound, _ := os.ReadFile(file(t))
	noise := make([]byte, 64<<10)
	r := mathrand.NewChaCha8([32]byte{1})
	r.Read(noise)
	for name, raw := range map[string][]byte{
		"an empty file":             {},
		"one byte":                  {1},
		"random bytes":              noise,
		"half a file":               sound[:len(sound)/2],
		"the first two pages":       sound[:2*os.Getpagesize()],
		"zeros":                     make([]byte, len(sound)),
		"the first page alone":      sound[:os.Getpagesize()],
		"the head and random bytes": append(bytes.Clone(sound[:2*os.Getpagesize()]), noise...),
	} {
		path := filepath.Join(t.TempDir(), "x.db")
		os.WriteFile(path, raw, 0o600)
		if err := pages.Check(path); !errors.Is(err, pages.ErrUnsound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOneWrongNumberIsFound(t *testing.T) {
	sound, _ := os.ReadFile(file(t))
	size := os.Getpagesize()
	le := binary.NativeEndian
	meta := sound[16:]
	if other := sound[size+16:]; le.Uint64(other[48:]) > le.Uint64(meta[48:]) {
		meta = other
	}
	root, list := int(le.Uint64(meta[16:])), int(le.Uint64(meta[32:]))
	top := func(raw []byte) []byte { return raw[root*size : (root+1)*size] }
	for name, spoil := range map[string]func(raw []byte){
		"a page in use is listed as free":   func(raw []byte) { le.PutUint64(raw[list*size+16:], uint64(root)) },
		"a free page outside the file":      func(raw []byte) { le.PutUint64(raw[list*size+16:], 1<<40) },
		"more free pages than the list has": func(raw []byte) { le.PutUint16(raw[list*size+10:], 60_000) },
		"the small bucket claims to be a page": func(raw []byte) {
			b := top(raw)
			b[bytes.Index(b, []byte("small"))+len("small")+16] ^= 1
		},
		"the tree leads to itself": func(raw []byte) {
			b := top(raw)
			le.PutUint64(b[bytes.Index(b, []byte("big"))+3:], uint64(root))
		},
		"a page runs on for ever":     func(raw []byte) { le.PutUint32(top(raw)[12:], 1<<31) },
		"more entries than fit":       func(raw []byte) { le.PutUint16(top(raw)[10:], 50_000) },
		"an entry that lies outside":  func(raw []byte) { le.PutUint32(top(raw)[20:], 1<<30) },
		"an entry longer than a page": func(raw []byte) { le.PutUint32(top(raw)[28:], 1<<31) },
		"entries out of order":        func(raw []byte) { b := top(raw); b[bytes.Index(b, []byte("big"))] = 'x' },
		"a page of no kind":           func(raw []byte) { top(raw)[8] = 0x40 },
		"a page that is another":      func(raw []byte) { top(raw)[0] ^= 1 },
	} {
		raw := bytes.Clone(sound)
		spoil(raw)
		path := filepath.Join(t.TempDir(), "x.db")
		os.WriteFile(path, raw, 0o600)
		if err := pages.Check(path); !errors.Is(err, pages.ErrUnsound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What passes must be safe for bbolt: it is walked, checked and written to here, and a fault would end the test.
func TestWhateverPassesIsSafeForBbolt(t *testing.T) {
	sound, _ := os.ReadFile(file(t))
	r := mathrand.New(mathrand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "x.db")
	passed, refused := 0, 0
	for range 600 {
		raw := bytes.Clone(sound)
		page := r.IntN(len(raw) / os.Getpagesize())
		at := page*os.Getpagesize() + r.IntN(400) // heads and entries, where harm is done
		raw[at] ^= 1 << r.IntN(8)
		os.WriteFile(path, raw, 0o600)
		if pages.Check(path) != nil {
			refused++
			continue
		}
		passed++
		use(t, path)
	}
	t.Logf("%d bits flipped: %d files refused, %d used without harm", passed+refused, refused, passed)
	if passed == 0 || refused == 0 {
		t.Error("the test tries too little")
	}
}

func use(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			var all [][]byte
			b.ForEach(func(k, v []byte) error { all = append(all, bytes.Clone(k)); return nil })
			for _, k := range all {
				b.Delete(k)
			}
			return b.Put([]byte("new"), make([]byte, 5000))
		})
	})
	if err != nil {
		t.Log(err)
	}
}

func FuzzCheck(f *testing.F) {
	sound, _ := os.ReadFile(file(f))
	f.Add(sound[:16*1024])
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(t.TempDir(), "x.db")
		os.WriteFile(path, raw, 0o600)
		pages.Check(path)
	})
}
