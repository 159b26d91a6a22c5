package wire

// Mark says that from now on a face alone opens nothing for somebody, or that it may again: a member of staff has typed
// their PIN for it. Of whom it speaks is said by that person's own PIN, or by their number.
type Mark struct {
	ID     [16]byte
	Second bool
	Number Number // 0 where Person says who
	Person Typed
	Staff  Typed
}

func (*Mark) number() number { return nMark }
func (*Mark) roomHears()     {}
func (w *Mark) fields(c *codec) {
	c.bytes(w.ID[:])
	c.flag(&w.Second)
	c.u64((*uint64)(&w.Number))
	c.digits(&w.Person.Len, &w.Person.Digits)
	c.digits(&w.Staff.Len, &w.Staff.Digits)
}
