package birthday

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.org/edged/internal/pages"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// What a caller may want to tell apart.
var (
	ErrFixed    = errors.New("this age is noted already; it is changed only when the person has asked for a correction")
	ErrSetAside = errors.New("set aside")
)

// A Book keeps what the staff have seen of each person's age, in one sealed file that is written anew at every change:
// what is forgotten is in no page of it any more. Of somebody who is 18 or older it keeps no date.
type Book struct {
	file   string
	seal   cipher.AEAD
	rand   io.Reader
	offset time.Duration
	until  int

	mu    sync.Mutex
	notes map[person.ID]note
	mark  time.Time // the latest day that this book believes: see Turn
}

// content is what the seal holds.
type content struct {
	Mark  int64           `json:"mark"` // unix seconds
	Notes map[string]note `json:"notes"`
}

// A clock that was set forward while the device was off is believed by the device (it may have lain in a box), and all
// consents have ended then; but nobody grows up by it. Marks are written once in a while, not every day.
const (
	leap  = 366 * 24 * time.Hour
	often = 30 * 24 * time.Hour
)

// A note is one line of it.
type note struct {
	Born uint32 `json:"born,omitzero"` // yyyymmdd; 0: seen to be 18 or older
	By   string `json:"by"`            // the member of staff
}

const fileName = "births"

// Open reads the book in dir, or begins an empty one. Key is a secret of the device; offset is the local time's; until
// is the age up to which a guardian agrees. A damaged file is set aside and an empty book comes back together with an
// error that is ErrSetAside: nobody's age is known then, so nobody can agree until the staff note it again; what was
// agreed to before goes on, because each such consent carries its own end.
func Open(dir string, key [32]byte, offset time.Duration, until int, rand io.Reader) (*Book, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("birth dates: %w", err)
	}
	b := &Book{file: filepath.Join(dir, fileName), rand: rand, offset: offset, until: max(until, Floor), notes: map[person.ID]note{}}
	if b.seal, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("birth dates: %w", err)
	}
	sealed, err := os.ReadFile(b.file)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the birth dates: %w", err)
	}
	damage := b.open(sealed)
	if damage == nil {
		return b, nil
	}
	clear(b.notes)
	b.mark = time.Time{}
	aside, err := pages.SetAside(b.file)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); moving it away did not work either: %w", b.file, damage, err)
	}
	return b, fmt.Errorf("%s is damaged (%w) and was %w as %s: no age is known any more; staff can note them again, or stop edged and put back a copy",
		b.file, damage, ErrSetAside, aside)
}

// purpose is bound into the seal, so that no other sealed file of the device can take this one's place.
const purpose = "edged/births/1"

func (b *Book) open(sealed []byte) error {
	if len(sealed) < b.seal.NonceSize() {
		return errors.New("it is too short")
	}
	plain, err := b.seal.Open(nil, sealed[:b.seal.NonceSize()], sealed[b.seal.NonceSize():], []byte(purpose))
	if err != nil {
		return errors.New("it was changed, or made under another device.key")
	}
	defer clear(plain)
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return err
	}
	b.mark = time.Unix(c.Mark, 0)
	for name, n := range c.Notes {
		p, err := person.Parse(name)
		if err != nil {
			return err
		}
		b.notes[p] = n
	}
	return nil
}

// Note writes down what a member of staff has seen. An age that is noted stays, so that nobody who was refused comes
// back an hour later and four years older; correct is for somebody who has asked for a correction.
func (b *Book) Note(p person.ID, a wire.Age, by string, today time.Time, correct bool) error {
	switch {
	case p == person.ID{}:
		return errors.New("note an age: nobody has none")
	case by == "":
		return errors.New("note an age: a member of staff must have seen it")
	case a.Adult == (a.Born != 0):
		return errors.New("note an age: say the birth date, or that the person is 18 or older")
	}
	if a.Born != 0 {
		d, err := Parse(a.Born, On(today, b.offset))
		if err != nil {
			return fmt.Errorf("note an age: %w", err)
		}
		if d.Stands(today, b.offset, b.until).Band == wire.AgeAdult {
			a.Born = 0 // of an adult no date is needed, so none is kept
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	before, noted := b.notes[p]
	if noted && before.Born == a.Born {
		return nil
	}
	if noted && !correct {
		return ErrFixed
	}
	was := b.mark
	b.notes[p], b.mark = note{a.Born, by}, today // whoever looks at a birth date knows what year it is
	if err := b.write(); err != nil {
		b.notes[p], b.mark = before, was
		if !noted {
			delete(b.notes, p)
		}
		return err
	}
	return nil
}

// Turn tells the book that time goes on; the caller trusts it. After a leap of more than a year nobody comes of age
// until staff note an age again, and with it that the year is right. It says whether that is so.
func (b *Book) Turn(at time.Time) (leapt bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch passed := at.Sub(b.mark); {
	case len(b.notes) == 0, passed < often:
		return false, nil
	case passed > leap:
		return true, nil
	}
	was := b.mark
	b.mark = at
	if err := b.write(); err != nil {
		b.mark = was
		return false, err
	}
	return false, nil
}

// Stands says how somebody stands at a moment that the clock trusts.
func (b *Book) Stands(p person.ID, at time.Time) Standing {
	b.mu.Lock()
	n, ok := b.notes[p]
	if at.Sub(b.mark) > leap {
		at = b.mark
	}
	b.mu.Unlock()
	switch {
	case !ok:
		return Standing{}
	case n.Born == 0:
		return Grown()
	}
	d, err := Parse(n.Born, Date{9999, 12, 31}) // whether it has come was asked when it was noted
	if err != nil {
		return Standing{}
	}
	return d.Stands(at, b.offset, b.until)
}

// Noted is what is kept of somebody, for the copy that they may take of it: a birth date, of a minor only, and who noted it.
func (b *Book) Noted(p person.ID) (born uint32, by string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.notes[p].Born, b.notes[p].By
}

// Forget removes what is noted of somebody.
func (b *Book) Forget(p person.ID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, noted := b.notes[p]
	if !noted {
		return nil
	}
	delete(b.notes, p)
	if err := b.write(); err != nil {
		b.notes[p] = before
		return err
	}
	return nil
}

// Destroy removes the book in dir, and those that were set aside: the device leaves.
func Destroy(dir string) error {
	all, err := filepath.Glob(filepath.Join(dir, fileName+"*"))
	if err != nil {
		return fmt.Errorf("destroying the birth dates: %w", err)
	}
	for _, path := range all {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("destroying the birth dates: %w", err)
		}
	}
	return syncFolder(dir)
}

// write puts the whole book down, or nothing of it. The caller holds mu.
func (b *Book) write() error {
	c := content{b.mark.Unix(), make(map[string]note, len(b.notes))}
	for p, n := range b.notes {
		c.Notes[p.String()] = n
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the birth dates: %w", err)
	}
	defer clear(plain)
	nonce := make([]byte, b.seal.NonceSize())
	if _, err := io.ReadFull(b.rand, nonce); err != nil {
		return fmt.Errorf("write the birth dates: draw a nonce: %w", err)
	}
	f, err := os.OpenFile(b.file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the birth dates: %w", err)
	}
	_, err = f.Write(b.seal.Seal(nonce, nonce, plain, []byte(purpose)))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the birth dates: %w", err)
	}
	if err := os.Rename(b.file+".new", b.file); err != nil {
		return fmt.Errorf("write the birth dates: %w", err)
	}
	return syncFolder(filepath.Dir(b.file))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("birth dates: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
