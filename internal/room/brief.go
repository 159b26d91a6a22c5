// Package room is how every room begins and ends: it reads the brief that the hall wrote, checks that its walls hold,
// picks up the descriptors it was given, and runs. It never lets a room run whose walls do not hold.
//
// More than five names are exported: the six briefs below are, side by side, everything that each room is told.
package room

import (
	"time"

	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

// Eye is what the eye is told.
type Eye struct {
	Models   Pack
	Camera   Camera
	Infrared Camera // a second camera, of near infrared; no Kind: there is none
	Zone     Zone
	Measure  *Measure // set: no camera, measure these pictures instead
}

// Pack is a model pack: where its files lie and what they must be. See internal/models for the manifest.
type Pack struct {
	Dir   string
	Name  string
	Files map[string]ModelFile // by role: detector, landmarks, liveness, feature
}

// ModelFile is one file of a pack.
type ModelFile struct {
	Name   string
	SHA256 string // hex

	Kind        string  // of a detector: how its answers are read; "" means rfb
	Channels    string  // of a feature model: BGR or RGB,
	Mean, Scale float64 // what (value − mean) / scale makes of a pixel; all zero means the default pack's,
	Length      int     // and how many numbers it answers; 0 means 512
}

// Camera is where frames come from.
type Camera struct {
	Kind   string        // "v4l2", "pictures" or "lens"
	Folder string        // pictures: the folder, read-only to the eye
	Every  time.Duration // pictures: time between frames
	Width  int           // v4l2: wanted size
	Height int
	FPS    int
	Silent time.Duration // no frame for this long is a fault; 0 means 2 s
	MaxAge time.Duration // a frame older than this is thrown away; 0 means 1 s
}

// Zone is where a face must be to be looked at, as fractions of the frame, and how large.
type Zone struct {
	Left, Top, Right, Bottom float64       // 0..1; all zero means the whole frame
	MinEyeDistance           int           // pixels; 0 means 24
	Dwell                    time.Duration // how long somebody stands there before anything is computed of their face
}

// Measure lists pictures to measure, read from a folder; answers go out on the wire "measure".
type Measure struct {
	Folder   string
	Pictures []string
	Liveness bool
}

// Lens is what the lens is told.
type Lens struct {
	Source string        // a path, or rtsp://host:port/path
	Silent time.Duration // longest wait for one frame; 0 means 2 s
	Loop   bool          // a file begins again at its end
}

// Keeper is what the keeper is told.
type Keeper struct {
	Device, Site string
	Folder       string // state, its own, mode 0700
	Notice       []byte // the notice as package notice parses it
	Built        time.Time
	Door         Door
	PIN          PIN
	Consent      Consent
	Face         *Face             // nil: no face at this door
	Declared     *site.Declaration // the place as whoever installed the door declared it; without it face rests
	Assessment   []byte            // the signed impact assessment as package assess parses it; without one face rests
	Staff        []Staff
	Visit        time.Duration // the longest that a visit may be
	Fleet        bool          // a courier listens
	Walls        bool          // the kernel holds the rooms apart; without it face rests
	MadeUp       int           // set: guard no door; fill the folder with so many people who do not exist, and measure
	Churn        *Churn        // set with MadeUp: let many come and go instead, and see how large the files become
	Search       *Search       // set: guard no door; measure the search and say what it gave
	Offset       time.Duration
	KeyPatience  time.Duration // for one answer of the keysmith; 0 means 8 s
	PadSilence   time.Duration // after which the PIN pad counts as dead; 0 means 20 s
	Stop         *Stop         // nil: none came
	Leave        bool          // guard no door: destroy all there is of anybody, and certify it
}

// Churn is how much passes through a keeper that is measured.
type Churn struct {
	Come   int // people who are enrolled and erased, while MadeUp of them stay
	Events int // lines of the audit log
}

// Consent is how people are asked.
type Consent struct {
	GuardianUntil int           // years; below it a guardian agrees; 0 means the law's floor, 14
	Reading       time.Duration // the least time for reading the notice
}

// Stop is an order to stop faces that came while there was no keeper to hear it.
type Stop struct {
	ID  [16]byte
	Why wire.Reason
}

// Search is a measurement among people who do not exist.
type Search struct {
	People  int
	Queries int // of people who are there, and as many of others
	Seed    uint64
}

// Door is the one door.
type Door struct {
	Driver string // "virtual": every change is a line on the descriptor "relay"
	Pulse  time.Duration
}

// PIN is the way in that everybody has.
type PIN struct {
	Digits      int           // of a newly drawn PIN; 0 means 8
	FreeTries   int           // wrong tries in a row before a wait; 0 means 5
	FirstWait   time.Duration // then doubled; 0 means 30 s
	LongestWait time.Duration
}

// Face is how faces are used at this door.
type Face struct {
	Model     string        // SHA-256 of the feature model, hex
	Level     string        // "default" or "strict"
	Frames    int           // sightings in a row that must agree; 0 means 3
	EnrolFrom int           // good frames that a template is made of; 0 means 5
	Keep      time.Duration // retention; the notice states the same
	Inactive  time.Duration // a face nobody has used for so long is erased; 0 means never
	Age       time.Duration // a face taken so long ago is erased, whatever was agreed; 0 means never
	Live      float64       // least mean liveness over Frames; 0 means 0.05
	Turn      uint32        // raised by one, all templates are turned anew at the next start; 0 means 1
	Margin    float64       // more alike than anybody else by this much
	People    string        // whose impostor curve counts: "cohort" or "mixed"; "" means cohort
	Tries     float64       // a day, by somebody who is not in the list; 0 means 1
	Years     float64       // one false opening in so many; 0 means 10
	Alone     bool          // a face opens without another sign; otherwise one is looked at only after a PIN
	Table     [32]byte      // SHA-256 of the liveness table that says so; zero where none does
	Patience  time.Duration // for whoever has typed a PIN to be recognised; 0 means 10 s
	Infrared  bool          // a second camera must see the face in near infrared
	Challenge bool          // the light of the screen must be seen on the face
	Unjudged  bool          // the liveness model is switched off; then no face opens alone
}

// Staff may let newcomers get a PIN.
type Staff struct {
	Name string
	Hash string // as printed by `edged pin`
}

// Kiosk is what the kiosk is told.
type Kiosk struct {
	Address   string // as bound by the hall, for checking Host and Origin
	Languages []string
	Notice    []byte
	Preview   bool
	Face      bool
	Visit     time.Duration // the longest visit that the page offers
	Offset    time.Duration // of the door's own time from UTC, in which dates are shown
	Voice     []Recording   // what lies in the descriptor "voice"; none: the screen is silent
}

// Recording is one text of the screen, spoken.
type Recording struct {
	Language string
	Key      string // of the text
	Kind     string // .ogg, .mp3 or .wav
	At, Len  int64  // where it lies in the descriptor
}

// Courier is what the courier is told.
type Courier struct {
	Device, Site  string
	Broker        string // tcp://host:port or ssl://host:port
	User          string
	Password      string
	CA, Cert, Key string // PEM files; empty where not used
	Folder        string // outbox, its own
	Version       string
}

// Keysmith is what the keysmith is told. What holds the keys comes as descriptors: "tpm", "credential", "passphrase".
type Keysmith struct {
	Folder   string // sealed generations, its own, mode 0700
	Tier     string // "auto", "tpm", "credential", "passphrase" or "key-file"
	TPMThere bool   // this machine has a TPM, also when it could not be opened
	Bare     bool   // the TPM is reached without a resource manager, and nobody else uses it
}
