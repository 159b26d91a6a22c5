package consent

import (
	"errors"
	"iter"
	"time"

	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

var (
	ErrOldNotice = errors.New("the notice has changed since it was shown; show the new one and ask again")
	ErrClock     = errors.New("the time is not trusted")
	ErrNothing   = errors.New("there is no consent to withdraw")
	ErrSetAside  = errors.New("the file was set aside")
)

type Register struct{}

// Open: when the file is damaged it is set aside, an empty register AND an error that Is ErrSetAside are returned.
func Open(dir, device string, current *notice.Notice) (*Register, error) { return nil, nil }
func (r *Register) Close() error                                         { return nil }
func (r *Register) Give(p person.ID, noticeHash [32]byte, lang string, by Evidence, at time.Time, trusted bool) (Record, error) {
	return Record{}, nil
}
func (r *Register) Refuse(noticeHash [32]byte, at time.Time, trusted bool) (Record, error) {
	return Record{}, nil
}
func (r *Register) Withdraw(p person.ID, by Evidence, at time.Time, trusted bool) (Record, error) {
	return Record{}, nil
}
func (r *Register) Mark(p person.ID, s State, at time.Time, trusted bool) (Record, error) {
	return Record{}, nil
}
func (r *Register) InForce(p person.ID, at time.Time) (Record, bool) { return Record{}, false }
func (r *Register) State(p person.ID) wire.ConsentState              { return 0 }
func (r *Register) History(p person.ID) []Record                     { return nil }
func (r *Register) Notice(hash [32]byte) (*notice.Notice, bool)      { return nil, false }

// Due and Next are what retention.Sweep asks: whoever's face must be gone by at, incl. what a power cut left over.
func (r *Register) Due(at time.Time) iter.Seq2[person.ID, wire.Reason] { return nil }
func (r *Register) Next(after time.Time) (time.Time, bool)             { return time.Time{}, false }
