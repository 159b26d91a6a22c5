package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/wire"
)

// Prove gives the hashes that lead from an entry up to a head's root (RFC 6962, section 2.1.1). The head must be one
// that this log has signed.
func (l *Log) Prove(h wire.Head, index uint64) ([]Hash, error) {
	if index >= h.Size || h.Size > l.Head().Size {
		return nil, fmt.Errorf("audit: entry %d is not under a head of %d", index, h.Size)
	}
	t := tlog.Tree{N: int64(h.Size), Hash: h.Root}
	p, err := tlog.ProveRecord(t.N, int64(index), tlog.TileHashReader(t, tiles{l.dir}))
	if err != nil {
		return nil, fmt.Errorf("audit: proving entry %d: %w", index, err)
	}
	path := make([]Hash, len(p))
	for i, h := range p {
		path[i] = Hash(h)
	}
	return path, nil
}

// CheckEntry checks with Prove's answer that the entry stands at that index under the head. Whoever calls it has
// checked the head's signature (Checkpoint).
func CheckEntry(h wire.Head, index uint64, e Entry, path []Hash) error {
	raw, err := e.encode()
	if err != nil {
		return err
	}
	p := make(tlog.RecordProof, len(path))
	for i, h := range path {
		p[i] = tlog.Hash(h)
	}
	if h.Size > 1<<48 || index >= h.Size {
		return fmt.Errorf("audit: entry %d is not under a head of %d entries", index, h.Size)
	}
	if err := tlog.CheckRecord(p, int64(h.Size), tlog.Hash(h.Root), int64(index), tlog.RecordHash(raw)); err != nil {
		return fmt.Errorf("audit: entry %d is not what stands in the log under that head", index)
	}
	return nil
}

// tiles reads the log's files as tlog asks for them; tlog checks what it gets against the head.
type tiles struct{ dir string }

func (tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(want))
	for i, w := range want {
		b, err := readTile(t.dir, w.L, uint64(w.N))
		if err != nil {
			return nil, err
		}
		if len(b) < w.W*tlog.HashSize {
			return nil, fmt.Errorf("audit: %s is too short", tilePath(w.L, uint64(w.N)))
		}
		data[i] = b[:w.W*tlog.HashSize]
	}
	return data, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
