package wire

// RoomSays is what any room may tell the hall that started it. The hall answers with signals only.
type RoomSays interface {
	Word
	roomSays()
}

// RoomHears is what the hall may tell a room: orders that somebody typed on this machine, for the keeper only.
type RoomHears interface {
	Word
	roomHears()
}

// Ready says that a part of the room's work can begin.
type Ready struct{ Part Part }

func (*Ready) number() number    { return nReady }
func (*Ready) roomSays()         {}
func (w *Ready) fields(c *codec) { enum(c, &w.Part, parts) }

// Fault says that something is wrong and goes on being wrong until the room is started anew.
type Fault struct{ Fault FaultKind }

func (*Fault) number() number    { return nFault }
func (*Fault) roomSays()         {}
func (w *Fault) fields(c *codec) { enum(c, &w.Fault, faults) }

// Timed says how long one answer took, so that it can be measured from outside. It holds no face and no score.
type Timed struct {
	Method  Method
	Outcome Outcome
	TookUS  uint32 // from the frame being complete, or the last digit being typed, to the relay
	StageUS Stages // zero unless Method is MethodFace
}

func (*Timed) number() number { return nTimed }
func (*Timed) roomSays()      {}
func (w *Timed) fields(c *codec) {
	enum(c, &w.Method, methods)
	enum(c, &w.Outcome, outcomes)
	c.u32(&w.TookUS)
	w.StageUS.fields(c)
}

// Stop asks that no face be used until two members of staff lift it.
type Stop struct {
	ID  [16]byte
	Why Reason
}

func (*Stop) number() number { return nStop }
func (*Stop) roomHears()     {}
func (w *Stop) fields(c *codec) {
	c.bytes(w.ID[:])
	enum(c, &w.Why, reasons)
}

// Lift asks for the end of a Stop; two members of staff have typed their PINs.
type Lift struct {
	ID   [16]byte
	PINs [2]Typed
}

// Typed is a PIN: a length, digits, zeros.
type Typed struct {
	Len    uint8
	Digits [PINMax]byte
}

func (*Lift) number() number { return nLift }
func (*Lift) roomHears()     {}
func (w *Lift) fields(c *codec) {
	c.bytes(w.ID[:])
	for i := range w.PINs {
		c.digits(&w.PINs[i].Len, &w.PINs[i].Digits)
	}
}

// End says that somebody's stay ends, as an operator typed it: now, or at a later time.
type End struct {
	ID     [16]byte
	Number Number
	Why    Reason
	At     int64 // unix seconds; 0 means now
}

func (*End) number() number { return nEnd }
func (*End) roomHears()     {}
func (w *End) fields(c *codec) {
	c.bytes(w.ID[:])
	c.u64((*uint64)(&w.Number))
	enum(c, &w.Why, reasons)
	c.i64(&w.At)
}

// Renew says that the audit log, which is damaged, is set aside and a new one begun.
type Renew struct {
	ID  [16]byte
	Why Reason
}

func (*Renew) number() number { return nRenew }
func (*Renew) roomHears()     {}
func (w *Renew) fields(c *codec) {
	c.bytes(w.ID[:])
	enum(c, &w.Why, reasons)
}

// Vouch asks the keeper to say in its log how many lines it has about somebody.
type Vouch struct {
	ID  [16]byte
	Who Pseudonym
}

func (*Vouch) number() number { return nVouch }
func (*Vouch) roomHears()     {}
func (w *Vouch) fields(c *codec) {
	c.bytes(w.ID[:])
	c.bytes(w.Who[:])
}

// Obeyed answers an order.
type Obeyed struct {
	ID      [16]byte
	Outcome Outcome
	Reason  Reason
	Index   uint64 // where the audit log has it
}

func (*Obeyed) number() number { return nObeyed }
func (*Obeyed) roomSays()      {}
func (w *Obeyed) fields(c *codec) {
	c.bytes(w.ID[:])
	enum(c, &w.Outcome, outcomes)
	enum(c, &w.Reason, reasons)
	c.u64(&w.Index)
}

// Left says that nothing of anybody is left on the device and that the certificate is written.
type Left struct {
	Faces uint32 // that were erased, over all tries
	PINs  uint32
}

func (*Left) number() number { return nLeft }
func (*Left) roomSays()      {}
func (w *Left) fields(c *codec) {
	c.u32(&w.Faces)
	c.u32(&w.PINs)
}

// Filled says how many people a keeper that was started for measuring has made up so far.
type Filled struct{ Done, Of uint32 }

func (*Filled) number() number { return nFilled }
func (*Filled) roomSays()      {}
func (w *Filled) fields(c *codec) {
	c.u32(&w.Done)
	c.u32(&w.Of)
}

// VaultTimes is what a keeper that was started for measuring has found. Nobody of whom it speaks exists.
type VaultTimes struct {
	People     uint32
	WithdrawUS uint32 // from the wish to the first search that does not find the person; the worst of several
	EraseUS    uint32 // from the wish to the erasure being proved and recorded; the worst of several
	BytesEach  uint32 // of all files in the keeper's folder
	BootCPUMS  uint32 // of all cores, from the program's start to everybody being in the gallery
	EraseCPUMS uint32 // of all cores, for the withdrawal and the erasure; the worst of several
	PeakKiB    uint32 // of memory, from the start to the last erasure
}

func (*VaultTimes) number() number { return nVaultTimes }
func (*VaultTimes) roomSays()      {}
func (w *VaultTimes) fields(c *codec) {
	c.u32(&w.People)
	c.u32(&w.WithdrawUS)
	c.u32(&w.EraseUS)
	c.u32(&w.BytesEach)
	c.u32(&w.BootCPUMS)
	c.u32(&w.EraseCPUMS)
	c.u32(&w.PeakKiB)
}

// Grown is what a keeper that was started for measuring has found of one place after many have come and gone.
type Grown struct {
	Place Place
	Bytes uint64 // on the disk
	Live  uint64 // of what is alive in it
	Most  uint64 // on the disk at the worst moment, of those after which its share was looked at
	Least uint64 // that was alive then
}

func (*Grown) number() number { return nGrown }
func (*Grown) roomSays()      {}
func (w *Grown) fields(c *codec) {
	enum(c, &w.Place, places)
	c.u64(&w.Bytes)
	c.u64(&w.Live)
	c.u64(&w.Most)
	c.u64(&w.Least)
}

func (*Hello) roomSays()  {}
func (*Hello) roomHears() {}
