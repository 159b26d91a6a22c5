package audit_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/edged/internal/audit"
)

// hostile is what somebody with the folder, but without the key, might do to it.
var hostile = []struct {
	name   string
	size   int
	do     func(t *testing.T, dir string)
	how    audit.How
	index  uint64
	mended bool // the keeper cuts off or signs what lies beyond the head; a copy is still not in order
}{
	{"an entry is rewritten", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[17] = forged; return es })
	}, audit.Rewritten, 17, false},
	{"the last entry is rewritten", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[299] = forged; return es })
	}, audit.Rewritten, 299, false},
	{"an entry and its hash are rewritten", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[270] = forged; return es })
		retile(t, dir)
	}, audit.Forked, 0, false},
	{"an entry and its hash are rewritten, but not the hash over 256", 600, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[270] = forged; return es })
		retile(t, dir)
	}, audit.Forked, 256, false},
	{"an entry is dropped", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { return slices.Delete(es, 17, 18) })
	}, audit.Dropped, 17, false},
	{"a hundred entries are dropped", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { return slices.Delete(es, 100, 200) })
	}, audit.Dropped, 100, false},
	{"a whole bundle is dropped", 600, func(t *testing.T, dir string) { os.Remove(bundle(dir, 1)) }, audit.Dropped, 256, false},
	{"two entries are swapped", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { es[40], es[290] = es[290], es[40]; return es })
	}, audit.Reordered, 40, false},
	{"the tail is cut", 300, func(t *testing.T, dir string) { edit(t, dir, func(es [][]byte) [][]byte { return es[:280] }) }, audit.Truncated, 280, false},
	{"the tail is cut in the middle of an entry", 300, func(t *testing.T, dir string) { shorten(t, bundle(dir, 1), 30) }, audit.Truncated, 299, false},
	{"the tail is cut and its hashes too", 300, func(t *testing.T, dir string) {
		edit(t, dir, func(es [][]byte) [][]byte { return es[:280] })
		retile(t, dir)
	}, audit.Truncated, 280, false},
	{"everything is cut", 300, func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "tile")) }, audit.Truncated, 0, false},
	{"a hash is changed", 300, func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "tile/0/000"), 50*32) }, audit.HashChanged, 50, false},
	{"a hash high up is changed", 600, func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "tile/1/000"), 32) }, audit.HashChanged, 256, false},
	{"a tile is taken away", 600, func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "tile/0/001")) }, audit.HashChanged, 256, false},
	{"an entry is added", 300, func(t *testing.T, dir string) { addTo(t, bundle(dir, 1), framed(forged)) }, audit.Beyond, 300, true},
	{"noise is added", 300, func(t *testing.T, dir string) { addTo(t, bundle(dir, 1), []byte("noise")) }, audit.Beyond, 300, true},
	{"a bundle is added", 256, func(t *testing.T, dir string) { addTo(t, bundle(dir, 1), framed(forged)) }, audit.Beyond, 256, true},
	{"a tile grows", 300, func(t *testing.T, dir string) { addTo(t, filepath.Join(dir, "tile/0/001"), make([]byte, 32)) }, audit.Stray, 300, true},
	{"a strange file lies there", 300, func(t *testing.T, dir string) { addTo(t, filepath.Join(dir, "tile/note.txt"), []byte("x")) }, audit.Stray, 300, true},
	{"an empty file lies there", 300, func(t *testing.T, dir string) { addTo(t, filepath.Join(dir, "tile/0/002.p"), nil) }, audit.Stray, 300, true},
	{"the head is signed anew with another key", 300, func(t *testing.T, dir string) {
		other, _ := audit.Open(filepath.Join(t.TempDir(), "b"), origin, [32]byte{9}, quiet())
		b, _ := audit.Checkpoint(other.PublicKey(), other.Head())
		os.WriteFile(filepath.Join(dir, "checkpoint"), b, 0o600)
	}, audit.WrongKey, 0, false},
	{"the head says another size", 300, func(t *testing.T, dir string) { replace(t, dir, "\n300\n", "\n200\n") }, audit.HeadDamaged, 0, false},
	{"the head is noise", 300, func(t *testing.T, dir string) {
		os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("\x00\xff noise"), 0o600)
	}, audit.HeadDamaged, 0, false},
	{"the head is empty", 300, func(t *testing.T, dir string) { os.WriteFile(filepath.Join(dir, "checkpoint"), nil, 0o600) }, audit.HeadDamaged, 0, false},
	{"the head is taken away", 300, func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "checkpoint")) }, audit.HeadMissing, 0, false},
	{"the log of a new device is put there under the old head", 10, func(t *testing.T, dir string) {
		edit(t, dir, func([][]byte) [][]byte { return nil })
		retile(t, dir)
	}, audit.Truncated, 0, false},
}

var forged = []byte(`{"at":1,"trusted":true,"kind":"decision","method":"face","outcome":"denied"}`)
