package stop_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/stop"
	"example.org/edged/internal/wire"
)

// A place is a keeper's folder with a real log in it.
type place struct {
	t   *testing.T
	dir string
	log *audit.Log
	*stop.Stop
	mute error
	year int
}

func begin(t *testing.T) *place {
	p := &place{t: t, dir: t.TempDir(), year: 2026}
	p.start()
	t.Cleanup(func() { p.log.Close() })
	return p
}

func (p *place) start() {
	p.t.Helper()
	if p.log != nil {
		p.log.Close()
	}
	var err error
	if p.log, err = audit.Open(filepath.Join(p.dir, "audit"), "edged/door", [32]byte{1}, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
		p.t.Fatal(err)
	}
	var last audit.Entry
	found := false
	for _, e := range p.log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindFaceStopped, wire.KindStopLifted}}) {
		last, found = e, true
		break
	}
	write := func(e audit.Entry) (uint64, error) {
		if p.mute != nil {
			return 0, p.mute
		}
		return p.log.Append(e)
	}
	now := func() (time.Time, bool) { return time.Date(p.year, 1, 1, 0, 0, 0, 0, time.UTC), true }
	if p.Stop, err = stop.Open(p.dir, last, found, write, now); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) file() string { return filepath.Join(p.dir, "stopped") }

func (p *place) order() {
	p.t.Helper()
	if _, err := p.Order([16]byte{1}, wire.ReasonIncident); err != nil {
		p.t.Fatal(err)
	}
}

func TestNothingButTwoPeopleLiftsAStop(t *testing.T) {
	for _, c := range []struct {
		name string
		try  func(p *place)
		off  bool
	}{
		{"a restart", func(p *place) { p.start() }, false},
		{"the file removed", func(p *place) { os.Remove(p.file()); p.start() }, false},
		{"the file emptied", func(p *place) { os.WriteFile(p.file(), nil, 0o600); p.start() }, false},
		{"the file made a folder", func(p *place) { os.Remove(p.file()); os.Mkdir(p.file(), 0o700); p.start() }, false},
		{"the log removed", func(p *place) { os.RemoveAll(filepath.Join(p.dir, "audit")); p.start() }, false},
		{"other lines in the log", func(p *place) {
			for range 600 {
				p.log.Append(audit.Entry{Kind: wire.KindDecision})
			}
			os.Remove(p.file())
			p.start()
		}, false},
		{"the clock set back", func(p *place) { p.year = 1970; p.start() }, false},
		{"the clock set forward", func(p *place) { p.year = 2105; p.start() }, false},
		{"nobody lifts it", func(p *place) { p.Lift("", "") }, false},
		{"one person lifts it", func(p *place) { p.Lift("ann", "") }, false},
		{"one person, twice", func(p *place) { p.Lift("ann", "ann") }, false},
		{"two people while the log cannot be written", func(p *place) { p.mute = errors.New("disk full"); p.Lift("ann", "ben") }, false},
		{"two people", func(p *place) { p.Lift("ann", "ben") }, true},
		{"two people, then a restart", func(p *place) { p.Lift("ann", "ben"); p.start() }, true},
		{"two people, and a file that came back from a copy", func(p *place) {
			b, _ := os.ReadFile(p.file())
			p.Lift("ann", "ben")
			os.WriteFile(p.file(), b, 0o600)
			p.start()
		}, false},
		{"lifted, and ordered again", func(p *place) { p.Lift("ann", "ben"); p.order(); os.Remove(p.file()); p.start() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := begin(t)
			if p.On() {
				t.Fatal("stopped from the start")
			}
			p.order()
			if !p.On() {
				t.Fatal("not stopped at once")
			}
			c.try(p)
			if p.On() == c.off {
				t.Errorf("stopped is %v", p.On())
			}
			p.mute = nil
			p.start()
			if p.On() == c.off {
				t.Errorf("after another restart stopped is %v", p.On())
			}
			if _, err := p.Lift("ann", "ben"); err != nil && c.name != "the file made a folder" || p.On() && c.name != "the file made a folder" {
				t.Errorf("two people could not lift it afterwards: %v", err)
			}
		})
	}
}

func TestAStopLastsWhenOneOfItsPlacesFails(t *testing.T) {
	p := begin(t)
	p.mute = errors.New("disk full")
	p.order() // into the file only
	p.mute = nil
	p.start()
	if !p.On() {
		t.Error("the file was not believed")
	}
	p = begin(t)
	os.MkdirAll(p.file()+".new", 0o700) // the file cannot be written
	p.order()
	os.Remove(p.file() + ".new")
	p.start()
	if !p.On() {
		t.Error("the log was not believed")
	}
	p = begin(t)
	os.MkdirAll(p.file()+".new", 0o700)
	p.mute = errors.New("disk full")
	if _, err := p.Order([16]byte{1}, wire.ReasonIncident); err == nil || !p.On() {
		t.Errorf("recorded nowhere: stopped %v, %v", p.On(), err)
	}
}

func TestBothWaysAreInTheLog(t *testing.T) {
	p := begin(t)
	p.order()
	p.Lift("ann", "ann")
	p.Lift("ann", "ben")
	var kinds []wire.Kind
	for _, e := range p.log.Backwards(audit.Query{}) {
		kinds = append(kinds, e.Kind)
	}
	if len(kinds) != 3 || kinds[2] != wire.KindFaceStopped || kinds[1] != wire.KindLiftRefused || kinds[0] != wire.KindStopLifted {
		t.Errorf("the log has %v", kinds)
	}
}

// P-57: after a leak, or a possible one, the stop works at once, is a line that says why and when, and lasts over a restart;
// where it cannot be written down it works all the same, and whoever ordered it is told. A stop for another reason is no
// incident.
func TestP57_AnIncidentStopsAtOnceAndIsALine(t *testing.T) {
	p := begin(t)
	index, err := p.Order([16]byte{1}, wire.ReasonIncident)
	if err != nil || !p.On() {
		t.Fatalf("stopped %v, %v", p.On(), err)
	}
	p.start()
	found := false
	for i, e := range p.log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindFaceStopped}}) {
		found = i == index && e.Reason == wire.ReasonIncident
		break
	}
	if !found || !p.On() {
		t.Errorf("after a restart: in the log %v, stopped %v", found, p.On())
	}
	if _, err := p.Lift("ann", ""); err == nil || !p.On() {
		t.Errorf("lifted by one: %v", err)
	}

	p = begin(t)
	p.mute = errors.New("disk full")
	if err := os.MkdirAll(p.file()+".new", 0o700); err != nil { // nor can the file be written
		t.Fatal(err)
	}
	if _, err := p.Order([16]byte{1}, wire.ReasonIncident); err == nil || !p.On() {
		t.Errorf("it can be written nowhere: stopped %v, %v", p.On(), err)
	}

	p = begin(t)
	if _, err := p.Order([16]byte{1}, wire.ReasonMaintenance); err != nil || !p.On() {
		t.Fatal(err)
	}
	for _, e := range p.log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindFaceStopped}}) {
		if e.Reason != wire.ReasonMaintenance {
			t.Errorf("maintenance is recorded as %s", e.Reason)
		}
	}
}
