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
