package wire

// Closed sets. Each value has a word that people and machines outside read; the words are stable, the numbers too.
// Do not reorder; add at the end.

// Verdict is the eye's judgement of one frame.
type Verdict uint8

const (
	NoFace Verdict = iota
	Good
	TooFar
	TooClose
	TurnHead
	TooDark
	TooBright
	Blurred
	Several // more than one face in the zone
	Uneven  // one side of the face lies in the dark, or the whole is grey in grey
)

var verdicts = []string{"no-face", "good", "too-far", "too-close", "turn-head", "too-dark", "too-bright", "blurred", "several", "uneven"}

func (v Verdict) String() string { return verdicts[v] }

// Infrared is whether the infrared camera, where there is one, sees the face too.
type Infrared uint8

const (
	InfraredUnknown Infrared = iota // there is none, or it has brought no fresh picture
	InfraredFace                    // a face stands at the same place
	InfraredNoFace                  // none does
)

var infrareds = []string{"unknown", "face", "no-face"}

func (i Infrared) String() string { return infrareds[i] }

// Camera is the state of the picture source.
type Camera uint8

const (
	CameraNone    Camera = iota // none configured
	CameraOpening               // being opened, or gone and being reopened
	CameraSeeing
	CameraResting // frames come and are dropped unread
	CameraSilent  // no frame within the deadline
	CameraFrozen  // the same frame again and again
)

var cameras = []string{"none", "opening", "seeing", "resting", "silent", "frozen"}

func (c Camera) String() string { return cameras[c] }

// Gaze is what the keeper wants of the eye.
type Gaze uint8

const (
	Rest  Gaze = iota // read frames, drop them unread
	Watch             // look for somebody who wants to come in
	Enrol             // somebody who has just agreed stands there
)

var gazes = []string{"rest", "watch", "enrol"}

func (g Gaze) String() string { return gazes[g] }

// Finding is what measuring one picture gave.
type Finding uint8

const (
	FaceFound Finding = iota
	FaceNotFound
	PictureUnreadable // empty, truncated, not a picture
	PictureTooLarge   // more pixels than the eye takes
)

var findings = []string{"found", "not-found", "unreadable", "too-large"}

func (f Finding) String() string { return findings[f] }

// Touch is a button.
type Touch uint8

const (
	TouchHome    Touch = iota // back to the beginning; also ends an enrolment
	TouchDecline              // "no, thank you" to the notice
	TouchNotice               // the notice is being read
	TouchRead                 // the notice was read to its end
)

var touches = []string{"home", "decline", "notice", "read"}

func (t Touch) String() string { return touches[t] }

// Act is what a PIN is typed for.
type Act uint8

const (
	ActOpen     Act = iota // open the door
	ActAgree               // agree to the notice on the screen, then enrol
	ActWithdraw            // withdraw consent and erase
	ActMine                // show my record
	ActNewcomer            // staff: a new person, who gets a PIN

	// A person's rights.
	ActTake     // give me a copy of my record
	ActRestrict // my face rests until I say otherwise; it is kept
	ActResume   // ends the rest
	ActDelete   // withdraw, erase, and forget the birth date
	ActCorrect  // something about me is wrong: passed to the staff
	ActExplain  // explain to me how I was treated: passed to the staff
	ActInformed // I have read the changed notice
	ActEnrol    // take my face under the consent that I have given
	ActWards    // a guardian takes back what they agreed to for others
)

var acts = []string{"open", "agree", "withdraw", "mine", "newcomer", "take", "restrict", "resume", "delete", "correct",
	"explain", "informed", "enrol", "wards"}

func (a Act) String() string { return acts[a] }

// Prompt is what the screen says. The words are keys of the language files.
type Prompt uint8

const (
	PromptHome Prompt = iota
	PromptCloser
	PromptBack
	PromptStraight
	PromptLight
	PromptBright
	PromptStill
	PromptOne
	PromptWelcome   // the door is open
	PromptOtherWay  // not let in by face: use PIN or card, no reason given to bystanders
	PromptWrongPIN  // Count tries left before a wait
	PromptWait      // too many wrong tries: wait until Until
	PromptLook      // enrolment runs: Count of Of
	PromptEnrolled  // erased by itself at Until
	PromptNotTaken  // enrolment could not be done; the other ways stay
	PromptDeclined  // nothing was taken, nothing is lost
	PromptWithdrawn // unusable now, being erased
	PromptErased
	PromptNothing    // there is no face to withdraw
	PromptOldNotice  // the notice has changed: read it again
	PromptFaceRests  // face is not available now; PIN is
	PromptFaultAsk   // something is broken: ask the staff
	PromptNoNewcomer // staff PIN was wrong
	PromptTimeOut

	PromptAge         // staff must note the birth date before anybody can agree
	PromptGuardian    // a guardian must agree for this person
	PromptNotGuardian // this person cannot agree for that one
	PromptUnread      // the notice was not read to its end in this turn
	PromptInformed    // the changed notice is read; the consent goes on
	PromptRests       // this person's face rests; it is kept
	PromptResumed     // it is used again
	PromptRecorded    // the request is with the staff
	PromptDeleted     // face and birth date are being erased; the way in stays
	PromptNoted       // the birth date is noted
	PromptTwo         // it needs two different members of staff
	PromptNobody      // nobody has that number
	PromptDecided     // the request is answered
	PromptChanged     // the notice has changed: read it, and the face is used again

	PromptEyes     // open the eyes
	PromptSideways // turn to the light: one side of the face is dark
	PromptBoth     // the PIN was right, the face was not recognised
	PromptWays     // enrolment ended three times without a face: here are the other ways
	PromptNoClock  // no visit by the hour while the time is not trusted
)

var prompts = []string{"home", "closer", "back", "straight", "light", "bright", "still", "one", "welcome", "other-way",
	"wrong-pin", "wait", "look", "enrolled", "not-taken", "declined", "withdrawn", "erased", "nothing", "old-notice",
	"face-rests", "fault", "no-newcomer", "time-out", "age", "guardian", "not-guardian", "unread", "informed", "rests",
	"resumed", "recorded", "deleted", "noted", "two", "nobody", "decided", "changed",
	"eyes", "sideways", "both", "ways",
	"no-clock"}

func (p Prompt) String() string { return prompts[p] }

// ConsentState follows ISO/IEC TS 27560's event states.
type ConsentState uint8

const (
	ConsentNone ConsentState = iota
	ConsentGiven
	ConsentRefused
	ConsentWithdrawn
	ConsentExpired
	ConsentInvalidated

	// Lines of a person's own history only: they do not say where the consent stands.
	ConsentRequested
	ConsentErased
	ConsentInformed
	ConsentRestricted
	ConsentResumed
)

var consentStates = []string{"none", "given", "refused", "withdrawn", "expired", "invalidated", "requested", "erased",
	"informed", "restricted", "resumed"}

func (s ConsentState) String() string { return consentStates[s] }

// Method is how somebody asked to come in.
type Method uint8

const (
	MethodNone Method = iota
	MethodFace
	MethodPIN
	MethodCard
	MethodExit
)

var methods = []string{"none", "face", "pin", "card", "exit"}

func (m Method) String() string { return methods[m] }

// Outcome is the answer in one word. No score ever stands behind it outside the keeper.
type Outcome uint8

const (
	NoAnswer Outcome = iota
	Granted
	Denied
	Limited   // too many tries
	Suspended // this method rests
	Rejected  // a request that is not allowed or not understood
	Done
)

var outcomes = []string{"no-answer", "granted", "denied", "limited", "suspended", "rejected", "done"}

func (o Outcome) String() string { return outcomes[o] }

// Reason says why, without a face in it.
type Reason uint8

const (
	ReasonNone Reason = iota
	ReasonUnknown
	ReasonNotLive
	ReasonWrongPIN
	ReasonTooManyTries
	ReasonNoConsent
	ReasonWithdrawn
	ReasonExpired
	ReasonClock       // the time is not trusted
	ReasonNoCamera    // no frames
	ReasonUnconfined  // the kernel cannot hold the rooms apart
	ReasonNotSigned   // a request that must be signed was not
	ReasonOtherModel  // templates of another model
	ReasonDamaged     // a stored record did not open
	ReasonPersonAsked // the person's own act
	ReasonReplaced    // enrolled anew
	ReasonAmbiguous   // two people too close to each other

	// Why a face was erased, beside expired, withdrawn and no-consent.
	ReasonPurposeEnded // the person has no way in any more
	ReasonInactive     // not used for longer than the policy allows
	ReasonAge          // taken longer ago than the policy allows
	ReasonInterrupted  // a power cut fell into an erasure; its end at the next start
	ReasonLeaving      // the device was decommissioned
	ReasonStopped      // faces were stopped by hand

	// Why somebody stopped faces.
	ReasonIncident
	ReasonAuthority
	ReasonComplaint
	ReasonMaintenance

	// What a person, or somebody for them, has asked of the staff.
	ReasonCorrection
	ReasonExplanation
	ReasonRelative // a close relative of somebody who has died (PIPL, article 49)

	ReasonRestricted    // the person lets their face rest
	ReasonNoticeChanged // they have not been told of it yet, or are asked anew
	ReasonNoOtherWay    // face must not be the only way in (Measures 2025, article 10)
	ReasonAlone         // a child's record is read by two members of staff

	ReasonUndeclared // the place is not declared, or not confirmed any more

	ReasonNotJudged  // whether the face lives cannot be judged
	ReasonSecondSign // a face alone does not open for this person
	ReasonSameFace   // the face is stored under another name

	ReasonUnmeasured  // nobody has measured how well liveness is judged here
	ReasonSwitchedOff // by whoever wrote the config file

	ReasonUnassessed // no signed impact assessment holds for this door as it is

	// How near the number of stored people is to the one that must be filed.
	ReasonNear80
	ReasonNear95
	ReasonReached
	// Why a stay ended, and with it what somebody's face was kept for.
	ReasonVisitEnded
	ReasonLeaseEnded
	ReasonContractEnded

	// What somebody who can write the vault's files has done to a stored face, as far as it can be told. It opens in no case.
	ReasonMisplaced      // the record lies under another name than it was made for
	ReasonReplayed       // its key has died: it is of before an erasure or a new enrolment
	ReasonKeyChanged     // its key does not open
	ReasonOtherDevice    // it was made for another device
	ReasonPurposeChanged // it says another purpose than was agreed to
	ReasonExpiryChanged  // it says another end
	ReasonConsentChanged // it says another consent
	ReasonPutBack        // the whole file is of before an erasure

	ReasonGuardian // it was a guardian's act, not the person's own
	ReasonInfrared // a face must be seen by the infrared camera as well
)

var reasons = []string{"none", "unknown", "not-live", "wrong-pin", "too-many-tries", "no-consent", "withdrawn", "expired",
	"clock", "no-camera", "unconfined", "not-signed", "other-model", "damaged", "person-asked", "replaced", "ambiguous",
	"purpose-ended", "inactive", "age", "interrupted", "leaving", "stopped", "incident", "authority", "complaint", "maintenance",
	"correction", "explanation", "relative", "restricted", "notice-changed", "no-other-way", "alone", "undeclared",
	"not-judged", "second-sign", "same-face", "unmeasured", "switched-off", "unassessed", "near-80", "near-95", "reached",
	"visit-ended", "lease-ended", "contract-ended",
	"misplaced", "replayed", "key-changed", "other-device", "purpose-changed", "expiry-changed", "consent-changed", "put-back", "guardian", "infrared"}

func (r Reason) String() string { return reasons[r] }

// Kind is a line of the audit log that is not a decision at the door.
type Kind uint8

const (
	KindStarted Kind = iota
	KindNewcomer
	KindNoticeShown
	KindConsentGiven
	KindConsentRefused
	KindEnrolled
	KindEnrolmentFailed
	KindWithdrawn
	KindErased
	KindEraseFailed
	KindExportRefused
	KindOrderRejected
	KindRecordRead
	KindFaceMode // face came on or went to rest; Reason says why
	KindTemplateRefused
	KindDecision
	KindFaceStopped // by hand; Reason is what was given
	KindStopLifted  // by two members of staff
	KindLiftRefused
	KindLeaving // decommissioning began
	KindLeft    // and ended: nothing of anybody is left

	KindAgeNoted       // by staff; the date itself is nowhere in the log
	KindCopyTaken      // by the person
	KindRestricted     // the person's face rests, and is kept
	KindResumed        // its rest has ended
	KindInformed       // of a change of the notice
	KindInvalidated    // a consent, by a change of what was agreed to
	KindRequested      // something of the staff; Reason says what
	KindRequestDecided // Outcome says how; Head is the request's own line
	KindRecordLooked   // by staff; Method is none, Head says how many of them
	KindLookRefused    // somebody alone asked for a child's record

	KindLiveness // what a face is worth here, at every start; Commit is the hash of the table that says so
	KindSameFace // Who's face was shown by somebody with another name, and not stored unless both are marked
	KindMarked   // a face alone opens nothing for Who, from now on
	KindUnmarked

	KindConfigured // what faces are used for, and how, is another than before; Commit names it
	KindAssessed   // a signed impact assessment holds from here on; Commit is its hash
	KindCounted    // how many people's face is stored; Count says it, Reason that a mark was reached
	KindEvidence   // Count lines about somebody were handed out as evidence
	KindStay       // until when somebody belongs to this house
	KindStayEnded
	KindLogRenewed // the first entry of a log that took the place of a damaged one
)

var kinds = []string{"started", "newcomer", "notice-shown", "consent-given", "consent-refused", "enrolled",
	"enrolment-failed", "withdrawn", "erased", "erase-failed", "export-refused", "order-rejected", "record-read",
	"face-mode", "template-refused", "decision", "face-stopped", "stop-lifted", "lift-refused", "leaving", "left",
	"age-noted", "copy-taken", "restricted", "resumed", "informed", "invalidated", "requested", "request-decided",
	"record-looked", "look-refused", "liveness", "same-face", "marked", "unmarked",
	"configured", "assessed", "counted", "evidence",
	"stay", "stay-ended", "log-renewed"}

func (k Kind) String() string { return kinds[k] }

// Ask is what a request over the network is for.
type Ask uint8

const (
	AskUnknown Ask = iota
	AskExport      // a face of somebody, to a recipient
	AskOpen        // the door
	AskStatus      // send Status now
)

var asks = []string{"unknown", "export", "open", "status"}

func (a Ask) String() string { return asks[a] }

// FaceMode is whether faces are used now, and if not, why.
type FaceMode uint8

const (
	FaceOff        FaceMode = iota // not configured
	FaceOn                         // people who agreed are let in by face
	FaceStarting                   // not yet
	FaceRestClock                  // the time is not trusted
	FaceRestEye                    // no eye, no camera or no model
	FaceRestWalls                  // the kernel cannot hold the rooms apart
	FaceRestVault                  // the stored faces cannot be opened
	FaceRestLog                    // what happens could not be recorded
	FaceStopped                    // stopped by hand until two people lift it
	FaceVerify                     // the list is too long for a face alone: one is looked at only after a PIN
	FaceRestWays                   // no other way in works, and a face must not be the only one
	FaceRestSite                   // the place is not declared, or the look at the sign is more than a year ago
	FaceRestAssess                 // no signed impact assessment holds for this door as it is
)

var faceModes = []string{"off", "on", "starting", "rest-clock", "rest-eye", "rest-walls",
	"rest-vault", "rest-log", "stopped", "verify", "rest-ways", "rest-site", "rest-assessment"}

func (m FaceMode) String() string { return faceModes[m] }

// Reason is why faces rest, for a decision or a line of the log; ReasonNone while they do not.
func (m FaceMode) Reason() Reason {
	switch m {
	case FaceOff, FaceOn, FaceStarting, FaceVerify:
		return ReasonNone
	case FaceRestClock:
		return ReasonClock
	case FaceRestEye:
		return ReasonNoCamera
	case FaceRestWalls:
		return ReasonUnconfined
	case FaceStopped:
		return ReasonStopped
	case FaceRestWays:
		return ReasonNoOtherWay
	case FaceRestSite:
		return ReasonUndeclared
	case FaceRestAssess:
		return ReasonUnassessed
	}
	return ReasonDamaged
}

// Place is where the keeper stores something.
type Place uint8

const (
	PlacePeople Place = iota
	PlaceKeys
	PlaceConsents
	PlaceAudit
)

var places = []string{"people.db", "keys.db", "consent.db", "audit"}

func (p Place) String() string { return places[p] }

// Tier is where the device's secret lives, and so what erasing can destroy for good. Tier.Promise says so in words.
type Tier uint8

const (
	TierUnknown Tier = iota
	TierFile
	TierPassphrase
	TierCredential
	TierTPM
)

var tiers = []string{"unknown", "key-file", "passphrase", "credential", "tpm"}

func (t Tier) String() string { return tiers[t] }

// RuleSet is the law that was in force when something was decided, by the day it took effect. Package ruleset says
// which it was when.
type RuleSet uint8

const (
	RulesNone     RuleSet = iota // before the first of them
	Rules20210801                // the judicial provisions on face recognition
	Rules20211101                // and the PIPL
	Rules20250601                // and the Measures for the security management of face recognition technology
)

var ruleSets = []string{"none", "2021-08-01", "2021-11-01", "2025-06-01"}

func (r RuleSet) String() string { return ruleSets[r] }

// Filing is how near a device is to the number of people from which on its handler must file with the authority.
type Filing uint8

const (
	FilingFar     Filing = iota
	Filing80             // 80 in a hundred of it
	Filing95             // 95 in a hundred
	FilingReached        // and every day of the thirty counts
)

var filings = []string{"far", "near-80", "near-95", "reached"}

func (f Filing) String() string { return filings[f] }

// Part is a piece of a room's work.
type Part uint8

const (
	PartRoom   Part = iota // the room has checked its walls and begun
	PartPIN                // PINs open the door
	PartFace               // faces are looked for
	PartScreen             // the page answers
	PartBroker             // the broker is reached
)

var parts = []string{"room", "pin", "face", "screen", "broker"}

func (p Part) String() string { return parts[p] }

// FaultKind is something that stays wrong until somebody mends it.
type FaultKind uint8

const (
	FaultNone FaultKind = iota
	FaultModel
	FaultCamera
	FaultVault
	FaultAudit
	FaultDoor
	FaultAccess // the PINs were damaged and set aside
	FaultDisk   // nearly full: nobody is enrolled any more
	FaultKeys   // the keysmith gives no key for faces
	FaultErase  // a face that had to be erased could not be yet; it is tried again
	FaultWays   // no other way in works, so faces rest
	FaultLook   // somebody alone asked for a child's record
	FaultBirths // the birth dates were damaged and set aside
)

var faults = []string{"none", "model", "camera", "vault", "audit", "door", "access", "disk", "keys", "erasing", "ways", "look",
	"births"}

func (f FaultKind) String() string { return faults[f] }
