package demo

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// piece is how much of something is enough to recognise it.
const piece = 16

// tracesOf copies the vault's files and cuts every value in them into pieces: what must be gone after an erasure.
func tracesOf(state string) ([][]byte, error) {
	var out [][]byte
	for _, name := range []string{"people.db", "keys.db"} {
		b, err := os.ReadFile(filepath.Join(state, "keeper", name))
		if err != nil {
			return nil, err
		}
		values, err := valuesOf(b)
		if err != nil {
			return nil, fmt.Errorf("reading a copy of %s: %w", name, err)
		}
		for _, v := range values {
			for ; len(v) >= piece; v = v[piece:] {
				out = append(out, bytes.Clone(v[:piece]))
			}
		}
	}
	return out, nil
}

// valuesOf lists the long values of a bbolt file, from a copy, so that the keeper's lock is not in the way.
func valuesOf(file []byte) (out [][]byte, err error) {
	f, err := os.CreateTemp("", "edged-demo-copy-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(file); err != nil {
		return nil, err
	}
	f.Close()
	db, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error { return longValues(b, &out) })
	})
	return out, err
}

func longValues(b *bbolt.Bucket, out *[][]byte) error {
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			return longValues(b.Bucket(k), out)
		}
		if len(v) >= 3*piece {
			*out = append(*out, bytes.Clone(v))
		}
		return nil
	})
}

// searchFolder looks for each needle in every file below a folder.
func searchFolder(dir string, needles [][]byte) (found int, read int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read += int64(len(b))
		found += count(b, needles)
		return nil
	})
	return found, read, err
}

func count(hay []byte, needles [][]byte) (n int) {
	for _, needle := range needles {
		if bytes.Contains(hay, needle) {
			n++
		}
	}
	return n
}

// searchEverything looks in all that left the rooms (MQTT, logs, files that are not the vault's) for pieces of the
// photographs that were before the camera: raw, in hex, in base64.
func searchEverything(st *story) (string, error) {
	var needles [][]byte
	for _, name := range []string{enrolled, returning, stranger, refused} {
		b, err := os.ReadFile(filepath.Join(st.h.pictures, name))
		if err != nil {
			return "", err
		}
		for at := 0; at+48 <= len(b); at += 997 {
			if telling(b[at : at+24]) {
				needles = append(needles, forms(b[at:at+48])...)
			}
		}
	}
	left, messages := st.h.broker.everything()
	logs := st.h.log.Bytes()
	found := count(left, needles) + count(logs, needles)
	inState, read, err := searchFolder(st.h.stateDir(), needles)
	if err != nil {
		return "", err
	}
	// The search itself must be able to find: a planted piece is found in every form.
	for _, n := range needles[:3] {
		if count(append(bytes.Clone(left), n...), needles) == 0 {
			return "", errors.New("the search is blind")
		}
	}
	if found+inState > 0 {
		return "", fmt.Errorf("%d pieces of a photograph found in what left, %d in the state folder", found, inState)
	}
	if messages == 0 || len(logs) == 0 {
		return "", fmt.Errorf("nothing to search: %d messages, %d bytes of log", messages, len(logs))
	}
	return fmt.Sprintf("%d pieces (raw, hex, base64) in %d bytes of %d MQTT messages, %d bytes of logs, %s of state: 0 found",
		len(needles), len(left), messages, len(logs), size(read)), nil
}

// telling pieces are those that can only come from the picture: a run of zeros is in every file.
func telling(b []byte) bool {
	var seen [256]bool
	kinds := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			kinds++
		}
	}
	return kinds >= 12
}

// forms are the shapes in which bytes travel.
func forms(b []byte) [][]byte {
	b64 := []byte(base64.StdEncoding.EncodeToString(b))
	return [][]byte{bytes.Clone(b[:24]), []byte(hex.EncodeToString(b[:24])), b64[:40]}
}

// copyQuietly copies a folder while it may be growing, and takes the signed head first: what came later is beyond it.
func copyQuietly(from, to string) error {
	return os.CopyFS(to, os.DirFS(from))
}

// spoil changes one letter in the first bundle of entries.
func spoil(dir string) error {
	var done bool
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || done {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at := bytes.Index(b, []byte(`granted`))
		if at < 0 {
			return nil
		}
		copy(b[at:], "gRanted")
		done = true
		return os.WriteFile(path, b, 0o600)
	})
	if err == nil && !done {
		err = errors.New("no entry to change")
	}
	return err
}
