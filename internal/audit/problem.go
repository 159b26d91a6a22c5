package audit

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/wire"
)

// How is what was done to a log.
type How string

const (
	Rewritten   How = "rewritten"    // another entry stands there
	Dropped     How = "dropped"      // entries are missing, later ones are there
	Reordered   How = "reordered"    // the same entries in another order
	Truncated   How = "truncated"    // the end is missing
	Beyond      How = "beyond"       // there is more than the head says
	Forked      How = "forked"       // entries and hashes fit each other, but not the head
	RolledBack  How = "rolled-back"  // an older state of the log than one that was seen
	HashChanged How = "hash-changed" // the entries are right, a stored hash is not
	Unreadable  How = "unreadable"   // signed, but not an entry
	Stray       How = "stray"        // a file that is not the log's
	WrongKey    How = "wrong-key"    // the head is signed with another key
	HeadDamaged How = "head-damaged" // the head does not fit its signature
	HeadMissing How = "head-missing"
)

// A Problem is the first thing that is wrong with a log.
type Problem struct {
	Index uint64 `json:"index"` // the first bad entry
	How   How    `json:"how"`
	why   error
}

func (p *Problem) Error() string {
	s := sentences[p.How]
	if strings.Contains(s, "%d") {
		s = fmt.Sprintf(s, p.Index)
	}
	if p.why != nil {
		return fmt.Sprintf("audit: %s: %v", s, p.why)
	}
	return "audit: " + s
}

var sentences = map[How]string{
	Rewritten:   "entry %d was rewritten",
	Dropped:     "entry %d was dropped; later entries are there",
	Reordered:   "entry %d stands in another place: entries were reordered",
	Truncated:   "entry %d and all after it are missing: the log was truncated",
	Beyond:      "entry %d is not under the signed head: it was added, or the folder was copied while the log grew (then copy it again)",
	Forked:      "the entries fit their hashes, but not the signed head: from entry %d on or later, history was forked",
	RolledBack:  "entry %d and all after it were there before: the log was rolled back",
	HashChanged: "a stored hash over entry %d was changed; the entries are right",
	Unreadable:  "entry %d is signed, but this version cannot read it",
	Stray:       "a file lies among the log's that is not the log's",
	WrongKey:    "the head is not signed with this key",
	HeadDamaged: "the head does not fit its signature",
	HeadMissing: "there is no signed head",
}

func (p *Problem) Unwrap() error { return p.why }

// diagnose names what is wrong with a folder that check refused. It holds all leaf hashes in memory: 32 bytes an entry.
func diagnose(dir string, h wire.Head) error {
	entries, err := gather(dir, h.Size, -1)
	if err != nil {
		return err
	}
	hashes, err := gather(dir, h.Size, 0)
	if err != nil {
		return err
	}
	bad := firstDifference(entries, hashes)
	size := int(h.Size)
	block, blockBad := badBlock(dir, entries)
	switch {
	case len(entries) >= size && rootOf(entries[:size]) == tlog.Hash(h.Root):
		if bad >= size { // a hash higher up
			bad = block
		}
		return &Problem{Index: uint64(bad), How: HashChanged}
	case bad == len(entries) && bad == len(hashes) && (blockBad || bad >= size):
		return &Problem{Index: uint64(block), How: Forked}
	case bad == min(len(entries), len(hashes)) && len(entries) < size:
		return &Problem{Index: uint64(len(entries)), How: Truncated}
	case len(entries) < len(hashes) && within(entries[bad:], hashes[bad:]):
		return &Problem{Index: uint64(bad), How: Dropped}
	case sameSet(entries, hashes):
		return &Problem{Index: uint64(bad), How: Reordered}
	default:
		return &Problem{Index: uint64(bad), How: Rewritten}
	}
}

// gather reads all leaf hashes, from the entries (level -1) or from the tiles of level 0. A bundle that cannot be
// split to its end gives one hash that fits nothing in the place of the rest.
func gather(dir string, size uint64, level int) (leaves []tlog.Hash, err error) {
	for n := uint64(0); ; n++ {
		b, err := readTile(dir, level, n)
		if err != nil {
			return nil, err
		}
		if len(b) == 0 && n*tileWidth >= size {
			return leaves, nil
		}
		if level == 0 {
			for i := range len(b) / tlog.HashSize {
				leaves = append(leaves, tlog.Hash(b[i*tlog.HashSize:(i+1)*tlog.HashSize]))
			}
			continue
		}
		entries, rest := splitBundle(b)
		for _, raw := range entries {
			leaves = append(leaves, tlog.RecordHash(raw))
		}
		if len(rest) > 0 && uint64(len(leaves)) < size && !cutShort(dir, n, rest) {
			leaves = append(leaves, tlog.Hash{})
		}
	}
}

// cutShort tells whether rest is the beginning of an entry at the end of the last bundle.
func cutShort(dir string, n uint64, rest []byte) bool {
	next, err := readTile(dir, -1, n+1)
	whole := len(rest) >= 2 && len(rest) >= 2+int(binary.BigEndian.Uint16(rest))
	return err == nil && len(next) == 0 && !whole
}

// badBlock finds the first 256 entries that do not fit the hash over them in level 1. Where those hashes were changed
// along with the entries, or the block is not complete, nothing narrower than "0 or later" can be said.
func badBlock(dir string, leaves []tlog.Hash) (first int, bad bool) {
	for n := 0; (n+1)*tileWidth <= len(leaves); n++ {
		tile, err := readTile(dir, 1, uint64(n/tileWidth))
		stored, ok := hashAt(tile, n%tileWidth)
		if err != nil || !ok || stored != rootOf(leaves[n*tileWidth:(n+1)*tileWidth]) {
			return n * tileWidth, true
		}
	}
	return 0, false
}

func rootOf(leaves []tlog.Hash) tlog.Hash {
	var t tree
	for _, leaf := range leaves {
		t.add(leaf, func(int, tlog.Hash) {})
	}
	return t.root()
}

func firstDifference(a, b []tlog.Hash) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// within tells whether few is many with some left out.
func within(few, many []tlog.Hash) bool {
	for _, h := range many {
		if len(few) > 0 && few[0] == h {
			few = few[1:]
		}
	}
	return len(few) == 0
}

func sameSet(a, b []tlog.Hash) bool {
	order := func(x, y tlog.Hash) int { return slices.Compare(x[:], y[:]) }
	a, b = slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order)
	return slices.Equal(a, b)
}
