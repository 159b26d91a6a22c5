package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/wire"
)

// An Extract is some lines of a log, each with what proves that it stands there, and the signed head over all of them.
// It shows nothing of any other line.
type Extract struct {
	Head  string          `json:"head"` // a signed note
	Lines []ExtractedLine `json:"lines"`
}

// An ExtractedLine is one of them, in the one spelling that the log has.
type ExtractedLine struct {
	Index uint64          `json:"index"`
	Entry json.RawMessage `json:"entry"`
	Path  []Hash          `json:"path"`
}

// Take extracts from a folder every line that is wanted. The log may be growing meanwhile.
func Take(dir string, wanted func(index uint64, e Entry) bool) (x Extract, err error) {
	msg, err := os.ReadFile(filepath.Join(dir, checkpoint))
	if err != nil {
		return x, fmt.Errorf("audit: reading the head: %w", err)
	}
	h, err := unverifiedHead(msg)
	if err != nil {
		return x, err
	}
	x.Head = string(msg)
	t := tlog.Tree{N: int64(h.Size), Hash: h.Root}
	_, err = check(dir, h, func(index uint64, raw []byte) error {
		e, err := parseEntry(raw)
		if err != nil {
			return fmt.Errorf("audit: entry %d: %w", index, err)
		}
		if !wanted(index, e) {
			return nil
		}
		p, err := tlog.ProveRecord(t.N, int64(index), tlog.TileHashReader(t, tiles{dir}))
		if err != nil {
			return fmt.Errorf("audit: proving entry %d: %w", index, err)
		}
		l := ExtractedLine{Index: index, Entry: append(json.RawMessage(nil), raw...)}
		for _, h := range p {
			l.Path = append(l.Path, Hash(h))
		}
		x.Lines = append(x.Lines, l)
		return nil
	})
	if errors.Is(err, errMisfit) {
		return x, errors.New("audit: the log does not fit its head: check it with `edged audit verify`")
	}
	return x, err
}

// unverifiedHead reads a head whose signature is somebody else's to check: whoever gets the extract.
func unverifiedHead(msg []byte) (wire.Head, error) {
	_, err := note.Open(msg, note.VerifierList())
	var stranger *note.UnverifiedNoteError
	if !errors.As(err, &stranger) {
		return wire.Head{}, &Problem{How: HeadDamaged, why: err}
	}
	origin, _, _ := strings.Cut(stranger.Note.Text, "\n")
	h, err := parseHeadText(origin, stranger.Note.Text)
	if err != nil {
		return wire.Head{}, &Problem{How: HeadDamaged, why: err}
	}
	return h, nil
}

// Verify checks an extract with nothing but the device's public key, and gives the lines by their index.
func (x Extract) Verify(publicKey string) (map[uint64]Entry, wire.Head, error) {
	h, err := parseHead([]byte(x.Head), publicKey, false)
	if err != nil {
		return nil, h, err
	}
	all := make(map[uint64]Entry, len(x.Lines))
	for i, l := range x.Lines {
		var raw bytes.Buffer // a dossier may be written with indents; the log's spelling has none
		if err := json.Compact(&raw, l.Entry); err != nil {
			return nil, h, fmt.Errorf("audit: line %d of the extract: %w", l.Index, err)
		}
		e, err := parseEntry(raw.Bytes())
		if err != nil {
			return nil, h, fmt.Errorf("audit: line %d of the extract: %w", l.Index, err)
		}
		if i > 0 && l.Index <= x.Lines[i-1].Index {
			return nil, h, fmt.Errorf("audit: the extract's lines are not in order at %d", l.Index)
		}
		if err := CheckEntry(h, l.Index, e, l.Path); err != nil {
			return nil, h, err
		}
		all[l.Index] = e
	}
	return all, h, nil
}

// ParseLine reads an entry in the one spelling that the log has.
func ParseLine(raw []byte) (Entry, error) { return parseEntry(raw) }
