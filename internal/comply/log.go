package comply

import (
	"errors"
	"io/fs"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// What may still be under way when the log is read.
const (
	erasing  = time.Minute     // an erasure: seconds, and tried again when it fails
	sweeping = 5 * time.Minute // the sweep that finds faces past their end
	inFlight = time.Second     // a door that was opening when faces were stopped
)

// reader walks a log from its beginning and keeps what the checks ask for.
type reader struct {
	Log
	now       time.Time
	agreed    map[wire.Pseudonym]audit.Hash // the latest consent
	stored    map[wire.Pseudonym]time.Time  // until when
	withdrawn map[wire.Pseudonym]time.Time
	owed      map[wire.Pseudonym]bool
	stopped   time.Time // zero while faces are not stopped
}

// ReadLog reads what the log in a folder tells of itself. Whether it is the device's own is for whoever has the public
// key; that it fits its head is checked here.
func ReadLog(dir string, now time.Time) Log {
	r := reader{Log: Log{Kinds: map[string]uint64{}}, now: now, agreed: map[wire.Pseudonym]audit.Hash{}, stored: map[wire.Pseudonym]time.Time{},
		withdrawn: map[wire.Pseudonym]time.Time{}, owed: map[wire.Pseudonym]bool{}}
	_, err := audit.Take(dir, func(i uint64, e audit.Entry) bool { r.read(i, e); return false })
	if err != nil {
		r.There = !errors.Is(err, fs.ErrNotExist)
		if r.There {
			r.Wrong = err.Error()
		}
		return r.Log
	}
	r.There = true
	for _, until := range r.stored {
		if now.Sub(until) > sweeping {
			r.Overdue++
		}
	}
	for _, at := range r.withdrawn {
		if now.Sub(at) > erasing {
			r.NotErased++
		}
	}
	for _, is := range r.owed {
		if is {
			r.Owed++
		}
	}
	return r.Log
}

func (r *reader) read(i uint64, e audit.Entry) {
	at := time.UnixMilli(e.At)
	if r.Size == 0 {
		r.Oldest = at.UTC()
	}
	r.Size, r.Newest = i+1, at.UTC()
	r.Kinds[e.Kind.String()]++
	if e.Rules != wire.RulesNone && e.Rules != ruleset.At(at).ID { // lines of earlier releases name none
		r.OtherRules++
	}
	switch e.Kind {
	case wire.KindAssessed:
		if !r.Assessed {
			r.Assessed, r.FirstAssessed = true, i
		}
		r.Incidents = 0
		r.Assessments = append(r.Assessments, e.Commit)
	case wire.KindFaceStopped:
		r.Stopped++
		r.stopped = at
		if e.Reason == wire.ReasonIncident {
			r.Incidents++
		}
	case wire.KindStopLifted:
		r.Lifted++
		r.stopped = time.Time{}
	case wire.KindFaceMode:
		if e.Reason == wire.ReasonNoOtherWay {
			r.NoWay++
		}
	case wire.KindDecision:
		if e.Method == wire.MethodFace && e.Outcome == wire.Granted && !r.stopped.IsZero() && at.Sub(r.stopped) > inFlight {
			r.FaceWhileResting++
		}
	default:
		r.person(i, e, at)
	}
}

// person is what happens to somebody's consent and face.
func (r *reader) person(i uint64, e audit.Entry, at time.Time) {
	switch e.Kind {
	case wire.KindConsentGiven:
		r.agreed[e.Who] = e.Consent
		if e.Notice == (audit.Hash{}) {
			r.WithoutNotice++
		}
	case wire.KindEnrolled:
		if r.Enrolled == 0 {
			r.FirstEnrolled = i
		}
		r.Enrolled++
		if agreed, ok := r.agreed[e.Who]; !ok || agreed != e.Consent {
			r.WithoutConsent++
		}
		if e.Until == 0 {
			r.WithoutEnd++
		}
		r.stored[e.Who] = time.Unix(e.Until, 0)
	case wire.KindWithdrawn:
		r.withdrawn[e.Who] = at
	case wire.KindErased:
		delete(r.stored, e.Who)
		delete(r.withdrawn, e.Who)
		r.owed[e.Who] = false
		if e.Tier == wire.TierUnknown {
			r.WithoutTier++
		}
	case wire.KindEraseFailed:
		r.owed[e.Who] = true
	}
}
