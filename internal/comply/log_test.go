package comply_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/comply"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// A log in which somebody lived rightly, and what is written into it beside.
func logWith(t *testing.T, before, after func(write func(audit.Entry))) (string, comply.Log) {
	t.Helper()
	dir := t.TempDir()
	l, err := audit.Open(dir, "edged/door-1", [32]byte{3}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := time.Now().Add(-time.Hour)
	write := func(e audit.Entry) {
		if e.At == 0 {
			at = at.Add(time.Second)
			e.At = at.UnixMilli()
		}
		if e.Rules == wire.RulesNone {
			e.Rules = ruleset.At(time.UnixMilli(e.At)).ID
		}
		if _, err := l.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	who, later := wire.Pseudonym{1}, time.Now().Add(time.Hour).Unix()
	if before != nil {
		before(write)
	}
	write(audit.Entry{Kind: wire.KindConfigured})
	write(audit.Entry{Kind: wire.KindAssessed, Commit: audit.Hash{5}})
	write(audit.Entry{Kind: wire.KindConsentGiven, Who: who, Consent: audit.Hash{1}, Notice: audit.Hash{2}})
	write(audit.Entry{Kind: wire.KindEnrolled, Who: who, Consent: audit.Hash{1}, Until: later})
	write(audit.Entry{Kind: wire.KindDecision, Who: who, Method: wire.MethodFace, Outcome: wire.Granted})
	write(audit.Entry{Kind: wire.KindWithdrawn, Who: who})
	write(audit.Entry{Kind: wire.KindErased, Who: who, Tier: wire.TierFile})
	if after != nil {
		after(write)
	}
	return dir, comply.ReadLog(dir, time.Now())
}

func TestALogTellsWhatWentWrong(t *testing.T) {
	bob, later := wire.Pseudonym{2}, time.Now().Add(time.Hour).Unix()
	agree := audit.Entry{Kind: wire.KindConsentGiven, Who: bob, Consent: audit.Hash{3}, Notice: audit.Hash{2}}
	enrol := audit.Entry{Kind: wire.KindEnrolled, Who: bob, Consent: audit.Hash{3}, Until: later}
	_, good := logWith(t, nil, nil)
	for name, c := range map[string]struct {
		before, after []audit.Entry
		wrong         func(l comply.Log) bool
	}{
		"a face without a consent":        {nil, []audit.Entry{enrol}, func(l comply.Log) bool { return l.WithoutConsent == 1 }},
		"a face on another consent":       {nil, []audit.Entry{{Kind: wire.KindConsentGiven, Who: bob, Consent: audit.Hash{9}, Notice: audit.Hash{2}}, enrol}, func(l comply.Log) bool { return l.WithoutConsent == 1 }},
		"a consent of somebody else":      {nil, []audit.Entry{{Kind: wire.KindConsentGiven, Who: wire.Pseudonym{7}, Consent: audit.Hash{3}, Notice: audit.Hash{2}}, enrol}, func(l comply.Log) bool { return l.WithoutConsent == 1 }},
		"a consent to nothing":            {nil, []audit.Entry{{Kind: wire.KindConsentGiven, Who: bob, Consent: audit.Hash{3}}}, func(l comply.Log) bool { return l.WithoutNotice == 1 }},
		"a face without an end":           {nil, []audit.Entry{agree, {Kind: wire.KindEnrolled, Who: bob, Consent: audit.Hash{3}}}, func(l comply.Log) bool { return l.WithoutEnd == 1 }},
		"a face past its end":             {nil, []audit.Entry{agree, {Kind: wire.KindEnrolled, Who: bob, Consent: audit.Hash{3}, Until: time.Now().Add(-time.Hour).Unix()}}, func(l comply.Log) bool { return l.Overdue == 1 }},
		"withdrawn and not erased":        {nil, []audit.Entry{agree, enrol, {Kind: wire.KindWithdrawn, Who: bob}}, func(l comply.Log) bool { return l.NotErased == 1 }},
		"an erasure that failed":          {nil, []audit.Entry{agree, enrol, {Kind: wire.KindEraseFailed, Who: bob}}, func(l comply.Log) bool { return l.Owed == 1 }},
		"an erasure of no tier":           {nil, []audit.Entry{agree, enrol, {Kind: wire.KindErased, Who: bob}}, func(l comply.Log) bool { return l.WithoutTier == 1 }},
		"a face before any assessment":    {[]audit.Entry{agree, enrol}, nil, func(l comply.Log) bool { return l.Assessed && l.FirstEnrolled < l.FirstAssessed }},
		"an assessment that is backdated": {[]audit.Entry{agree, enrol, {Kind: wire.KindAssessed, At: 1_700_000_000_000}}, nil, func(l comply.Log) bool { return l.FirstEnrolled < l.FirstAssessed }},
		"other rules than in force":       {nil, []audit.Entry{{Kind: wire.KindStarted, Rules: wire.Rules20210801}}, func(l comply.Log) bool { return l.OtherRules == 1 }},
		"a face while faces were stopped": {nil, []audit.Entry{{Kind: wire.KindFaceStopped}, {Kind: wire.KindStarted}, {Kind: wire.KindDecision, Method: wire.MethodFace, Outcome: wire.Granted}}, func(l comply.Log) bool { return l.FaceWhileResting == 1 }},
		"a PIN while faces were stopped":  {nil, []audit.Entry{{Kind: wire.KindFaceStopped}, {Kind: wire.KindStarted}, {Kind: wire.KindDecision, Method: wire.MethodPIN, Outcome: wire.Granted}}, func(l comply.Log) bool { return l.FaceWhileResting == 0 && l.Stopped == 1 }},
		"an incident":                     {nil, []audit.Entry{{Kind: wire.KindFaceStopped, Reason: wire.ReasonIncident}}, func(l comply.Log) bool { return l.Incidents == 1 }},
		"an incident that was assessed":   {nil, []audit.Entry{{Kind: wire.KindFaceStopped, Reason: wire.ReasonIncident}, {Kind: wire.KindAssessed}}, func(l comply.Log) bool { return l.Incidents == 0 && len(l.Assessments) == 2 }},
	} {
		if c.wrong(good) && name != "a PIN while faces were stopped" {
			t.Errorf("%s: a good log is wrong", name)
		}
		write := func(es []audit.Entry) func(func(audit.Entry)) {
			return func(write func(audit.Entry)) {
				for _, e := range es {
					write(e)
				}
			}
		}
		if _, l := logWith(t, write(c.before), write(c.after)); !c.wrong(l) {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestALogThatWasEditedIsNotBelieved(t *testing.T) {
	dir, _ := logWith(t, nil, nil)
	path := filepath.Join(dir, "tile", "entries", "000")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[60] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if l := comply.ReadLog(dir, time.Now()); l.Wrong == "" || !l.There {
		t.Errorf("%+v", l)
	}
	if l := comply.ReadLog(t.TempDir(), time.Now()); l.There || l.Wrong != "" {
		t.Errorf("no log: %+v", l)
	}
}
