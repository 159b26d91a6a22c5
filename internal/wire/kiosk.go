package wire

// KioskSays is what the kiosk may tell the keeper. Each word is a claim: the keeper believes none of them without a
// second sign from the person.
type KioskSays interface {
	Word
	kioskSays()
}

// KioskHears is what the keeper may tell the kiosk: prompts, and the person's own record when they ask for it.
type KioskHears interface {
	Word
	kioskHears()
}

// Session is one person's turn at the screen: drawn by the kiosk, forgotten after a minute. Answers carry it back.
type Session uint64

// PINMax is the longest PIN in digits; PINMin the shortest.
const (
	PINMin = 6
	PINMax = 12
)

// Touched is a finger on a button that needs no second sign.
type Touched struct {
	Session Session
	Touch   Touch
	Notice  [32]byte // the notice on the screen, when the touch is about one
}

func (*Touched) number() number { return nTouched }
func (*Touched) kioskSays()     {}
func (w *Touched) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	enum(c, &w.Touch, touches)
	c.bytes(w.Notice[:])
}

// PINTyped is a PIN typed on the screen for one act. A keypad wired to the keeper never passes here.
type PINTyped struct {
	Session Session
	Act     Act
	Notice  [32]byte // the notice the person agreed to; zero for other acts
	Lang    [2]byte  // the language on the screen, such as "zh"
	Hours   uint16   // how long a newcomer's visit is; 0 for somebody who stays, and for other acts
	Len     uint8
	Digits  [PINMax]byte // '0'..'9', then zeros
	Age     Age          // of a newcomer, as the staff have seen it
}

func (*PINTyped) number() number { return nPINTyped }
func (*PINTyped) kioskSays()     {}
func (w *PINTyped) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	enum(c, &w.Act, acts)
	c.bytes(w.Notice[:])
	c.bytes(w.Lang[:])
	c.u16(&w.Hours)
	c.digits(&w.Len, &w.Digits)
	w.Age.fields(c)
}

// Screen tells the kiosk what to show. A zero Session means: to whoever stands there.
type Screen struct {
	Session Session
	Prompt  Prompt
	Until   int64  // unix seconds: when a wait ends, or when a face will be erased; 0 when there is none
	Count   uint16 // good frames so far while enrolling, tries left after a wrong PIN
	Of      uint16 // good frames needed
}

func (*Screen) number() number { return nScreen }
func (*Screen) kioskHears()    {}
func (w *Screen) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	enum(c, &w.Prompt, prompts)
	c.i64(&w.Until)
	c.u16(&w.Count)
	c.u16(&w.Of)
}

// Issued shows a new PIN once. It is drawn by the keeper and kept nowhere in clear.
type Issued struct {
	Session Session
	Number  Number
	Until   int64 // unix seconds: when a visit ends; 0 for somebody who stays
	Len     uint8
	Digits  [PINMax]byte
}

func (*Issued) number() number { return nIssued }
func (*Issued) kioskHears()    {}
func (w *Issued) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	c.u64((*uint64)(&w.Number))
	c.i64(&w.Until)
	c.digits(&w.Len, &w.Digits)
}

// ReceiptMax is the longest receipt: shorter than a template's 512 numbers are, long enough for a log of 2^23 entries.
const ReceiptMax = 1792

// Receipt is the proof that a person's own face was erased, as package receipt packs it. It goes to the screen in that
// person's turn and nowhere else.
type Receipt struct {
	Session Session
	Len     uint16
	Data    [ReceiptMax]byte
}

func (*Receipt) number() number { return nReceipt }
func (*Receipt) kioskHears()    {}
func (w *Receipt) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	c.u16(&w.Len)
	if w.Len > ReceiptMax {
		c.fail("receipt of %d bytes", w.Len)
	}
	c.bytes(w.Data[:])
}

// FrontDoor is what the home screen may offer now. Sent on every change.
type FrontDoor struct {
	Face   FaceMode
	Open   bool  // the door is unlocked at this moment
	Broker bool  // the fleet's broker is reached; false too when none is configured
	Late   bool  // a face that had to be erased could not be yet: it is unusable, and it is tried again
	Now    int64 // unix seconds of the keeper's clock
}

func (*FrontDoor) number() number { return nFrontDoor }
func (*FrontDoor) kioskHears()    {}
func (w *FrontDoor) fields(c *codec) {
	enum(c, &w.Face, faceModes)
	c.flag(&w.Open)
	c.flag(&w.Broker)
	c.flag(&w.Late)
	c.i64(&w.Now)
}

func (*Hello) kioskSays()  {}
func (*Hello) kioskHears() {}
