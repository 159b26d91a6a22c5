package courier

import (
	"encoding/hex"
	"encoding/json"
	"time"

	"example.org/edged/internal/wire"
)

// An event is one line of the audit log in words. No field can hold a number that measures a face.
type event struct {
	Schema      int    `json:"schema"`
	ID          string `json:"id"`
	Index       uint64 `json:"index"`
	Code        string `json:"code"`
	Event       string `json:"event"`
	Time        string `json:"time"`
	TimeTrusted bool   `json:"time_trusted"`
	Door        *uint8 `json:"door,omitempty"`
	Method      string `json:"method,omitempty"`
	Result      string `json:"result,omitempty"`
	Reason      string `json:"reason"`
	Who         string `json:"who,omitempty"`
}

// Codes never change their meaning. The last letter is the weight: information, warning, error.
var decisionCodes = map[wire.Outcome]string{
	wire.NoAnswer:  "DOR001I",
	wire.Granted:   "DOR002I",
	wire.Denied:    "DOR003W",
	wire.Limited:   "DOR004W",
	wire.Suspended: "DOR005I",
	wire.Rejected:  "DOR006W",
	wire.Done:      "DOR007I",
}

var kindCodes = map[wire.Kind]string{
	wire.KindStarted:         "SYS001I",
	wire.KindNewcomer:        "PER001I",
	wire.KindRecordRead:      "PER002I",
	wire.KindNoticeShown:     "CON001I",
	wire.KindConsentGiven:    "CON002I",
	wire.KindConsentRefused:  "CON003I",
	wire.KindWithdrawn:       "CON004I",
	wire.KindEnrolled:        "ENR001I",
	wire.KindEnrolmentFailed: "ENR002W",
	wire.KindErased:          "ERA001I",
	wire.KindEraseFailed:     "ERA002E",
	wire.KindExportRefused:   "EXP001W",
	wire.KindOrderRejected:   "ORD001W",
	wire.KindFaceMode:        "FAC001I",
	wire.KindTemplateRefused: "FAC002W",
	wire.KindFaceStopped:     "STP001W",
	wire.KindStopLifted:      "STP002I",
	wire.KindLiftRefused:     "STP003W",
	wire.KindLeaving:         "SYS002W",
	wire.KindLeft:            "SYS003I",
	wire.KindAgeNoted:        "PER003I",
	wire.KindCopyTaken:       "PER004I",
	wire.KindStay:            "PER009I",
	wire.KindStayEnded:       "PER010I",
	wire.KindLogRenewed:      "SYS004W",
	wire.KindRestricted:      "CON005I",
	wire.KindResumed:         "CON006I",
	wire.KindInformed:        "CON007I",
	wire.KindInvalidated:     "CON008W",
	wire.KindRequested:       "REQ001I",
	wire.KindRequestDecided:  "REQ002I",
	wire.KindRecordLooked:    "PER005I",
	wire.KindLookRefused:     "PER006W",
	wire.KindLiveness:        "LIV001I",
	wire.KindSameFace:        "ENR003W",
	wire.KindMarked:          "PER007I",
	wire.KindUnmarked:        "PER008I",
	wire.KindConfigured:      "ASS001I",
	wire.KindAssessed:        "ASS002I",
	wire.KindCounted:         "CNT001I",
	wire.KindEvidence:        "EVI001I",
	wire.KindDecision:        "DOR000I",
}

// unlisted stands for a word that this release has and the tables above have forgotten; a test keeps it unused.
const unlisted = "SYS999E"

func decided(w *wire.Decided) event {
	code, ok := decisionCodes[w.Outcome]
	if !ok {
		code = unlisted
	}
	return event{
		Schema: schema, Index: w.Index, Code: code, Event: "decision", Time: stamp(w.At), TimeTrusted: w.Trusted,
		Door: &w.Door, Method: w.Method.String(), Result: w.Outcome.String(), Reason: w.Reason.String(), Who: who(w.Who),
	}
}

func happened(w *wire.Happened) event {
	code, ok := kindCodes[w.Kind]
	if !ok {
		code = unlisted
	}
	return event{
		Schema: schema, Index: w.Index, Code: code, Event: w.Kind.String(), Time: stamp(w.At), TimeTrusted: w.Trusted,
		Reason: w.Reason.String(), Who: who(w.Who),
	}
}

func (e event) encode() []byte { return encode(e) }

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// who is left out when nobody is known: sixteen zeros would look like a person.
func who(p wire.Pseudonym) string {
	if p == (wire.Pseudonym{}) {
		return ""
	}
	return hex.EncodeToString(p[:])
}

// encode writes one of this package's payloads. They hold only words, whole numbers and bools, which json always takes.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("courier: internal error: " + err.Error())
	}
	return b
}
