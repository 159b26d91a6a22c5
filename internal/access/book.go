// Package access says who may pass the door by which way: it draws PINs, tries them, and decides. It never learns
// whether anybody agreed to the use of their face.
package access

import (
	"errors"
	"io"
	"time"

	"example.org/edged/internal/person"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type Book struct{}

type PIN struct{ reveal func() []byte }

func (p PIN) Digits() []byte { return p.reveal() }

type Result struct {
	Outcome   wire.Outcome
	Reason    wire.Reason
	TriesLeft int
	Until     time.Time
}

var errSoon = errors.New("access: not built yet")

func OpenBook(dir string, pepper [32]byte, cfg room.PIN, rand io.Reader, now func() time.Time) (*Book, error) {
	return nil, errSoon
}
func (b *Book) Issue() (person.ID, PIN, error)        { return person.ID{}, PIN{}, errSoon }
func (b *Book) Try(digits []byte) (person.ID, Result) { return person.ID{}, Result{} }

// TryStaff is VerifyStaff under the same limit as Try.
func (b *Book) TryStaff(staff []room.Staff, digits []byte) (name string, r Result) {
	return "", Result{}
}
func (b *Book) Exists(p person.ID) bool  { return false }
func (b *Book) Revoke(p person.ID) error { return errSoon }
func (b *Book) Len() int                 { return 0 }
func (b *Book) Close() error             { return nil }

func HashStaff(pin string, rand io.Reader) (string, error)                 { return "", errSoon }
func CheckHash(hash string) error                                          { return errSoon }
func VerifyStaff(staff []room.Staff, digits []byte) (name string, ok bool) { return "", false }
