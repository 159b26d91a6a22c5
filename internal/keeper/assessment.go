package keeper

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/hold"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/wire"
)

// assessment is whether a signed impact assessment holds for this door as it is. Until it was looked into none does.
type assessment struct {
	mu       sync.Mutex
	looked   bool
	what, do string // why not; empty where one does
}

func (a *assessment) get() (looked bool, what, do string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.looked, a.what, a.do
}

func (a *assessment) set(what, do string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looked, a.what, a.do = true, what, do
}

// unassessed tells whether faces rest for want of an assessment. Before it was looked into they rest anyway.
func (k *keeper) unassessed() bool {
	_, what, _ := k.assessed.get()
	return what != ""
}

// doorAsItIs is what an assessment must speak of.
func (k *keeper) doorAsItIs() assess.Bound {
	purpose := notice.DoorEntry
	if n, err := notice.Parse(k.brief.Notice); err == nil {
		purpose = n.Purpose
	}
	return assess.Of(k.brief, string(purpose))
}

// assess looks at the signed assessment, keeps a copy for the years that the law asks for, and records it. It runs
// before any face can be taken: so the log has the assessment first (Measures 2025, article 9; PIPL, article 56).
func (k *keeper) assess() {
	if k.brief.MadeUp > 0 || k.audit == nil {
		k.assessed.set("", "")
		return
	}
	door := k.doorAsItIs()
	k.noteDoor(audit.Hash(door.Hash()))
	var a *assess.Assessment
	var err error
	if len(k.brief.Assessment) > 0 {
		if a, err = assess.Parse(k.brief.Assessment); err != nil {
			k.assessed.set("the signed impact assessment cannot be read: "+err.Error(), "sign it again: edged assess sign")
			return
		}
	}
	f := k.brief.Face
	self := assess.Self{RetentionDays: int(f.Keep / (24 * time.Hour)), Encrypted: true, OtherWay: true, RoomsApart: k.brief.Walls,
		Keys: k.tier(), TellsABroker: k.brief.Fleet}
	recorded, incident := k.assessmentsInTheLog(a)
	if what, do := a.Rest(k.now(), door, self, incident); what != "" {
		k.assessed.set(what, do)
		return
	}
	if !recorded {
		if err := k.keepAssessment(a); err != nil {
			k.log.Error("the impact assessment could not be kept", slog.String("why", err.Error()))
			k.assessed.set("the impact assessment could not be kept and recorded", "look at the disk (full? read-only?)")
			return
		}
	}
	k.assessed.set("", "")
}

// assessmentsInTheLog tells whether this one was recorded after the last incident, and when that was.
func (k *keeper) assessmentsInTheLog(a *assess.Assessment) (recorded bool, incident time.Time) {
	for _, e := range k.audit.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindAssessed, wire.KindFaceStopped}}) {
		switch {
		case e.Kind == wire.KindAssessed && a != nil && e.Commit == audit.Hash(a.Hash()):
			return true, time.Time{}
		case e.Kind == wire.KindFaceStopped && e.Reason == wire.ReasonIncident:
			return false, time.UnixMilli(e.At)
		}
	}
	return false, time.Time{}
}

// keepAssessment: the copy first, so that the log never names one that is not there.
func (k *keeper) keepAssessment(a *assess.Assessment) error {
	dir := filepath.Join(k.brief.Folder, assess.Folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of assessments: %w", err)
	}
	if err := hold.Write(filepath.Join(dir, assess.FileName(a.Hash())), a.Canonical()); err != nil {
		return fmt.Errorf("keeping the assessment: %w", err)
	}
	_, err := k.scribe.Write(audit.Entry{Kind: wire.KindAssessed, Commit: audit.Hash(a.Hash())})
	return err
}

// noteDoor records that faces are used for something else, or otherwise, than the log last said. A change that is
// taken back is two lines.
func (k *keeper) noteDoor(now audit.Hash) {
	for _, e := range k.audit.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindConfigured}}) {
		if e.Commit == now {
			return
		}
		break
	}
	k.scribe.Write(audit.Entry{Kind: wire.KindConfigured, Commit: now})
}

// incident voids the assessment at once: what it said would not happen has happened.
func (k *keeper) incident() {
	if looked, what, _ := k.assessed.get(); looked && what == "" {
		k.assessed.set("there was an incident after the impact assessment was signed", "look at it anew and sign it: edged assess draft, then edged assess sign")
	}
}
