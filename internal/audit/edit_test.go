package audit_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func edit(t *testing.T, dir string, change func([][]byte) [][]byte) {
	t.Helper()
	es := change(entriesOf(t, dir))
	for n := 0; ; n++ {
		path := bundle(dir, n)
		if _, err := os.Stat(path); err != nil && n*256 >= len(es) {
			return
		}
		os.Remove(path)
		for _, e := range es[min(n*256, len(es)):min((n+1)*256, len(es))] {
			addTo(t, path, framed(e))
		}
	}
}

// retile makes the leaf hashes fit the entries again, as somebody would who knows the format.
func retile(t *testing.T, dir string) {
	t.Helper()
	os.RemoveAll(filepath.Join(dir, "tile/0"))
	os.MkdirAll(filepath.Join(dir, "tile/0"), 0o700)
	es := entriesOf(t, dir)
	for i, e := range es {
		h := tlog.RecordHash(e)
		addTo(t, filepath.Join(dir, "tile/0", []string{"000", "001", "002"}[i/256]), h[:])
	}
	if len(es) == 300 { // and the one hash above, where it is complete
		var t2 []tlog.Hash
		for _, e := range es[:256] {
			t2 = append(t2, tlog.RecordHash(e))
		}
		for len(t2) > 1 {
			for i := range len(t2) / 2 {
				t2[i] = tlog.NodeHash(t2[2*i], t2[2*i+1])
			}
			t2 = t2[:len(t2)/2]
		}
		os.WriteFile(filepath.Join(dir, "tile/1/000"), t2[0][:], 0o600)
	}
}

func framed(e []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(e))), e...)
}

func shorten(t *testing.T, path string, by int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-by)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	os.WriteFile(path, b, 0o600)
}

func replace(t *testing.T, dir, old, new string) {
	t.Helper()
	path := filepath.Join(dir, "checkpoint")
	b, _ := os.ReadFile(path)
	os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(new), 1), 0o600)
}
