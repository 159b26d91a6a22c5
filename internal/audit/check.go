package audit

import (
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/wire"
)

// errMisfit says that something under the head does not fit; diagnose finds out what.
var errMisfit = errors.New("audit: the folder does not fit its head")

// A checked is the part of the folder that lies under the signed head, found in order.
type checked struct {
	tree
	bytes int64 // of the last bundle, up to the head's last entry
}

// check reads every entry under the head, builds the tree anew and compares every hash that is stored, then the root.
// What lies beyond the head is not looked at.
func check(dir string, h wire.Head, each func(index uint64, raw []byte) error) (checked, error) {
	var c checked
	shelf := shelf{dir: dir}
	for c.size < h.Size {
		b, err := readTile(dir, -1, c.size/tileWidth)
		if err != nil {
			return c, err
		}
		entries, rest := splitBundle(b)
		want := int(min(tileWidth, h.Size-c.size))
		if len(entries) < want || want == tileWidth && len(rest) > 0 {
			return c, errMisfit
		}
		c.bytes = 0
		for _, raw := range entries[:want] {
			index := c.size
			c.add(tlog.RecordHash(raw), shelf.compare)
			if shelf.err != nil {
				return c, shelf.err
			}
			if err := each(index, raw); err != nil {
				return c, err
			}
			c.bytes += int64(2 + len(raw))
		}
	}
	if c.size%tileWidth == 0 {
		c.bytes = 0
	}
	if c.root() != tlog.Hash(h.Root) {
		return c, errMisfit
	}
	return c, nil
}

// A shelf compares hashes with those in the tiles, which it takes down one by one.
type shelf struct {
	dir   string
	tiles [maxLevel + 1][]byte
	next  [maxLevel + 1]uint64 // how many hashes of that level have been compared
	err   error
}

func (s *shelf) compare(level int, h tlog.Hash) {
	if s.err != nil || level > maxLevel {
		return
	}
	i := s.next[level]
	if i%tileWidth == 0 {
		s.tiles[level], s.err = readTile(s.dir, level, i/tileWidth)
	}
	if stored, ok := hashAt(s.tiles[level], int(i%tileWidth)); s.err == nil && (!ok || stored != h) {
		s.err = errMisfit
	}
	s.next[level]++
}

// beyond reads the entries after the head's last one, as far as they are whole and spelled as the log spells them.
// torn is how many bytes follow that are not.
func beyond(dir string, size uint64) (entries [][]byte, torn int, err error) {
	for n := size / tileWidth; ; n++ {
		b, err := readTile(dir, -1, n)
		if err != nil {
			return nil, 0, err
		}
		all, rest := splitBundle(b)
		skip := 0
		if n == size/tileWidth {
			skip = int(size % tileWidth)
		}
		for i, raw := range all[min(skip, len(all)):] {
			if _, err := parseEntry(raw); err != nil {
				for _, lost := range all[skip+i:] {
					torn += 2 + len(lost)
				}
				return entries, torn + len(rest), nil
			}
			entries = append(entries, raw)
		}
		if len(all) < tileWidth || len(rest) > 0 {
			return entries, len(rest), nil
		}
	}
}
