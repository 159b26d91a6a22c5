package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// A tree is a Merkle tree of which only the right edge is kept: the roots of the complete subtrees, largest first, one
// for each bit that is set in size (RFC 6962, section 2.1).
type tree struct {
	size  uint64
	peaks []tlog.Hash
}

// add puts one leaf to the right. tile hears every hash that belongs into a tile, at its level.
func (t *tree) add(leaf tlog.Hash, tile func(level int, h tlog.Hash)) {
	tile(0, leaf)
	for height := 1; t.size>>(height-1)&1 == 1; height++ {
		last := len(t.peaks) - 1
		leaf = tlog.NodeHash(t.peaks[last], leaf)
		t.peaks = t.peaks[:last]
		if height%tileHeight == 0 {
			tile(height/tileHeight, leaf)
		}
	}
	t.peaks = append(t.peaks, leaf)
	t.size++
}

func (t tree) root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.peaks) - 1
	h := t.peaks[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(t.peaks[i], h)
	}
	return h
}

func (t tree) clone() tree { return tree{t.size, slices.Clone(t.peaks)} }

// The layout of c2sp.org/tlog-tiles: 256 hashes or entries to a file.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	maxLevel   = 48/tileHeight - 1
	maxBundle  = tileWidth * (2 + maxEntry)
)

// tilePath is where the tile of that level and index lies; level -1 is the entry bundles.
func tilePath(level int, n uint64) string {
	name := "entries"
	if level >= 0 {
		name = strconv.Itoa(level)
	}
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	return filepath.Join("tile", name, filepath.FromSlash(path))
}

// readTile reads one tile or bundle; a file that is not there is an empty one. No more than the longest is read.
func readTile(dir string, level int, n uint64) ([]byte, error) {
	path := tilePath(level, n)
	f, err := os.Open(filepath.Join(dir, path))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return b, nil
}

// splitBundle cuts a bundle into its entries, each after its length in two bytes. rest is what is not a whole entry:
// the torn end after a power cut, or damage.
func splitBundle(b []byte) (entries [][]byte, rest []byte) {
	for len(b) >= 2 && len(entries) < tileWidth {
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || n > maxEntry || len(b) < 2+n {
			break
		}
		entries = append(entries, b[2:2+n])
		b = b[2+n:]
	}
	return entries, b
}

func appendEntry(b, entry []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(entry))), entry...)
}

// hashAt gives the i-th hash of a tile.
func hashAt(tile []byte, i int) (h tlog.Hash, ok bool) {
	if len(tile) < (i+1)*tlog.HashSize {
		return h, false
	}
	return tlog.Hash(tile[i*tlog.HashSize : (i+1)*tlog.HashSize]), true
}
