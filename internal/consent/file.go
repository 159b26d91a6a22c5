package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/pages"
	"example.org/edged/internal/person"
)

// Buckets: a record lies under person and sequence, a notice under its hash.
var (
	bucketRecords = []byte("records")
	bucketNotices = []byte("notices")
)

// pageSize: a record has 1.2 KiB, so a page of 4 KiB would have room for three, and be half empty where people come at
// random. bbolt lengthens a file by 16 MiB unless told otherwise, which is more than most registers ever have.
const pageSize = 16 << 10

// Open opens or makes consent.db in dir and checks every chain in it. When the file is damaged it is set aside, none
// of it lost, and Open returns an empty Register together with an error that is ErrSetAside: nobody has agreed then,
// so no face is used, and the door goes on with the other ways in.
func Open(dir string, device Device, current *notice.Notice) (*Register, error) {
	if device.Sign == nil {
		return nil, errors.New("consent: internal error: records that nobody signs")
	}
	if err := current.Validate(current.Keep()); err != nil {
		return nil, fmt.Errorf("consent: the notice in force cannot be shown: %w", err)
	}
	file := filepath.Join(dir, "consent.db")
	r, damage := open(file, device, current)
	var damaged *damageError
	if !errors.As(damage, &damaged) {
		return r, damage
	}
	aside, err := pages.SetAside(file)
	if err != nil {
		return nil, fmt.Errorf("%w; moving it away did not work either: %w", damage, err)
	}
	if r, err = open(file, device, current); err != nil {
		return nil, err
	}
	return r, fmt.Errorf("%w; %w as %s: nobody's consent is known, face is used for nobody until they agree again; "+
		"to mend it, stop edged and put a good copy in its place", damage, ErrSetAside, aside)
}

// Close closes the file.
func (r *Register) Close() error { return r.db.Close() }

// Size is how many bytes the file has, and how many of them are records and notices. All of them are alive: an act is
// kept as long as the file is.
func (r *Register) Size() (file, live int64, err error) {
	err = r.db.View(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketRecords, bucketNotices} {
			c := tx.Bucket(name).Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				live += int64(len(k) + len(v))
			}
		}
		return nil
	})
	if err == nil {
		var st os.FileInfo
		if st, err = os.Stat(r.db.Path()); err == nil {
			file = st.Size()
		}
	}
	if err != nil {
		return 0, 0, fmt.Errorf("consent: measure the file: %w", err)
	}
	return file, live, nil
}

// Together lets do record much without waiting for the disk each time, and waits once at the end. A power cut in
// between may cost the whole file, so it is for filling an empty one.
func (r *Register) Together(do func() error) error {
	r.db.NoSync, r.db.NoGrowSync = true, true
	err := do()
	r.db.NoSync, r.db.NoGrowSync = false, false
	return errors.Join(err, r.db.Sync())
}

// History is p's whole chain, oldest first.
func (r *Register) History(p person.ID) ([]Record, error) {
	var all []Record
	err := r.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketRecords).Cursor()
		for k, v := c.Seek(p[:]); bytes.HasPrefix(k, p[:]); k, v = c.Next() {
			rec, err := decode(v, p, nil)
			if err != nil {
				return fmt.Errorf("consent: record %d: %w", len(all)+1, err)
			}
			all = append(all, rec)
		}
		return nil
	})
	return all, err
}

// Notice is the full text of a notice that is or was in use here.
func (r *Register) Notice(hash [32]byte) (*notice.Notice, bool) {
	if hash == r.hash {
		return r.current, true
	}
	var n *notice.Notice
	err := r.db.View(func(tx *bbolt.Tx) (err error) {
		n, err = notice.Parse(tx.Bucket(bucketNotices).Get(hash[:]))
		return err
	})
	return n, err == nil && n.Hash() == hash
}

// append writes the records, which are about one person, in one transaction and then, only then, moves the person's
// standing. It returns the last as written. The caller holds mu.
func (r *Register) append(records ...Record) (Record, error) {
	p := records[0].Person
	s := r.stand[p]
	err := r.db.Update(func(tx *bbolt.Tx) error {
		for _, n := range records {
			if y := n.At.UTC().Year(); y < 1 || y > 9999 {
				return fmt.Errorf("the year %d is no year", y)
			}
			n.Sequence = s.newest().Sequence + 1
			n.Prev = s.sum
			n = n.seal().sign(r.device.Sign)
			if err := n.valid(); err != nil {
				return err
			}
			b := n.encode()
			if err := tx.Bucket(bucketRecords).Put(key(p, n.Sequence), b); err != nil {
				return err
			}
			s = s.after(n, sha256.Sum256(b))
		}
		return nil
	})
	if err != nil {
		return Record{}, fmt.Errorf("consent: write the record: %w", err)
	}
	r.stand[p] = s
	return *s.newest(), nil
}

func key(p person.ID, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(p[:], sequence)
}

// A damageError says that the content of the file is not what this package wrote.
type damageError struct {
	file string
	why  error
}

func (e *damageError) Error() string { return fmt.Sprintf("%s is damaged: %v", e.file, e.why) }
func (e *damageError) Unwrap() error { return e.why }

// open opens the file, checks it and reads where everybody stands.
func open(file string, device Device, current *notice.Notice) (r *Register, err error) {
	fresh := false
	switch at, err := os.Lstat(file); {
	case errors.Is(err, fs.ErrNotExist):
		fresh = true
	case err != nil:
		return nil, fmt.Errorf("consent: %w", err)
	case !at.Mode().IsRegular():
		return nil, fmt.Errorf("consent: %s is not a plain file; move it away", file)
	case at.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("consent: %s is open to others (mode %04o); run: chmod 600 %s", file, at.Mode().Perm(), file)
	case at.Size() == 0: // bbolt would take it for a new file, and nobody would learn that something was lost
		return nil, &damageError{file, errors.New("it is empty")}
	}
	if !fresh {
		// bbolt believes its file, and some of its panics nobody can catch.
		switch err := pages.Check(file); {
		case errors.Is(err, pages.ErrBusy):
			return nil, fmt.Errorf("consent: %s is in use by another program; stop that one first", file)
		case errors.Is(err, pages.ErrUnsound), errors.Is(err, unix.EIO):
			return nil, &damageError{file, err}
		case err != nil:
			return nil, fmt.Errorf("consent: read %s: %w", file, err)
		}
	}
	r = &Register{device: device, current: current, hash: current.Hash(),
		since: map[digits]notice.Class{}, stand: map[person.ID]standing{}}
	err = pages.Guard(func() (err error) {
		r.db, err = bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType, PageSize: pageSize})
		if err == nil {
			r.db.AllocSize = 4 * pageSize
		}
		return err
	})
	var path *fs.PathError
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return nil, fmt.Errorf("consent: %s is in use by another program; stop that one first", file)
	case err != nil && (fresh || errors.As(err, &path)):
		return nil, fmt.Errorf("consent: open %s: %w", file, err)
	case err != nil:
		return nil, &damageError{file, err}
	}
	if err = pages.Guard(func() error { return r.load(fresh) }); err != nil {
		closing := pages.Guard(r.db.Close)
		if fresh {
			return nil, errors.Join(fmt.Errorf("consent: begin %s: %w", file, err), closing)
		}
		return nil, errors.Join(&damageError{file, err}, closing)
	}
	if err = r.remember(); err != nil {
		return nil, errors.Join(err, r.db.Close())
	}
	return r, nil
}
