package bench

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A list is the pairs of a CSV file over the pictures that they name, each picture once.
type list struct {
	pictures []string
	lines    []int // where each picture is first named
	pairs    []pair
}

type pair struct {
	a, b  int32 // into pictures
	same  bool
	group string // of people, where the file has such a column
}

// readPairs reads the whole file before anything is measured, so that a mistake on the last line costs no hour.
func readPairs(r io.Reader, name string) (*list, error) {
	in := csv.NewReader(withoutMark(r))
	in.FieldsPerRecord, in.ReuseRecord = 0, true // as many as the first line has
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty: its first line must be a,b,same", name)
	}
	grouped := err == nil && slices.Equal(head, []string{"a", "b", "same", "group"})
	if err != nil || !grouped && !slices.Equal(head, []string{"a", "b", "same"}) {
		return nil, fmt.Errorf("%s, line 1: the first line must be a,b,same or a,b,same,group", name)
	}
	l := &list{}
	known := map[string]int32{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, fmt.Errorf("%s, line %d: %v: write picture,picture,1 or picture,picture,0", name, broken.Line, broken.Err)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		p := pair{same: row[2] == "1"}
		if grouped {
			p.group = strings.Clone(row[3])
		}
		if row[2] != "1" && row[2] != "0" {
			return nil, fmt.Errorf("%s, line %d: same is %q: write 1 for one person or 0 for two", name, line, row[2])
		}
		for i, to := range []*int32{&p.a, &p.b} {
			if *to, err = l.add(known, row[i], line); err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", name, line, err)
			}
		}
		l.pairs = append(l.pairs, p)
	}
	if len(l.pairs) == 0 {
		return nil, fmt.Errorf("%s holds no pair", name)
	}
	return l, nil
}

func (l *list) add(known map[string]int32, picture string, line int) (int32, error) {
	if !filepath.IsLocal(picture) {
		return 0, fmt.Errorf("%q does not lie below the folder of pictures: write its path from there", picture)
	}
	picture = filepath.Clean(picture)
	at, ok := known[picture]
	if !ok {
		at = int32(len(l.pictures))
		known[picture] = at
		l.pictures, l.lines = append(l.pictures, picture), append(l.lines, line)
	}
	return at, nil
}

// present says whether every picture is there. A Root does not follow a link that leads out of the folder.
func (l *list) present(folder, name string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("opening the folder of pictures: %w", err)
	}
	defer root.Close()
	for i, p := range l.pictures {
		info, err := root.Stat(p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s, line %d: there is no %s in %s", name, l.lines[i], p, folder)
		case err != nil:
			return fmt.Errorf("%s, line %d: %w", name, l.lines[i], err)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s, line %d: %s is not a file", name, l.lines[i], p)
		}
	}
	return nil
}

// withoutMark drops the byte order mark that spreadsheets put in front.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = b.Discard(3) // peeked: is there
	}
	return b
}
