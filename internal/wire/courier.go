package wire

// CourierHears is what the keeper may tell the courier, and so all that can ever leave the device. No word here can
// hold a face: a test walks every type and allows only bools, integers, closed enums, times and byte arrays of at
// most 32 bytes.
type CourierHears interface {
	Word
	courierHears()
}

// CourierSays is what the courier may tell the keeper.
type CourierSays interface {
	Word
	courierSays()
}

// Pseudonym stands for a person outside the keeper: a keyed hash whose key never leaves it. Zero means nobody known.
type Pseudonym [16]byte

// Decided is one decision at the door.
type Decided struct {
	Index   uint64 // its place in the audit log
	At      int64  // unix milliseconds
	Trusted bool   // whether the keeper trusts that time
	Door    uint8
	Method  Method
	Outcome Outcome
	Reason  Reason
	Who     Pseudonym
}

func (*Decided) number() number { return nDecided }
func (*Decided) courierHears()  {}
func (w *Decided) fields(c *codec) {
	c.u64(&w.Index)
	c.i64(&w.At)
	c.flag(&w.Trusted)
	c.u8(&w.Door)
	enum(c, &w.Method, methods)
	enum(c, &w.Outcome, outcomes)
	enum(c, &w.Reason, reasons)
	c.bytes(w.Who[:])
}

// Happened is any other line of the audit log.
type Happened struct {
	Index   uint64
	At      int64 // unix milliseconds
	Trusted bool
	Kind    Kind
	Reason  Reason
	Who     Pseudonym
}

func (*Happened) number() number { return nHappened }
func (*Happened) courierHears()  {}
func (w *Happened) fields(c *codec) {
	c.u64(&w.Index)
	c.i64(&w.At)
	c.flag(&w.Trusted)
	enum(c, &w.Kind, kinds)
	enum(c, &w.Reason, reasons)
	c.bytes(w.Who[:])
}

// Head is the signed head of the audit log: from it the courier can rebuild the signed note. The signature is
// Ed25519's R and S; Key is the public key that it verifies with.
type Head struct {
	Size uint64
	Root [32]byte
	R, S [32]byte
	Key  [32]byte
}

func (*Head) number() number { return nHead }
func (*Head) courierHears()  {}
func (w *Head) fields(c *codec) {
	c.u64(&w.Size)
	c.bytes(w.Root[:])
	c.bytes(w.R[:])
	c.bytes(w.S[:])
	c.bytes(w.Key[:])
}

// Status is the device's health in fixed counters; sent on every change and every 30 seconds.
type Status struct {
	Face     FaceMode
	Open     bool
	Enrolled uint32 // people with a face stored
	People   uint32 // people with a way in
	Camera   Camera
	UptimeS  uint32
	Late     uint32 // erasures that were tried and have not worked yet; must be zero
	Keys     Tier   // what holds the keys of faces
	Filing   Filing // how near the number of people is to the one that must be filed
	HighMark uint32 // the most people whose face was ever stored at once
}

func (*Status) number() number { return nStatus }
func (*Status) courierHears()  {}
func (w *Status) fields(c *codec) {
	enum(c, &w.Face, faceModes)
	c.flag(&w.Open)
	c.u32(&w.Enrolled)
	c.u32(&w.People)
	enum(c, &w.Camera, cameras)
	c.u32(&w.UptimeS)
	c.u32(&w.Late)
	enum(c, &w.Keys, tiers)
	enum(c, &w.Filing, filings)
	c.u32(&w.HighMark)
}

// Asked is a request that came over the network. The courier can neither make nor change what is in it unseen, but
// in this set of words nothing is signed yet, so the keeper grants nothing that a stranger may not have.
type Asked struct {
	ID        [16]byte
	Ask       Ask
	Who       Pseudonym
	Recipient [32]byte // hash of the named recipient
}

func (*Asked) number() number { return nAsked }
func (*Asked) courierSays()   {}
func (w *Asked) fields(c *codec) {
	c.bytes(w.ID[:])
	enum(c, &w.Ask, asks)
	c.bytes(w.Who[:])
	c.bytes(w.Recipient[:])
}

// Answered is the keeper's answer to an Asked.
type Answered struct {
	ID      [16]byte
	Outcome Outcome
	Reason  Reason
	Index   uint64 // where the audit log has it
}

func (*Answered) number() number { return nAnswered }
func (*Answered) courierHears()  {}
func (w *Answered) fields(c *codec) {
	c.bytes(w.ID[:])
	enum(c, &w.Outcome, outcomes)
	enum(c, &w.Reason, reasons)
	c.u64(&w.Index)
}

// Linked tells whether the broker is reached.
type Linked struct{ Up bool }

func (*Linked) number() number    { return nLinked }
func (*Linked) courierSays()      {}
func (w *Linked) fields(c *codec) { c.flag(&w.Up) }

func (*Hello) courierSays()  {}
func (*Hello) courierHears() {}
