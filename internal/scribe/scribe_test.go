package scribe_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/person"
	"example.org/edged/internal/scribe"
	"example.org/edged/internal/wire"
)

var (
	secret   = [32]byte{1, 2, 3}
	resident = person.ID{1}
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func now() (time.Time, bool) { return noon, true }

func begin(t *testing.T, dir string) (*scribe.Scribe, *audit.Log, *int) {
	t.Helper()
	sl := slog.New(slog.NewTextHandler(t.Output(), nil))
	log, err := audit.Open(dir, "edged/door", [32]byte{9}, sl)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	broken := 0
	return scribe.New(log, secret, now, sl, func() { broken++ }), log, &broken
}

// copies runs the scribe until n copies have come.
func copies(t *testing.T, s *scribe.Scribe, n int) (all []wire.CourierHears) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := s.Run(ctx, func(w wire.CourierHears) error {
		if all = append(all, w); len(all) == n {
			cancel()
		}
		return errors.New("the courier is down") // which must not matter
	})
	if err != nil || len(all) != n {
		t.Fatalf("%d copies, %v", len(all), err)
	}
	return all
}

func TestAnEntryIsStampedSignedAndPassedOn(t *testing.T) {
	s, log, _ := begin(t, t.TempDir())
	who := s.Pseudonym(resident)
	i, err := s.Write(audit.Entry{Kind: wire.KindDecision, Door: 1, Method: wire.MethodPIN, Outcome: wire.Granted, Who: who})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(audit.Entry{Kind: wire.KindWithdrawn, Reason: wire.ReasonPersonAsked, Who: who}); err != nil {
		t.Fatal(err)
	}
	got := copies(t, s, 4)
	if d, ok := got[0].(*wire.Decided); !ok || d.Index != i || d.At != noon.UnixMilli() || !d.Trusted || d.Who != who || d.Outcome != wire.Granted {
		t.Errorf("%+v", got[0])
	}
	if h, ok := got[2].(*wire.Happened); !ok || h.Index != i+1 || h.Kind != wire.KindWithdrawn || h.Who != who {
		t.Errorf("%+v", got[2])
	}
	if h, ok := got[3].(*wire.Head); !ok || *h != log.Head() || h.Size != 2 {
		t.Errorf("%+v", got[3])
	}
	recent := s.Recent(resident)
	if recent[0] != (wire.Passage{At: noon.Unix(), Method: wire.MethodPIN, Outcome: wire.Granted}) || recent[1] != (wire.Passage{}) {
		t.Errorf("%+v", recent)
	}
	if s.Recent(person.ID{2}) != [5]wire.Passage{} {
		t.Error("somebody sees another one's passages")
	}
}

func TestAPseudonymTellsNothing(t *testing.T) {
	s := scribe.New(nil, secret, now, slog.Default(), func() {})
	other := scribe.New(nil, [32]byte{4}, now, slog.Default(), func() {})
	who := s.Pseudonym(resident)
	switch {
	case who == wire.Pseudonym(resident), who == wire.Pseudonym{}:
		t.Error("it is the person")
	case who == other.Pseudonym(resident):
		t.Error("two devices call one person the same")
	case who == s.Pseudonym(person.ID{2}):
		t.Error("two people are called the same")
	case who != s.Pseudonym(resident):
		t.Error("one person is called two things")
	case s.Pseudonym(person.ID{}) != wire.Pseudonym{}:
		t.Error("nobody has a pseudonym")
	}
}

func TestADamagedLogStillTellsTheFleet(t *testing.T) {
	s := scribe.New(nil, secret, now, slog.New(slog.NewTextHandler(t.Output(), nil)), func() {})
	if _, err := s.Write(audit.Entry{Kind: wire.KindStarted}); err == nil {
		t.Error("an entry went into a log that is not there")
	}
	if h, ok := copies(t, s, 1)[0].(*wire.Happened); !ok || h.Kind != wire.KindStarted {
		t.Errorf("%+v", h)
	}
	if s.Recent(resident) != [5]wire.Passage{} {
		t.Error("passages out of nowhere")
	}
}

// The disk goes away under the log: the keeper is told, and the entry is not said to be there.
func TestALogThatCannotBeWrittenIsSaid(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	s, _, broken := begin(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(audit.Entry{Kind: wire.KindEnrolled}); err == nil || *broken == 0 {
		t.Errorf("error %v, told %d times", err, *broken)
	}
}

// Nobody at the door waits for the fleet.
func TestACourierThatDoesNotListenHoldsNobodyUp(t *testing.T) {
	s := scribe.New(nil, secret, now, slog.New(slog.DiscardHandler), func() {})
	done := make(chan struct{})
	go func() {
		for range 2000 {
			s.Tell(&wire.Status{})
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the keeper waits for the courier")
	}
	if n := len(copies(t, s, 256)); n != 256 {
		t.Errorf("%d copies kept", n)
	}
}
