package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/wire"
)

// A Report is what `edged audit verify` found; its JSON is the answer with --json.
type Report struct {
	OK      bool              `json:"ok"`
	Origin  string            `json:"origin"` // the log's name, from the public key
	Size    uint64            `json:"size"`   // entries under the signed head
	Root    string            `json:"root"`   // base64, as in the checkpoint
	First   time.Time         `json:"first,omitzero"`
	Last    time.Time         `json:"last,omitzero"`
	Kinds   map[string]uint64 `json:"kinds,omitempty"`   // how many entries of each kind
	Grown   *uint64           `json:"grown,omitempty"`   // entries since the older head, if one was given
	Problem *Problem          `json:"problem,omitempty"` // the first thing that is wrong
	Says    string            `json:"says"`              // the same in a sentence
}

// Text is the answer for people.
func (r Report) Text() string {
	if !r.OK {
		return fmt.Sprintf("audit: NOT in order: %s\n", r.Says)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "audit: %s\n  log    %s\n  root   %s\n", r.Says, r.Origin, r.Root)
	if r.Size > 0 {
		fmt.Fprintf(&b, "  first  %s\n  last   %s\n", r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339))
	}
	return b.String()
}

// Verify checks a copy of a log's folder with nothing but its public key: the head's signature, every entry, every
// hash, and that there is neither less nor more. The error is the Report's Problem, or says what could not be read.
func Verify(dir, publicKey string) (Report, error) { return verify(nil, dir, publicKey) }

// VerifyGrowth checks a folder like Verify, and that it is the continuation of the log that once had the older heads:
// nothing under any of them was changed or taken back. So any two of them are of one history, too.
func VerifyGrowth(oldCheckpoint []byte, dir, publicKey string, more ...[]byte) (Report, error) {
	var olds []wire.Head
	for i, msg := range append([][]byte{oldCheckpoint}, more...) {
		old, err := parseHead(msg, publicKey, false)
		if err != nil {
			err = fmt.Errorf("older head %d: %w", i+1, err)
			return Report{Problem: problemIn(err), Says: says(err)}, err
		}
		olds = append(olds, old)
	}
	// The largest last, so that the first that does not fit is the first that was signed.
	slices.SortStableFunc(olds, func(a, b wire.Head) int { return cmp.Compare(a.Size, b.Size) })
	return verify(olds, dir, publicKey)
}

func verify(olds []wire.Head, dir, publicKey string) (Report, error) {
	r := Report{Origin: strings.SplitN(publicKey, "+", 2)[0]}
	err := r.fill(olds, dir, publicKey)
	r.OK, r.Problem = err == nil, problemIn(err)
	if err != nil {
		r.Says = says(err)
		return r, err
	}
	r.Says = fmt.Sprintf("%d entries, none changed, none missing, none added", r.Size)
	for _, old := range olds {
		grown := r.Size - old.Size
		r.Grown = &grown // since the newest of them
		r.Says += fmt.Sprintf("; the older head of %d entries is part of it", old.Size)
	}
	return r, nil
}

func (r *Report) fill(olds []wire.Head, dir, publicKey string) error {
	msg, err := os.ReadFile(filepath.Join(dir, checkpoint))
	if errors.Is(err, fs.ErrNotExist) {
		return &Problem{How: HeadMissing, why: err}
	}
	if err != nil {
		return fmt.Errorf("audit: reading the head: %w", err)
	}
	h, err := parseHead(msg, publicKey, true)
	if err != nil {
		return err
	}
	r.Size, r.Root, r.Kinds = h.Size, tlog.Hash(h.Root).String(), map[string]uint64{}
	seen := tree{} // grows beside the one that is checked, and passes each older head on its way
	forked := map[int]bool{}
	look := func() {
		for i, old := range olds {
			if old.Size == seen.size && seen.root() != tlog.Hash(old.Root) {
				forked[i] = true
			}
		}
	}
	look()
	_, err = check(dir, h, func(index uint64, raw []byte) error {
		if len(olds) > 0 && index < olds[len(olds)-1].Size {
			seen.add(tlog.RecordHash(raw), func(int, tlog.Hash) {})
			look()
		}
		return r.count(index, raw)
	})
	if errors.Is(err, errMisfit) {
		err = diagnose(dir, h)
	}
	if err != nil {
		return err
	}
	if err := nothingElse(dir, h.Size); err != nil {
		return err
	}
	for i, old := range olds {
		if old.Size > h.Size {
			return &Problem{Index: h.Size, How: RolledBack}
		}
		if forked[i] {
			return &Problem{Index: agreed(olds[:i]), How: Forked,
				why: fmt.Errorf("the same key has signed another history of the first %d entries", old.Size)}
		}
	}
	return nil
}

// agreed is how many entries are sure to be the same in both histories: as many as the largest head that fitted.
func agreed(fitted []wire.Head) uint64 {
	if len(fitted) == 0 {
		return 0
	}
	return fitted[len(fitted)-1].Size
}

func (r *Report) count(index uint64, raw []byte) error {
	e, err := parseEntry(raw)
	if err != nil {
		return &Problem{Index: index, How: Unreadable, why: err}
	}
	at := time.UnixMilli(e.At).UTC()
	if index == 0 {
		r.First = at
	}
	r.Last = at
	r.Kinds[e.Kind.String()]++
	return nil
}

// nothingElse refuses whatever the log would not have written: entries beyond the head, longer tiles, other files.
func nothingElse(dir string, size uint64) error {
	entries, torn, err := beyond(dir, size)
	if err != nil {
		return err
	}
	if len(entries) > 0 || torn > 0 {
		return &Problem{Index: size, How: Beyond}
	}
	files := map[string]int64{} // path -> size; -1 for bundles, which check has read to their end
	for n := uint64(0); n*tileWidth < size; n++ {
		files[tilePath(-1, n)] = -1
	}
	for level := 0; size>>(level*tileHeight) > 0; level++ {
		hashes := size >> (level * tileHeight)
		for n := uint64(0); n*tileWidth < hashes; n++ {
			files[tilePath(level, n)] = int64(min(tileWidth, hashes-n*tileWidth)) * tlog.HashSize
		}
	}
	root := filepath.Join(dir, "tile")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want, known := files[rel]
		if !known || !d.Type().IsRegular() || want >= 0 && want != info.Size() {
			return &Problem{Index: size, How: Stray, why: errors.New(rel)}
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) && size == 0 {
		return nil
	}
	return err
}

func problemIn(err error) *Problem {
	var p *Problem
	errors.As(err, &p)
	return p
}

func says(err error) string { return strings.TrimPrefix(err.Error(), "audit: ") }
