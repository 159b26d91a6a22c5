package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"slices"
	"time"

	"example.org/edged/internal/wire"
)

// A Query says which entries are wanted. Its zero value asks for all.
type Query struct {
	Kinds []wire.Kind    // none: any
	Who   wire.Pseudonym // zero: anybody
}

// Backwards reads the log from its newest entry to its oldest. It does not hold up who writes: what is under a head
// never changes, so the files are read without the lock.
func (l *Log) Backwards(q Query) iter.Seq2[uint64, Entry] {
	return func(yield func(uint64, Entry) bool) {
		size := l.Head().Size
		var kinds [][]byte
		for _, k := range q.Kinds {
			kinds = append(kinds, []byte(`"kind":"`+k.String()+`"`))
		}
		who := hex.AppendEncode(nil, q.Who[:])
		for last := size; last > 0; {
			bundle := (last - 1) / tileWidth
			b, err := readTile(l.dir, -1, bundle)
			if err != nil {
				l.log.Error("reading the audit log", slog.String("why", err.Error()))
				return
			}
			entries, _ := splitBundle(b)
			entries = entries[:min(uint64(len(entries)), last-bundle*tileWidth)]
			for i, raw := range slices.Backward(entries) {
				if !q.mayBe(raw, kinds, who) {
					continue
				}
				if e, err := parseEntry(raw); err == nil && q.wants(e) && !yield(bundle*tileWidth+uint64(i), e) {
					return
				}
			}
			last = bundle * tileWidth
		}
	}
}

// mayBe looks at the bytes only: reading an entry in full costs twenty times as much.
func (q Query) mayBe(raw []byte, kinds [][]byte, who []byte) bool {
	if q.Who != (wire.Pseudonym{}) && !bytes.Contains(raw, who) {
		return false
	}
	return len(kinds) == 0 || slices.ContainsFunc(kinds, func(k []byte) bool { return bytes.Contains(raw, k) })
}

func (q Query) wants(e Entry) bool {
	return (q.Who == wire.Pseudonym{} || e.Who == q.Who) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, e.Kind))
}

// Last is the time of the newest entry whose time was trusted: it cannot be earlier than that now. It looks at no more
// than the last few thousand entries; a clock that was wrong for longer has told so on the screen.
func (l *Log) Last() (at time.Time, ok bool) {
	looked := 0
	for _, e := range l.Backwards(Query{}) {
		if looked++; e.Trusted {
			return time.UnixMilli(e.At), true
		}
		if looked == 1<<12 {
			break
		}
	}
	return time.Time{}, false
}

// Owed is how many people's erasure has failed and has not worked since, as a log's folder tells it. It checks nothing:
// it is for whoever asks how the device is, not for whoever doubts it.
func Owed(dir string) (int, error) {
	owed := map[wire.Pseudonym]bool{}
	if _, err := os.ReadDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("audit: %w", err)
	}
	for n := uint64(0); ; n++ {
		b, err := readTile(dir, -1, n)
		if err != nil {
			return 0, err
		}
		entries, _ := splitBundle(b)
		for _, raw := range entries {
			if !bytes.Contains(raw, []byte(`"kind":"erase`)) {
				continue
			}
			if e, err := parseEntry(raw); err == nil {
				owed[e.Who] = e.Kind == wire.KindEraseFailed
			}
		}
		if len(entries) < tileWidth {
			break
		}
	}
	count := 0
	for _, is := range owed {
		if is {
			count++
		}
	}
	return count, nil
}
