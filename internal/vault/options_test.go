package vault_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// BenchmarkFileOptions is how the two files' options were chosen (docs/measurements.md): 20,000 records of people, or
// wrapped keys, come at random, 100 at a time; then one enrols at a time, which is what is timed, with the disk waited
// for.
func BenchmarkFileOptions(b *testing.B) {
	for _, kind := range []struct {
		name       string
		key, value int
	}{{"people", 16, 2234}, {"keys", 32, 60}} {
		for _, page := range []int{4 << 10, 8 << 10, 16 << 10, 32 << 10} {
			b.Run(fmt.Sprintf("%s/page=%dK", kind.name, page>>10), func(b *testing.B) {
				tryOptions(b, kind.key, kind.value, 4*page, bbolt.Options{PageSize: page, FreelistType: bbolt.FreelistMapType})
			})
		}
		for name, o := range map[string]bbolt.Options{
			"freelist=array":           {FreelistType: bbolt.FreelistArrayType},
			"freelist=map":             {FreelistType: bbolt.FreelistMapType},
			"freelist=map,not-written": {FreelistType: bbolt.FreelistMapType, NoFreelistSync: true},
			"growth=none":              {FreelistType: bbolt.FreelistMapType, NoGrowSync: true},
			"growth=16M":               {FreelistType: bbolt.FreelistMapType},
			"mmap=1G":                  {FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30},
		} {
			b.Run(kind.name+"/"+name, func(b *testing.B) {
				o.PageSize = 16 << 10
				if kind.name == "keys" {
					o.PageSize = 4 << 10
				}
				growth := 4 * o.PageSize
				if name == "growth=16M" {
					growth = 16 << 20
				}
				tryOptions(b, kind.key, kind.value, growth, o)
			})
		}
	}
}

func tryOptions(b *testing.B, key, value, growth int, o bbolt.Options) {
	o.Timeout = time.Second
	path := filepath.Join(b.TempDir(), "x.db")
	db, err := bbolt.Open(path, 0o600, &o)
	if err != nil {
		b.Fatal(err)
	}
	db.AllocSize = growth
	live := 0
	put := func(n int) {
		if err := db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("entries"))
			for range n {
				k, v := make([]byte, key), make([]byte, value)
				rand.Read(k)
				if err == nil {
					err = bucket.Put(k, v)
				}
				live += key + value
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	db.NoSync, db.NoGrowSync = true, true
	for range 200 {
		put(100)
	}
	db.NoSync, db.NoGrowSync = false, o.NoGrowSync
	before, n := db.Stats(), 0
	for b.Loop() {
		put(1)
		n++
	}
	after := db.Stats()
	written := after.TxStats.GetPageAlloc() - before.TxStats.GetPageAlloc()
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if db, err = bbolt.Open(path, 0o600, &o); err != nil {
		b.Fatal(err)
	}
	opened := time.Since(began)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(st.Size())/float64(live), "file/live")
	b.ReportMetric(float64(written)/float64(n)/1024, "KiB-written/op")
	b.ReportMetric(float64(opened.Microseconds()), "µs-to-open")
}
