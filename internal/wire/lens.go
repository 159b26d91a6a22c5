package wire

// LensSays is what the lens may tell the eye. The pixels lie in a shared memory ring; words only point into it.
type LensSays interface {
	Word
	lensSays()
}

// LensHears is what the eye may tell the lens: only Hello.
type LensHears interface {
	Word
	lensHears()
}

// LensFrame says that a slot of the ring holds a new frame: Width × Height × 3 bytes, BGR. The eye checks Seq again
// after copying, because the lens does not wait for it.
type LensFrame struct {
	Slot          uint8
	Width, Height uint16
	Seq           uint64
	CapturedAt    int64 // CLOCK_MONOTONIC nanoseconds after the read returned
	ReadUS        uint32
}

func (*LensFrame) number() number { return nLensFrame }
func (*LensFrame) lensSays()      {}
func (w *LensFrame) fields(c *codec) {
	c.u8(&w.Slot)
	c.u16(&w.Width)
	c.u16(&w.Height)
	c.u64(&w.Seq)
	c.i64(&w.CapturedAt)
	c.u32(&w.ReadUS)
}

// LensState tells how the source is.
type LensState struct{ Camera Camera }

func (*LensState) number() number    { return nLensState }
func (*LensState) lensSays()         {}
func (w *LensState) fields(c *codec) { enum(c, &w.Camera, cameras) }

func (*Hello) lensSays()  {}
func (*Hello) lensHears() {}
