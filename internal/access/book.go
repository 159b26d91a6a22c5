// Package access says who may pass the door by which way: it draws PINs, tries them, and decides. It never learns
// whether anybody agreed to the use of their face.
//
// More than five names are exported: a Book and what its methods give, the staff's PINs, which are kept in the config
// file and not in the book, the words of Decide, and which ways in are offered.
package access

import (
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"example.org/edged/internal/pages"
	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A Book knows everybody who has a PIN, and no PIN.
//
// What it keeps of a PIN is a tag: HMAC(pepper, argon2id(PIN, salt)). The tag is the key under which the person is
// found, so a try costs one argon2id whether ten people have a PIN or ten thousand. That needs one salt for the whole
// device: with a salt for each person, nobody could be found without trying everybody. A salt of one's own would
// guard against tables made in advance and against seeing that two people have the same PIN; here the salt is drawn
// for each device, so no table fits two, and PINs are unique.
//
// Somebody with a copy of the disk but without the pepper (it lies in the key file, or in the TPM) can test no guess
// at all. Somebody with both can: each guess costs one argon2id and is tested against everybody at once, so eight
// digits fall to a few machines in days. What limits the harm then is that PINs are drawn, not chosen: they are worth
// nothing anywhere else. PINs are drawn for a second reason: to refuse a chosen PIN because somebody has it would tell
// the chooser that somebody's PIN.
//
// A row is bound to its person by a second HMAC, so writing to the disk does not move a PIN to somebody else.
type Book struct {
	db     *bbolt.DB
	path   string
	pepper [32]byte
	salt   []byte
	cost   cost
	cfg    room.PIN
	rand   io.Reader

	trying sync.Mutex // one try at a time: each takes 19 MiB
	tries  tries

	keeping sync.Mutex
	stays   map[person.ID]stay        // of those whose stay has an end
	over    map[person.ID]wire.Reason // stays that ended, until nothing of their people is stored
}

// A Result is the answer to a try.
type Result struct {
	Outcome   wire.Outcome
	Reason    wire.Reason
	TriesLeft int       // before a wait
	Until     time.Time // when a wait ends; zero when there is none or the time is not known
}

var (
	bookBucket   = []byte("book")   // salt, cost, proof, tries
	tagsBucket   = []byte("tags")   // tag -> person and binding
	peopleBucket = []byte("people") // person -> tag
	saltKey      = []byte("salt")
	costKey      = []byte("cost")
	proofKey     = []byte("proof")
	triesKey     = []byte("tries")
)

// OpenBook opens access.db in dir, or makes it. The pepper is a secret of the device and always the same. While the
// time is not trusted, now gives the zero time.
//
// A damaged file is set aside, none of it lost, and a new book comes back together with an error that is ErrSetAside:
// a keeper that died of its own file at every start would take the PIN pad with it, and the staff, whose PINs lie
// elsewhere, could let nobody in anew.
func OpenBook(dir string, pepper [32]byte, cfg room.PIN, rand io.Reader, now func() time.Time) (*Book, error) {
	return openBook(dir, pepper, cfg, rand, now, usual)
}

func openBook(dir string, pepper [32]byte, cfg room.PIN, rand io.Reader, now func() time.Time, fresh cost) (*Book, error) {
	cfg = withDefaults(cfg)
	if cfg.Digits < wire.PINMin || cfg.Digits > wire.PINMax {
		return nil, fmt.Errorf("PINs of %d digits: choose %d to %d", cfg.Digits, wire.PINMin, wire.PINMax)
	}
	b, damage := tryBook(dir, pepper, cfg, rand, now, fresh)
	if !errors.Is(damage, errDamaged) {
		return b, damage
	}
	aside, err := pages.SetAside(filepath.Join(dir, "access.db"))
	if err != nil {
		return nil, fmt.Errorf("%w; moving it away did not work either: %w", damage, err)
	}
	if b, err = tryBook(dir, pepper, cfg, rand, now, fresh); err != nil {
		return nil, err
	}
	return b, fmt.Errorf("%w; %w as %s: no PIN is known any more; staff can give out new ones now, or stop edged and put back a copy",
		damage, ErrSetAside, aside)
}

func tryBook(dir string, pepper [32]byte, cfg room.PIN, rand io.Reader, now func() time.Time, fresh cost) (*Book, error) {
	b := &Book{path: filepath.Join(dir, "access.db"), pepper: pepper, cfg: cfg, rand: rand}
	b.tries = tries{cfg: cfg, now: now, save: b.saveTries}
	db, err := openFile(b.path, func(tx *bbolt.Tx) error { return b.begin(tx, fresh) })
	if err != nil {
		return nil, err
	}
	b.db = db
	if err := b.load(fresh); err != nil {
		return nil, errors.Join(err, pages.Guard(db.Close))
	}
	return b, nil
}

// begin writes a new book without people.
func (b *Book) begin(tx *bbolt.Tx, fresh cost) error {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(b.rand, salt); err != nil {
		return fmt.Errorf("draw a salt: %w", err)
	}
	var errs []error
	for _, name := range [][]byte{bookBucket, tagsBucket, peopleBucket} {
		_, err := tx.CreateBucket(name)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	book := tx.Bucket(bookBucket)
	packed := pack(fresh)
	return errors.Join(book.Put(saltKey, salt), book.Put(costKey, packed),
		book.Put(proofKey, b.mac("book", salt, packed)), book.Put(triesKey, make([]byte, 12)))
}

// load reads the book's own row and walks over every other, so that a file whose pages are gone is refused now and
// not at the door. A single row that does not fit refuses only its own PIN.
func (b *Book) load(fresh cost) error {
	var wrong int
	var until time.Time
	err := b.view(func(tx *bbolt.Tx) error {
		book := tx.Bucket(bookBucket)
		if book == nil || tx.Bucket(tagsBucket) == nil || tx.Bucket(peopleBucket) == nil {
			return errors.New("it is not a book of PINs")
		}
		salt, packed, kept := book.Get(saltKey), book.Get(costKey), book.Get(triesKey)
		if len(salt) != 16 || len(packed) != 9 || len(kept) != 12 {
			return errors.New("its first page is not complete")
		}
		if !hmac.Equal(book.Get(proofKey), b.mac("book", salt, packed)) {
			return errors.New("it was made with another key file than device.key now is, or changed")
		}
		b.salt, b.cost = append([]byte(nil), salt...), unpack(packed)
		wrong = int(min(binary.BigEndian.Uint32(kept), mostWrong))
		if ms := int64(binary.BigEndian.Uint64(kept[4:])); ms != 0 {
			until = time.UnixMilli(ms)
		}
		walk := func(k, v []byte) error { return nil }
		return errors.Join(b.loadStays(tx), tx.Bucket(peopleBucket).ForEach(walk))
	})
	if err == nil && b.cost != fresh {
		err = b.cost.check()
	}
	if err != nil {
		return damaged(b.path, err)
	}
	b.tries.recall(wrong, until)
	return nil
}

// Issue makes a new person and their PIN. The PIN is given once; afterwards nobody can read it, only try it.
func (b *Book) Issue() (person.ID, PIN, error) { return b.issue(stay{}) }

func (b *Book) issue(s stay) (person.ID, PIN, error) {
	who, err := person.New(b.rand)
	if err != nil {
		return person.ID{}, PIN{}, err
	}
	for range 100 { // PINs that exist already are drawn again; with eight digits that is rare
		pin, err := draw(b.rand, b.cfg.Digits)
		if err != nil {
			return person.ID{}, PIN{}, err
		}
		taken, err := b.add(who, b.tag(pin.Digits()), s)
		if err != nil {
			clear(pin.Digits())
			return person.ID{}, PIN{}, fmt.Errorf("keeping a new PIN: %w", err)
		}
		if !taken {
			return who, pin, nil
		}
		clear(pin.Digits())
	}
	return person.ID{}, PIN{}, fmt.Errorf("a hundred PINs of %d digits were all taken: let PINs have more digits", b.cfg.Digits)
}

func (b *Book) add(who person.ID, tag []byte, s stay) (taken bool, err error) {
	err = b.update(func(tx *bbolt.Tx) error {
		tags := tx.Bucket(tagsBucket)
		if taken = tags.Get(tag) != nil; taken {
			return nil
		}
		return errors.Join(tags.Put(tag, b.row(tag, who, rights{stay: s})), tx.Bucket(peopleBucket).Put(who[:], tag))
	})
	if err == nil && !taken && !s.end.IsZero() {
		b.keeping.Lock()
		defer b.keeping.Unlock()
		b.stays[who] = s
	}
	return taken, err
}

// Try says whose PIN this is, and clears digits. While a wait lasts nothing is looked up, so that the answer is the
// same for a right PIN as for a wrong one.
func (b *Book) Try(digits []byte) (person.ID, Result) {
	defer clear(digits)
	b.trying.Lock()
	defer b.trying.Unlock()
	if wait, is := b.tries.waiting(); is {
		return person.ID{}, wait
	}
	who, err := b.find(b.tag(digits))
	if err != nil { // counts as wrong, or a damaged disk would make tries free
		return person.ID{}, Result{Outcome: wire.NoAnswer, Reason: wire.ReasonDamaged, Until: b.tries.missed().Until}
	}
	if who == (person.ID{}) {
		return who, b.tries.missed()
	}
	return who, b.tries.hit()
}

// TryStaff is VerifyStaff under the same limit as Try: whoever guesses staff PINs waits like everybody else.
func (b *Book) TryStaff(staff []room.Staff, digits []byte) (name string, r Result) {
	defer clear(digits)
	b.trying.Lock()
	defer b.trying.Unlock()
	if wait, is := b.tries.waiting(); is {
		return "", wait
	}
	name, ok := verifyStaff(staff, digits)
	if !ok {
		return "", b.tries.missed()
	}
	return name, b.tries.hit()
}

// find gives nobody for an unknown tag.
func (b *Book) find(tag []byte) (who person.ID, err error) {
	err = b.view(func(tx *bbolt.Tx) error {
		row := tx.Bucket(tagsBucket).Get(tag)
		if row == nil {
			return nil
		}
		is, _, err := b.read(tag, row)
		if err == nil {
			who = is
		}
		return err
	})
	return who, err
}

// Exists tells whether somebody has a way in.
func (b *Book) Exists(who person.ID) (is bool) {
	err := b.view(func(tx *bbolt.Tx) error {
		is = tx.Bucket(peopleBucket).Get(who[:]) != nil
		return nil
	})
	return is && err == nil
}

// People is everybody who has a way in.
func (b *Book) People() (all []person.ID, err error) {
	err = b.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(peopleBucket).ForEach(func(k, _ []byte) error {
			if len(k) == len(person.ID{}) {
				all = append(all, person.ID(k))
			}
			return nil
		})
	})
	return all, err
}

// Sound tells whether PINs can be looked up at this moment: the book's own page is read and its seal tried.
func (b *Book) Sound() error {
	return b.view(func(tx *bbolt.Tx) error {
		book := tx.Bucket(bookBucket)
		if book == nil || !hmac.Equal(book.Get(proofKey), b.mac("book", book.Get(saltKey), book.Get(costKey))) {
			return errors.New("the PINs cannot be read")
		}
		return nil
	})
}

// Revoke takes somebody's PIN away. bbolt leaves the old tag in a free page until it is used again; it opens nothing.
func (b *Book) Revoke(who person.ID) error {
	if err := b.update(func(tx *bbolt.Tx) error { return revoke(tx, who) }); err != nil {
		return fmt.Errorf("taking a PIN away: %w", err)
	}
	b.keeping.Lock()
	defer b.keeping.Unlock()
	delete(b.stays, who)
	return nil
}

func revoke(tx *bbolt.Tx, who person.ID) error {
	people := tx.Bucket(peopleBucket)
	tag := append([]byte(nil), people.Get(who[:])...)
	if len(tag) == 0 {
		return nil
	}
	return errors.Join(tx.Bucket(tagsBucket).Delete(tag), people.Delete(who[:]))
}

// Len is how many people have a way in.
func (b *Book) Len() (n int) {
	_ = b.view(func(tx *bbolt.Tx) error { // a file that cannot be read has nobody in it
		n = tx.Bucket(peopleBucket).Inspect().KeyN
		return nil
	})
	return n
}

// Close lets go of the file.
func (b *Book) Close() error { return pages.Guard(b.db.Close) }
