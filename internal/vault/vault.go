// Package vault keeps each person's template sealed under a key of its own, and destroys it: the key first, then the
// record, then every trace in the files. It never writes a template or a key in clear, and never opens one under a
// label other than the one it was sealed with.
//
// # What lies where
//
//	people.db   person → label ‖ AES-256-GCM(HKDF-SHA256(person's key, purpose), template; label)
//	keys.db     person ‖ key id → AES-256-GCM(generation's key, person's key; device ‖ person ‖ key id)
//	            and the mark of the generation: HKDF-SHA256 of its key, which tells generations apart and nothing else
//
// The generation's key is the keysmith's (package keysmith). Whenever somebody is erased a new generation begins: the
// living are wrapped anew into keys.db.next, the keysmith moves on and destroys the former key, and only then does
// keys.db.next become keys.db. Which of the two is the right one after a power cut is told by the marks.
//
// The label (person, purpose, device, model, consent, expiry, key id) is associated data: anybody who has the file can
// read it, and nobody can change it without the seal failing. Each value in it has its length in front (fields), so no
// two labels are the same bytes; what a sealed thing is stands first, so a wrapped key never passes for a template.
//
// Nonces are random, 96 bits. A person's key is random as well, is cut down to one purpose (purposeKey), seals one
// template and dies with it: enrolling anew draws another, so no nonce can meet itself under it. A generation's key
// wraps each living person's key once; NIST SP 800-38D, 8.3, allows 2^32 of those for a key.
//
// # How something is erased
//
// First the wrapped keys go, then the records, each leaving a mark, then the former generation. bbolt keeps the bytes of
// what was deleted in free pages. keys.db is small and is written anew; in people.db the free pages are overwritten
// where they lie (scrub), and the file is written anew only when it has outgrown what is alive in it (loose). Then every
// byte of both files is searched for every word of what was erased (traces), and only if nothing is found does Erase
// say that it is done.
//
// # What it withstands
//
// A copy of the files without the keysmith's key; and, where the tier destroys (wire.Tier.Destroys), a copy of the whole
// disk of before an erasure: what was erased since opens no more, not even on this device. Edits by somebody who can
// write the files: a flipped bit, records or keys swapped, moved to another person or device, a changed purpose, consent
// or expiry, a record or a file of before: the template does not open, and Load says which it was as far as can be told
// (Refused, Damaged). A power cut anywhere: a face is there as before or as after, an erasure that
// had begun is unreadable and is finished later (Pending).
//
// # What it does not withstand
//
// Where the tier cannot destroy (a key file, a credential, a passphrase), whoever copied the whole disk yesterday can
// open yesterday's faces for ever, erased or not; wire.Tier.Promise says so in reports and receipts. Flash may keep old
// blocks that no program can reach: they hold what only a destroyed generation opens. Labels
// and Due read what the file says; only Load has it proved by the seal. Go keeps the schedule of a key that was in use
// on the heap until it is collected, and a program cannot clear that. Erase knows the files only: whoever calls it has
// taken the person out of the gallery and wiped the template before.
//
// More than five names are exported: a label, what Load gives, the error that is to be lived with, sizes for measuring,
// and People, Discard and Destroy for a device without a vault.
package vault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"example.org/edged/internal/pages"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
	"go.etcd.io/bbolt"
)

// A Vault is the two files. All its methods may be called at the same time; they wait for each other.
type Vault struct {
	mu     sync.Mutex
	dir    string
	device string
	gen    generations
	arena  *template.Arena
	rand   io.Reader
	lock   *os.File
	people *file
	keys   *file
	torn   bool               // which generation keys.db belongs to must be asked again
	owed   *traces            // of erasures that did not come to their end
	after  func(string) error // tests stop here between two steps; nil otherwise
}

// generations is who holds the key that all people's keys are wrapped with. After an error of Begin or Commit, Current
// tells which generation it is.
type generations interface {
	Current() ([32]byte, error)
	Begin() ([32]byte, error)
	Commit() error
}

// Damaged means that a file of the vault cannot be used. Both files lie beside it now under other names; the door goes
// on without faces, and a later Open begins with an empty vault.
type Damaged struct {
	Aside   []string // where the files are now
	Problem error
	Reason  wire.Reason // damaged, or put-back
}

func (d *Damaged) Error() string {
	return fmt.Sprintf("%v; set aside as %s: put a good copy of both files back, or start again and enrol people anew (the next erasure removes what was set aside)",
		d.Problem, strings.Join(d.Aside, " and "))
}

func (d *Damaged) Unwrap() error { return d.Problem }

// Open opens the vault in dir, or makes an empty one. A *Damaged error means that it could do neither.
func Open(dir, device string, gen generations, arena *template.Arena, rand io.Reader) (*Vault, error) {
	if device == "" || len(device) > longest {
		return nil, fmt.Errorf("vault: device name of %d bytes; 1 to %d", len(device), longest)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	v := &Vault{dir: dir, device: device, gen: gen, arena: arena, rand: rand, lock: lock, owed: newTraces()}
	if err = v.open(); err == nil {
		return v, nil
	}
	if errors.Is(err, pages.ErrUnsound) { // while the folder is still locked, so that nobody's good files are moved
		names, failed := setAside(dir)
		why := wire.ReasonDamaged
		if errors.Is(err, errPutBack) {
			why = wire.ReasonPutBack
		}
		err = &Damaged{Aside: names, Problem: errors.Join(err, failed), Reason: why}
	}
	v.Close() // what went wrong before says more than what may go wrong now
	return nil, err
}

func (v *Vault) open() error {
	for _, name := range []string{peopleFile, keysFile} {
		if err := remove(v.path(name) + unborn); err != nil { // a power cut left it; it may hold somebody erased since
			return fmt.Errorf("vault: clear up: %w", err)
		}
	}
	err := v.settle()
	if err == nil {
		err = v.makeMissing(keysFile, peopleFile)
	}
	if err == nil {
		err = v.makeMissing(peopleFile, keysFile)
	}
	if err == nil {
		v.keys, err = openFile(v.path(keysFile), len(person.ID{})+len(keyID{}))
	}
	if err == nil {
		v.people, err = openFile(v.path(peopleFile), len(person.ID{}))
	}
	if err == nil {
		err = v.sameGeneration(v.keys)
	}
	if err == nil {
		err = v.sweep()
	}
	return err
}

// makeMissing makes an empty file where none is, unless the other one shows that there must have been one.
func (v *Vault) makeMissing(name, other string) error {
	if there, err := exists(v.path(name)); err != nil || there {
		return err
	}
	if some, err := holdsSomebody(v.path(other)); err != nil {
		return err
	} else if some {
		return fmt.Errorf("vault: %s is missing, but %s is there and not empty: %w", v.path(name), v.path(other), pages.ErrUnsound)
	}
	db, err := v.fill(name, nil, nil)
	if db, err = v.place(name, db, err); err != nil {
		return err
	}
	return errors.Join(db.Close(), v.lock.Sync())
}

// Labels are all labels as the file has them.
func (v *Vault) Labels() []Label {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []Label
	v.view(func(people, _ *bbolt.Bucket) error {
		return people.ForEach(func(k, b []byte) error {
			if r, err := decode(person.ID(k), b); err == nil {
				all = append(all, r.Label)
			}
			return nil
		})
	})
	return all
}

// Due are the labels whose time is over.
func (v *Vault) Due(now time.Time) []Label {
	var due []Label
	for _, l := range v.Labels() {
		if !now.Before(l.Expiry) {
			due = append(due, l)
		}
	}
	return due
}

// Len is how many people have a record.
func (v *Vault) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	v.view(func(people, _ *bbolt.Bucket) error {
		n = people.Stats().KeyN
		return nil
	})
	return n
}

// Close gives the files free. What is called afterwards fails.
func (v *Vault) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var errs []error
	for _, db := range []*file{v.people, v.keys} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, v.lock.Close())...)
}

func (v *Vault) path(name string) string { return filepath.Join(v.dir, name) }

func (v *Vault) view(see func(people, keys *bbolt.Bucket) error) error {
	return v.people.View(func(p *bbolt.Tx) error {
		return v.keys.View(func(k *bbolt.Tx) error { return see(p.Bucket(entries), k.Bucket(entries)) })
	})
}
