// Package receipt proves to a person that their face was erased: two lines of the audit log, the way of each to a
// signed head, and the secret that ties the first to the second. It never needs more than the device's public key to
// be checked, and never names anybody beyond the pseudonym that the log has anyway.
//
// When a face is enrolled, the log's line carries a commitment: SHA-256 over a nonce, the pseudonym and the consent's
// hash. When it is erased, the line of the erasure repeats the commitment, and the receipt gives the nonce. So nobody
// but the device, and now the person, could have made this receipt; no reader of the log could, because the nonce is
// nowhere in it. The nonce is not stored either: it is computed from a key of the device, so that there is nothing to
// lose in a power cut and nothing to forget after the erasure.
//
// Packed, a receipt is about 270 bytes and 64 more for each doubling of the log; it must fit a QR code.
package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/base45"
	"example.org/edged/internal/wire"
)

// A Receipt is what the person takes away.
type Receipt struct {
	Enrolled, Erased Line
	Nonce            audit.Hash
	Head             wire.Head
}

// A Line is an entry of the log and its way up to the head.
type Line struct {
	Index uint64
	Entry audit.Entry
	Path  []audit.Hash
}

// Nonce is the secret of one enrolment. The key is the device's, for this use only.
func Nonce(key [32]byte, who wire.Pseudonym, consent audit.Hash) audit.Hash {
	m := hmac.New(sha256.New, key[:])
	m.Write(who[:])
	m.Write(consent[:])
	return audit.Hash(m.Sum(nil))
}

// Commitment is what the log says of an enrolment.
func Commitment(nonce audit.Hash, who wire.Pseudonym, consent audit.Hash) audit.Hash {
	h := sha256.New()
	h.Write([]byte("edged/receipt/1\x00"))
	h.Write(nonce[:])
	h.Write(who[:])
	h.Write(consent[:])
	return audit.Hash(h.Sum(nil))
}

// ErrNone means that the log has no erasure for which a receipt could be given.
var ErrNone = errors.New("the log has no erased face of this person with a commitment from its enrolment")

// Latest makes the receipt of a person's latest erasure.
func Latest(log *audit.Log, key [32]byte, who wire.Pseudonym) (*Receipt, error) {
	if who == (wire.Pseudonym{}) {
		return nil, ErrNone
	}
	var r Receipt
	for i, e := range log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindErased, wire.KindEnrolled}, Who: who}) {
		if e.Kind == wire.KindErased && r.Erased.Entry.Kind != wire.KindErased && e.Commit != (audit.Hash{}) {
			r.Erased = Line{Index: i, Entry: e}
		}
		if e.Kind == wire.KindEnrolled && r.Erased.Entry.Kind == wire.KindErased && e.Commit == r.Erased.Entry.Commit {
			r.Enrolled = Line{Index: i, Entry: e}
			break
		}
	}
	if r.Enrolled.Entry.Kind != wire.KindEnrolled {
		return nil, ErrNone
	}
	r.Nonce = Nonce(key, who, r.Enrolled.Entry.Consent)
	r.Head = log.Head()
	for _, l := range []*Line{&r.Enrolled, &r.Erased} {
		var err error
		if l.Path, err = log.Prove(r.Head, l.Index); err != nil {
			return nil, fmt.Errorf("a receipt: %w", err)
		}
	}
	return &r, nil
}

// prefix says what the text is, and the version of its form; suffix that nothing is cut off.
const prefix, suffix = "EDGED1:", ":"

// Text is a packed receipt as it stands in the QR code.
func Text(packed []byte) string { return prefix + base45.Encode(packed) + suffix }

// Read reads a Text.
func Read(text string) (*Receipt, error) {
	body, begun := strings.CutPrefix(strings.TrimSpace(text), prefix)
	body, ended := strings.CutSuffix(body, suffix)
	switch {
	case !begun:
		return nil, fmt.Errorf("this is no receipt: it does not begin with %s", prefix)
	case !ended:
		return nil, fmt.Errorf("the receipt is cut off: it does not end with %s", suffix)
	}
	b, err := base45.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("the receipt is damaged: %w", err)
	}
	return Unpack(b)
}

// Verify checks everything that can be checked of a receipt with nothing but the device's public key.
func (r *Receipt) Verify(publicKey string) error {
	if _, err := audit.Checkpoint(publicKey, r.Head); err != nil {
		return fmt.Errorf("the head in the receipt is not signed with this key: it is another device's receipt, or it was changed: %w", err)
	}
	in, out := r.Enrolled.Entry, r.Erased.Entry
	switch {
	case in.Kind != wire.KindEnrolled || out.Kind != wire.KindErased:
		return errors.New("the receipt is not about an enrolment and its erasure")
	case Commitment(r.Nonce, in.Who, in.Consent) != in.Commit:
		return errors.New("the nonce does not open the commitment that was made at the enrolment")
	case out.Commit != in.Commit || out.Who != in.Who:
		return errors.New("the erasure is not of the face that was enrolled")
	case r.Erased.Index <= r.Enrolled.Index:
		return errors.New("the erasure stands before the enrolment")
	}
	if err := audit.CheckEntry(r.Head, r.Enrolled.Index, in, r.Enrolled.Path); err != nil {
		return fmt.Errorf("the enrolment: %w", err)
	}
	if err := audit.CheckEntry(r.Head, r.Erased.Index, out, r.Erased.Path); err != nil {
		return fmt.Errorf("the erasure: %w", err)
	}
	return nil
}

// Says is a verified receipt in words.
func (r *Receipt) Says() string {
	at := func(e audit.Entry) string {
		s := time.UnixMilli(e.At).UTC().Format(time.RFC3339)
		if !e.Trusted {
			s += " (the device did not trust its clock: not before then)"
		}
		return s
	}
	in, out := r.Enrolled, r.Erased
	return fmt.Sprintf("the face of pseudonym %x was erased: reason %s\n"+
		"  enrolled  %s, entry %d, under consent %x…\n"+
		"  erased    %s, entry %d\n"+
		"  log       %d entries under the signed head\n"+
		"  keys      %s\n",
		out.Entry.Who, out.Entry.Reason, at(in.Entry), in.Index, in.Entry.Consent[:8], at(out.Entry), out.Index, r.Head.Size, out.Entry.Tier.Promise())
}
