package wire

// RoomSays is what any room may tell the hall that started it. The hall answers with signals only.
type RoomSays interface {
	Word
	roomSays()
}

// RoomHears exists so that a room can hold its end of the hall's wire; nothing but Hello is ever sent.
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

func (*Hello) roomSays()  {}
func (*Hello) roomHears() {}
