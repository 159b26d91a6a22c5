package receipt

import (
	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// A Desk makes commitments and gives receipts for one log.
type Desk struct {
	log *audit.Log
	key [32]byte
}

// NewDesk opens the desk. The key is the device's, for nonces only.
func NewDesk(log *audit.Log, key [32]byte) *Desk { return &Desk{log, key} }

// Commit is what the line of an enrolment says.
func (d *Desk) Commit(who wire.Pseudonym, consent audit.Hash) audit.Hash {
	return Commitment(Nonce(d.key, who, consent), who, consent)
}

// Refer is what the line of an erasure says: the commitment of the latest enrolment, zero where there was none.
func (d *Desk) Refer(who wire.Pseudonym) audit.Hash {
	if who == (wire.Pseudonym{}) {
		return audit.Hash{}
	}
	for _, e := range d.log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindEnrolled}, Who: who}) {
		return e.Commit
	}
	return audit.Hash{}
}

// Give packs the receipt of somebody's latest erasure.
func (d *Desk) Give(who wire.Pseudonym) ([]byte, error) {
	r, err := Latest(d.log, d.key, who)
	if err != nil {
		return nil, err
	}
	return r.Pack()
}
