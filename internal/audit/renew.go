package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/wire"
)

// ErrHealthy means that a log was to be set aside in which nothing is wrong.
var ErrHealthy = errors.New("nothing is wrong with the log, so it is not set aside")

// asideMark is between a log's name and the number of a log that was set aside before it.
const asideMark = ".damaged-"

// Renew sets a damaged log aside and begins a new one in its place, whose first entry says so: Head is how many entries
// the old head spoke of, Commit names every byte of the old folder, Reason is what the operator gave. Nothing of the old
// log is changed or deleted, and Before checks it against that entry for as long as it lies there.
//
// The two change places in one step of the file system, so that a power cut leaves the one or the other. One before it
// leaves a log of one entry under the other name, which nobody's first entry names.
func Renew(dir, origin string, seed [32]byte, e Entry, log *slog.Logger) (aside string, err error) {
	l, err := Open(dir, origin, seed, log)
	if err == nil {
		return "", errors.Join(ErrHealthy, l.Close())
	}
	if !errors.As(err, new(*Problem)) {
		return "", err // it could not be read, which is no proof that it was changed
	}
	e.Kind = wire.KindLogRenewed
	if e.Commit, err = digest(dir); err != nil {
		return "", err
	}
	e.Head = claimed(dir)
	if aside, err = freeName(dir); err != nil {
		return "", err
	}
	next, err := Open(aside, origin, seed, log)
	if err != nil {
		return "", err
	}
	_, err = next.Append(e)
	if err := errors.Join(err, next.Close()); err != nil {
		return "", err
	}
	if err := unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, dir, unix.RENAME_EXCHANGE); err != nil {
		return "", fmt.Errorf("audit: setting %s aside: %w", dir, err)
	}
	parent, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	return aside, errors.Join(parent.Sync(), parent.Close())
}

func freeName(dir string) (string, error) {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s%s%d", dir, asideMark, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, nil
		} else if err != nil {
			return "", fmt.Errorf("audit: %w", err)
		}
	}
}

// claimed is how many entries the head speaks of, whether or not it can be believed.
func claimed(dir string) (size uint64) {
	b, err := os.ReadFile(filepath.Join(dir, checkpoint))
	if lines := strings.SplitN(string(b), "\n", 3); err == nil && len(lines) == 3 {
		if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil {
			return 0
		}
	}
	return size
}

// digest names a folder: SHA-256 over the path, the length and the SHA-256 of each file in it, in the order of their
// paths.
func digest(dir string) (sum Hash, err error) {
	all := sha256.New()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is no plain file", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		one := sha256.New()
		n, err := io.Copy(one, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		fmt.Fprintf(all, "%d %s %d %x\n", len(rel), rel, n, one.Sum(nil))
		return err
	})
	if err != nil {
		return Hash{}, fmt.Errorf("audit: naming what is set aside: %w", err)
	}
	return Hash(all.Sum(nil)), nil
}

// An Earlier is a log that was set aside, as a later one names it.
type Earlier struct {
	Dir     string   `json:"dir,omitempty"` // empty: it does not lie beside the copy
	Entries uint64   `json:"entries"`       // as its head said
	Reason  string   `json:"reason"`        // what the operator gave
	Why     string   `json:"why,omitempty"` // the first thing that is wrong with it
	Problem *Problem `json:"problem,omitempty"`
}

// Before lists the logs that were set aside before the one in dir, the latest first, each checked: that it is byte for
// byte what was set aside, and what is wrong with it. One that is not there is listed without a folder, because it may
// lie elsewhere. An error is a log that was changed since, or one that nothing is wrong with.
func Before(dir, publicKey string) (all []Earlier, err error) {
	for seen := map[Hash]bool{}; ; {
		first, ok := firstEntry(dir)
		if !ok || first.Kind != wire.KindLogRenewed || seen[first.Commit] {
			return all, nil
		}
		seen[first.Commit] = true
		e := Earlier{Entries: first.Head, Reason: first.Reason.String()}
		if e.Dir, err = aside(dir, first.Commit); err != nil {
			return all, err
		}
		if e.Dir == "" {
			return append(all, e), nil
		}
		_, bad := Verify(e.Dir, publicKey)
		if bad == nil {
			return append(all, e), fmt.Errorf("audit: %s was set aside as damaged, and nothing is wrong with it", e.Dir)
		}
		e.Problem, e.Why = problemIn(bad), says(bad)
		all = append(all, e)
		dir = e.Dir
	}
}

// aside finds the folder that a first entry names, among those that lie beside the log under the name of one set aside.
func aside(dir string, named Hash) (found string, err error) {
	parent, own := filepath.Split(filepath.Clean(dir))
	base, _, _ := strings.Cut(own, asideMark)
	beside, err := os.ReadDir(filepath.Clean(parent))
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	others := 0
	for _, d := range beside {
		if d.Name() == own || !strings.HasPrefix(d.Name(), base+asideMark) {
			continue
		}
		others++
		other := filepath.Join(parent, d.Name())
		if sum, err := digest(other); err == nil && sum == named {
			return other, nil
		}
	}
	if others > 0 && base == own {
		return "", fmt.Errorf("audit: none of the logs that lie beside %s as set aside is the one that its first entry names: what was set aside was changed since, or exchanged", dir)
	}
	return "", nil
}

// firstEntry reads a log's oldest entry, which may be damaged.
func firstEntry(dir string) (Entry, bool) {
	b, err := readTile(dir, -1, 0)
	if err != nil {
		return Entry{}, false
	}
	entries, _ := splitBundle(b)
	if len(entries) == 0 {
		return Entry{}, false
	}
	e, err := parseEntry(entries[0])
	return e, err == nil
}
