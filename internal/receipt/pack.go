package receipt

import (
	"encoding/binary"
	"errors"
	"fmt"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// The packed form: version, flags, then the fields in this order, whole numbers big endian. What the two entries have
// in common, or what follows from the rest, is not repeated.
//
//	1 version   1 flags (the times were trusted, the rule sets)   1 reason   1 tier   16 pseudonym   32 consent   32 nonce
//	8 enrolled at   8 until   8 erased at   8 index enrolled   8 index erased   8 size   32 root   64 signature
//	1 n, n×32 path of the enrolment   1 m, m×32 path of the erasure
const (
	version = 1
	fixed   = 4 + 16 + 32 + 32 + 6*8 + 32 + 64
	longest = 24 // hashes in a path: a log of 2^24 entries, which is more than ten years at a busy door
)

var errPacked = errors.New("the receipt is damaged: it has not the length that it says")

// Pack writes the receipt. It fails for one that no QR code on the screen can show.
func (r *Receipt) Pack() ([]byte, error) {
	in, out := r.Enrolled, r.Erased
	if len(in.Path) > longest || len(out.Path) > longest {
		return nil, fmt.Errorf("the log has grown too long for a receipt: %d and %d hashes", len(in.Path), len(out.Path))
	}
	flags := byte(0)
	if in.Entry.Trusted {
		flags |= 1
	}
	if out.Entry.Trusted {
		flags |= 2
	}
	if in.Entry.Rules > 3 || out.Entry.Rules > 3 {
		return nil, fmt.Errorf("rule set %s has no place in a receipt of version %d", max(in.Entry.Rules, out.Entry.Rules), version)
	}
	flags |= byte(in.Entry.Rules)<<2 | byte(out.Entry.Rules)<<4
	b := []byte{version, flags, byte(out.Entry.Reason), byte(out.Entry.Tier)}
	b = append(b, out.Entry.Who[:]...)
	b = append(b, in.Entry.Consent[:]...)
	b = append(b, r.Nonce[:]...)
	for _, n := range []uint64{uint64(in.Entry.At), uint64(in.Entry.Until), uint64(out.Entry.At), in.Index, out.Index, r.Head.Size} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = append(b, r.Head.Root[:]...)
	b = append(b, r.Head.R[:]...)
	b = append(b, r.Head.S[:]...)
	for _, path := range [][]audit.Hash{in.Path, out.Path} {
		b = append(b, byte(len(path)))
		for _, h := range path {
			b = append(b, h[:]...)
		}
	}
	if len(b) > wire.ReceiptMax {
		return nil, fmt.Errorf("a receipt of %d bytes, at most %d", len(b), wire.ReceiptMax)
	}
	return b, nil
}

// Unpack reads what Pack wrote, and takes nothing else for a receipt. It checks the form only: see Verify.
func Unpack(b []byte) (*Receipt, error) {
	if len(b) < fixed+2 {
		return nil, errPacked
	}
	if b[0] != version {
		return nil, fmt.Errorf("the receipt is of version %d, and this program reads version %d: use a newer edgectl", b[0], version)
	}
	if b[1] > 63 {
		return nil, errors.New("the receipt is damaged: unknown flags")
	}
	reason, tier := wire.Reason(b[2]), wire.Tier(b[3])
	if _, err := reason.MarshalText(); err != nil {
		return nil, fmt.Errorf("the receipt is damaged: %w", err)
	}
	if _, err := tier.MarshalText(); err != nil {
		return nil, fmt.Errorf("the receipt is damaged: %w", err)
	}
	var r Receipt
	in, out := &r.Enrolled, &r.Erased
	in.Entry = audit.Entry{Kind: wire.KindEnrolled, Trusted: b[1]&1 != 0, Rules: wire.RuleSet(b[1] >> 2 & 3)}
	out.Entry = audit.Entry{Kind: wire.KindErased, Trusted: b[1]&2 != 0, Rules: wire.RuleSet(b[1] >> 4), Reason: reason, Tier: tier}
	b = b[4:]
	take := func(to []byte) { b = b[copy(to, b):] }
	take(in.Entry.Who[:])
	out.Entry.Who = in.Entry.Who
	take(in.Entry.Consent[:])
	take(r.Nonce[:])
	var n [6]uint64
	for i := range n {
		n[i], b = binary.BigEndian.Uint64(b), b[8:]
	}
	in.Entry.At, in.Entry.Until, out.Entry.At = int64(n[0]), int64(n[1]), int64(n[2])
	in.Index, out.Index, r.Head.Size = n[3], n[4], n[5]
	take(r.Head.Root[:])
	take(r.Head.R[:])
	take(r.Head.S[:])
	in.Entry.Commit = Commitment(r.Nonce, in.Entry.Who, in.Entry.Consent)
	out.Entry.Commit = in.Entry.Commit
	var err error
	if in.Path, b, err = path(b); err != nil {
		return nil, err
	}
	if out.Path, b, err = path(b); err != nil {
		return nil, err
	}
	if len(b) > 0 {
		return nil, errPacked
	}
	return &r, nil
}

func path(b []byte) (hashes []audit.Hash, rest []byte, err error) {
	if len(b) < 1 || b[0] > longest || len(b) < 1+32*int(b[0]) {
		return nil, nil, errPacked
	}
	n := int(b[0])
	b = b[1:]
	for range n {
		hashes = append(hashes, audit.Hash(b[:32]))
		b = b[32:]
	}
	return hashes, b, nil
}
