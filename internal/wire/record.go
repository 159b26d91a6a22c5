package wire

// Record is a person's own record, sent only after their own PIN, or to staff who answer that person's request.
type Record struct {
	Session    Session
	Who        Pseudonym
	Number     Number
	Looker     bool // staff read it, not the person
	Consent    ConsentState
	Notice     [32]byte // of the consent
	GivenAt    int64    // unix seconds; 0 when never given
	EraseAt    int64    // unix seconds; 0 when no face is stored
	Age        AgeBand
	ByGuardian bool  // somebody else agreed for them
	Restricted bool  // their face rests, and is kept
	Changed    bool  // the notice has changed since, and they have not been told yet
	Asked      uint8 // requests of theirs that nobody has answered yet
	Consents   [6]ConsentLine
	Passages   [5]Passage
	Looks      [5]Looked
}

// Passage is one line of a person's own log. At is 0 where there is none.
type Passage struct {
	At      int64
	Method  Method
	Outcome Outcome
}

// ConsentLine is one line of the history of somebody's consent, the newest first. At is 0 where there is none.
type ConsentLine struct {
	At    int64
	State ConsentState
	Until int64 // of a given one
}

// Looked is one reading of a person's record, the newest first. At is 0 where there is none.
type Looked struct {
	At    int64
	Staff uint8 // how many of them looked; 0: the person did
}

func (*Record) number() number { return nRecord }
func (*Record) kioskHears()    {}
func (w *Record) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	c.bytes(w.Who[:])
	c.u64((*uint64)(&w.Number))
	c.flag(&w.Looker)
	enum(c, &w.Consent, consentStates)
	c.bytes(w.Notice[:])
	c.i64(&w.GivenAt)
	c.i64(&w.EraseAt)
	enum(c, &w.Age, ageBands)
	c.flag(&w.ByGuardian)
	c.flag(&w.Restricted)
	c.flag(&w.Changed)
	c.u8(&w.Asked)
	for i := range w.Consents {
		l := &w.Consents[i]
		c.i64(&l.At)
		enum(c, &l.State, consentStates)
		c.i64(&l.Until)
	}
	for i := range w.Passages {
		p := &w.Passages[i]
		c.i64(&p.At)
		enum(c, &p.Method, methods)
		enum(c, &p.Outcome, outcomes)
	}
	for i := range w.Looks {
		c.i64(&w.Looks[i].At)
		c.u8(&w.Looks[i].Staff)
	}
}

// PieceMax is the most that one QR code of a copy holds.
const PieceMax = 1200

// Piece is one part of what somebody takes away as QR codes: the receipt of their consent, or a copy of their record.
// It goes to the screen in that person's turn and nowhere else.
type Piece struct {
	Session Session
	Copy    bool  // of the whole record; otherwise the receipt of a consent
	Part    uint8 // 0, 1, 2 …
	Last    uint8
	Len     uint16
	Data    [PieceMax]byte
}

func (*Piece) number() number { return nPiece }
func (*Piece) kioskHears()    {}
func (w *Piece) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	c.flag(&w.Copy)
	c.u8(&w.Part)
	c.u8(&w.Last)
	c.u16(&w.Len)
	if w.Len > PieceMax || w.Part > w.Last {
		c.fail("part %d of %d, %d bytes", w.Part, w.Last, w.Len)
	}
	c.bytes(w.Data[:])
}

// Requests are those that people have made and nobody has answered yet, the oldest first. Only staff hear it.
type Requests struct {
	Session Session
	More    bool // there are others besides
	Open    [8]Request
}

// Request is one of them. At is 0 where there is none.
type Request struct {
	At     int64
	What   Reason
	Number Number
}

func (*Requests) number() number { return nRequests }
func (*Requests) kioskHears()    {}
func (w *Requests) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	c.flag(&w.More)
	for i := range w.Open {
		r := &w.Open[i]
		c.i64(&r.At)
		enum(c, &r.What, reasons)
		c.u64((*uint64)(&r.Number))
	}
}
