package count_test

import (
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/count"
	"example.org/edged/internal/wire"
)

var quiet = slog.New(slog.DiscardHandler)

// A desk is a device with its log, which can be started again.
type desk struct {
	dir     string
	entries []audit.Entry
	at      time.Time
}

func (d *desk) open() *count.Count {
	newest := func() iter.Seq2[uint64, audit.Entry] {
		return func(yield func(uint64, audit.Entry) bool) {
			for i, e := range slices.Backward(slices.Clone(d.entries)) {
				if !yield(uint64(i), e) {
					return
				}
			}
		}
	}
	return count.Open(d.dir, newest(), func(e audit.Entry) (uint64, error) {
		e.At = d.at.UnixMilli()
		d.entries = append(d.entries, e)
		return uint64(len(d.entries) - 1), nil
	}, func() (time.Time, bool) { return d.at, true }, quiet)
}

func (d *desk) said() (all []wire.Reason) {
	for _, e := range d.entries {
		if e.Kind == wire.KindCounted {
			all = append(all, e.Reason)
		}
	}
	return all
}

func TestM15a_TheHundredThousandthPersonCountsAndTheOneBeforeDoesNot(t *testing.T) {
	d := &desk{dir: t.TempDir(), at: time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)}
	c := d.open()
	for _, s := range []struct {
		n    int
		want wire.Filing
	}{
		{1, wire.FilingFar}, {79_999, wire.FilingFar}, {80_000, wire.Filing80}, {94_999, wire.Filing80}, {95_000, wire.Filing95},
		{99_999, wire.Filing95}, {100_000, wire.FilingReached}, {100_001, wire.FilingReached},
	} {
		if c.Set(s.n); c.State().Filing() != s.want || c.State().Reached.IsZero() != (s.n < 100_000) {
			t.Errorf("%d people: %v, reached %v", s.n, c.State().Filing(), c.State().Reached)
		}
	}
	if want := []wire.Reason{wire.ReasonNear80, wire.ReasonNear95, wire.ReasonReached}; !slices.Equal(d.said(), want) {
		t.Errorf("the log says %v", d.said())
	}
}

func TestM15a_TheMarkNeverGoesBack(t *testing.T) {
	d := &desk{dir: t.TempDir(), at: time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)}
	c := d.open()
	c.Set(100_000)
	reached := c.State().Reached
	d.at = d.at.AddDate(0, 0, 1)
	c.Set(99_999) // dropped the next day
	d.at = d.at.AddDate(-1, 0, 0)
	c.Set(100_000) // and the clock was set back
	if s := c.State(); !s.Reached.Equal(reached) || s.High != 100_000 || s.Filing() != wire.FilingReached {
		t.Errorf("%+v", s)
	}
	if n := len(d.said()); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	c.Set(3)
	for name, spoil := range map[string]func(string) error{
		"nothing": func(string) error { return nil },
		"removed": os.Remove,
		"noise":   func(p string) error { return os.WriteFile(p, []byte("noise"), 0o600) },
		"empty":   func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"made up": func(p string) error { return os.WriteFile(p, []byte(`{"now":3,"high":2}`), 0o600) },
		"a reach taken back": func(p string) error {
			return os.WriteFile(p, []byte(`{"now":3,"high":100000}`), 0o600)
		},
	} {
		if err := spoil(filepath.Join(d.dir, "count")); err != nil {
			t.Fatal(err)
		}
		if s := d.open().State(); s.High != 100_000 || !s.Reached.Equal(reached) {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Somebody who enrols anew is one person, and the mark is of people at once, not of all who ever came.
func TestM15a_PeopleAreCountedAndNotPictures(t *testing.T) {
	d := &desk{dir: t.TempDir(), at: time.Now()}
	line := func(k wire.Kind, who byte) {
		d.entries = append(d.entries, audit.Entry{Kind: k, Who: wire.Pseudonym{who}, At: d.at.UnixMilli()})
	}
	for _, who := range []byte{1, 1, 2, 1} {
		line(wire.KindEnrolled, who)
	}
	line(wire.KindErased, 1)
	line(wire.KindEnrolled, 3)
	line(wire.KindErased, 9)
	if s := d.open().State(); s.Now != 2 || s.High != 2 {
		t.Errorf("%+v", s)
	}
}

func TestTheLogHasTheNumberOnceAndNotAtEveryStart(t *testing.T) {
	d := &desk{dir: t.TempDir(), at: time.Now()}
	c := d.open()
	c.Set(7)
	c.Say(audit.Entry{})
	last := d.entries[len(d.entries)-1]
	if last.Count != 7 || last.Head != 7 {
		t.Errorf("%+v", last)
	}
	n := len(d.entries)
	d.open().Say(last)
	if len(d.entries) != n {
		t.Error("the same number was written twice")
	}
	c.Set(6)
	c.Say(last)
	if last = d.entries[len(d.entries)-1]; last.Count != 7 || last.Head != 6 {
		t.Errorf("%+v", last)
	}
}
