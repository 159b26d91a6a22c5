package wire

// Searching says how far a keeper has come that was started to measure its search among people who do not exist.
type Searching struct{ Done, Of uint32 }

func (*Searching) number() number { return nSearching }
func (*Searching) roomSays()      {}
func (w *Searching) fields(c *codec) {
	c.u32(&w.Done)
	c.u32(&w.Of)
}

// Searched is what such a measurement gave. Times are nanoseconds of one search; those named CPU are what the
// processor spent on it, which does not count waiting for other programs.
type Searched struct {
	P50, P99, ExactP50          uint64
	P50CPU, P99CPU, ExactP50CPU uint64
	WrongGenuine, WrongOther    uint32 // answers that differ from the exact scan's
	Found                       uint32 // of the genuine queries, by the exact scan
	BytesPerPerson              uint32 // rounded up
	MeanError, WorstError       uint32 // of a cosine, in millionths
	Threshold                   uint32 // in thousandths
}

func (*Searched) number() number { return nSearched }
func (*Searched) roomSays()      {}
func (w *Searched) fields(c *codec) {
	for _, p := range []*uint64{&w.P50, &w.P99, &w.ExactP50, &w.P50CPU, &w.P99CPU, &w.ExactP50CPU} {
		c.u64(p)
	}
	for _, p := range []*uint32{&w.WrongGenuine, &w.WrongOther, &w.Found, &w.BytesPerPerson, &w.MeanError, &w.WorstError, &w.Threshold} {
		c.u32(p)
	}
}
