// Package audit keeps the record of what happened at the door as a transparency log that anybody can check. It never
// holds a face: an entry has no field that could.
//
// The folder is laid out as c2sp.org/tlog-tiles asks, so that other tools can read it:
//
//	checkpoint          the signed head: origin, size, root (c2sp.org/tlog-checkpoint, c2sp.org/signed-note)
//	tile/entries/000    256 entries, each after its length in two bytes
//	tile/0/000          256 leaf hashes; tile/1/000 the roots of 256 such tiles; and so on
//
// One thing differs. The specification serves a tile that is not full yet under a name of its own, tile/0/000.p/17,
// and never changes a file. Here the last tile and the last bundle grow in place: tile/0/000.p/17 is the first 17
// hashes of tile/0/000, and tile/entries/000.p/17 its first 17 entries. A server that publishes the folder cuts them
// so; a reader of full tiles needs nothing. Writing every partial tile anew would cost flash for every passage.
//
// What a copy of the folder cannot show is that the whole folder was put back to an older state. For that, heads are
// told to the outside, and VerifyGrowth compares.
//
// More than five names are exported: writing (Open, Log, Entry, Hash, Renew, ErrHealthy), reading back (Query, Owed), checking (Verify,
// VerifyGrowth, CheckEntry, Before, Earlier, Report, Problem, How and its words), and Checkpoint, for those who carry heads.
package audit

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"example.org/edged/internal/wire"
)

// A Log is the one writer of a folder.
type Log struct {
	mu    sync.Mutex
	dir   string
	lock  *os.File
	key   key
	log   *slog.Logger
	tree  tree
	bytes int64 // of the bundle that is growing
	head  wire.Head
	dirty bool  // a write went wrong: trim before the next
	dead  error // a write went wrong at the point of no return: only opening anew tells what is on the disk
}

// Open opens the log in dir, or begins one. Every entry and hash under the signed head is checked first; if one does
// not fit, the error holds a *Problem and nothing is changed.
//
// A power cut can leave entries after the head. None of them was ever acknowledged. Those that are whole are kept and
// signed, the torn one after them is cut off, and both are said.
func Open(dir, origin string, seed [32]byte, log *slog.Logger) (*Log, error) {
	k, err := newKey(origin, seed)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("audit: making the folder: %w", err)
	}
	lock, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	l := &Log{dir: dir, lock: lock, key: k, log: log}
	if err := l.open(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return l, nil
}

func (l *Log) open() error {
	if err := unix.Flock(int(l.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("audit: %s is in use by another keeper: %w", l.dir, err)
	}
	msg, err := os.ReadFile(filepath.Join(l.dir, checkpoint))
	if errors.Is(err, os.ErrNotExist) {
		return l.begin()
	}
	if err != nil {
		return fmt.Errorf("audit: reading the head: %w", err)
	}
	h, err := parseHead(msg, l.key.public, true)
	if err != nil {
		return l.unfit(checkpoint, err)
	}
	c, err := check(l.dir, h, func(uint64, []byte) error { return nil })
	if errors.Is(err, errMisfit) {
		err = diagnose(l.dir, h)
	}
	if err != nil {
		return l.unfit("", err)
	}
	l.tree, l.bytes, l.head = c.tree, c.bytes, h
	return l.mend()
}

// begin signs the empty log. From then on a folder without a head is a folder whose head was taken away.
func (l *Log) begin() error {
	entries, torn, err := beyond(l.dir, 0)
	if err != nil {
		return err
	}
	if len(entries) > 0 || torn > 0 {
		return l.unfit(checkpoint, &Problem{How: HeadMissing})
	}
	return l.publish(l.tree)
}

// unfit says where the log is, what is wrong with it, and what to do. Nothing in the folder is changed.
func (l *Log) unfit(file string, why error) error {
	return fmt.Errorf("%s: %w: put a good copy of the folder in its place, or let `edged audit renew` set this one aside and begin a new log",
		filepath.Join(l.dir, file), why)
}

// mend brings what lies beyond the head under it. The entries are written over themselves, not cut off first, so that
// a second power cut costs nothing either.
func (l *Log) mend() error {
	entries, torn, err := beyond(l.dir, l.tree.size)
	if err != nil {
		return err
	}
	if len(entries) > 0 || torn > 0 {
		l.log.Warn("the audit log was cut off in the middle of a write", slog.Uint64("signed", l.tree.size),
			slog.Int("entries_kept", len(entries)), slog.Int("bytes_cut", torn))
	}
	if len(entries) > 0 {
		if err := l.write(entries); err != nil {
			return err
		}
	}
	return l.trim()
}

// Append adds one entry. When it returns without an error, the entry is on the disk and under the signed head.
func (l *Log) Append(e Entry) (index uint64, err error) { return l.AppendAll([]Entry{e}) }

// AppendAll adds entries with one signature over all of them and returns the index of the first. After an error none
// of them is in the log, except that a power cut before the next entry may keep some.
func (l *Log) AppendAll(es []Entry) (first uint64, err error) {
	raws := make([][]byte, len(es))
	for i, e := range es {
		if raws[i], err = e.encode(); err != nil {
			return 0, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead != nil {
		return 0, fmt.Errorf("audit: stopped, open it anew: %w", l.dead)
	}
	if l.dirty {
		if err := l.trim(); err != nil {
			return 0, err
		}
	}
	first = l.tree.size
	if len(es) == 0 {
		return first, nil
	}
	return first, l.write(raws)
}

// Head is the newest signed head.
func (l *Log) Head() wire.Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.head
	copy(h.Key[:], l.key.private.Public().(ed25519.PublicKey))
	return h
}

// PublicKey is what Verify needs, as a note verifier key.
func (l *Log) PublicKey() string { return l.key.public }

// Recent gives somebody's last n entries, the newest first. Nobody (the zero pseudonym) has none.
func (l *Log) Recent(who wire.Pseudonym, n int) []Entry {
	var found []Entry
	if who == (wire.Pseudonym{}) {
		return nil
	}
	for _, e := range l.Backwards(Query{Who: who}) {
		if found = append(found, e); len(found) == n {
			break
		}
	}
	return found
}

// Close lets go of the folder.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = errors.New("it was closed")
	return l.lock.Close()
}

// write puts entries to the disk, then their hashes, then the head over both: whatever is under a head on the disk
// was there before it.
func (l *Log) write(raws [][]byte) error {
	l.dirty = true
	after, size := l.tree.clone(), l.bytes
	var entries, hashes []piece
	for _, raw := range raws {
		n := after.size / tileWidth
		if after.size%tileWidth == 0 {
			size = 0
		}
		entries = extend(entries, tilePath(-1, n), size, appendEntry(nil, raw))
		size += int64(2 + len(raw))
		leaf := after.size
		after.add(tlog.RecordHash(raw), func(level int, h tlog.Hash) {
			i := leaf >> (level * tileHeight)
			hashes = extend(hashes, tilePath(level, i/tileWidth), int64(i%tileWidth)*tlog.HashSize, h[:])
		})
	}
	for _, p := range slices.Concat(entries, hashes) {
		if err := p.write(l.dir); err != nil {
			return fmt.Errorf("audit: writing %s: %w", p.path, err)
		}
	}
	if err := l.publish(after); err != nil {
		return err
	}
	if after.size%tileWidth == 0 {
		size = 0
	}
	l.bytes, l.dirty = size, false
	return nil
}
