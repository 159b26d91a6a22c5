// Package comply holds the articles of the law as checks: what each asks in a sentence, how the device keeps to it, and
// what it can show for that. It never calls a thing kept that it has not looked at: what no machine can know is named,
// with who must confirm it, and what it cannot find out is not green.
//
// Not legal advice: a reading for engineers. More than five names are exported: the checks, what they look at, and what
// they find.
package comply

import (
	"slices"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/count"
	"example.org/edged/internal/site"
)

// Standing is what a check found.
type Standing string

const (
	Holds   Standing = "holds"
	Fails   Standing = "does not hold"
	Confirm Standing = "people confirm" // cannot be known by a machine; what it can know holds
)

// A Check is one row of the law.
type Check struct {
	ID      string
	Class   string // E: the forbidden thing cannot happen; P: can be shown to others; R: people are reminded
	EN, ZH  string // the duty in a sentence, in our own words
	Control string // how the device keeps to it
	Who     string // who must confirm what no machine can know; empty where nothing is left over
	Follows string // the check that this row stands and falls with
	Tests   []string
	look    func(*Facts) (wrong, evidence string)
}

// A Finding is what a check found on one device.
type Finding struct {
	ID       string   `json:"id"`
	Class    string   `json:"class"`
	EN       string   `json:"duty"`
	ZH       string   `json:"duty_zh"`
	Standing Standing `json:"standing"`
	Evidence string   `json:"evidence"`
	Who      string   `json:"who,omitempty"`
	Tests    []string `json:"tests,omitempty"`
}

// A Report is all of them.
type Report struct {
	Device   string    `json:"device"`
	Site     string    `json:"site"`
	Version  string    `json:"version"`
	At       time.Time `json:"at"`
	Rules    string    `json:"rules"`
	Held     int       `json:"hold"`
	Failed   int       `json:"do_not_hold"`
	Asked    int       `json:"people_confirm"`
	Findings []Finding `json:"findings"`
}

// Checks are all rows, in the order of the law.
func Checks() []Check { return slices.Concat(measures(), protection(), judicial(), support()) }

// Judge looks at the facts with every check.
func Judge(f *Facts) Report {
	r := Report{Device: f.Device, Site: f.Declared.ID, Version: f.Version, At: f.At.UTC().Truncate(time.Second), Rules: f.Rules}
	by := map[string]Finding{}
	all := Checks()
	for _, c := range all {
		if c.Follows == "" {
			by[c.ID] = c.judge(f)
		}
	}
	for _, c := range all {
		found, ok := by[c.ID]
		if !ok {
			first := by[c.Follows]
			found = Finding{ID: c.ID, Class: c.Class, EN: c.EN, ZH: c.ZH, Standing: first.Standing, Evidence: "as " + c.Follows + ": " + first.Evidence, Who: first.Who, Tests: c.Tests}
		}
		switch found.Standing {
		case Holds:
			r.Held++
		case Fails:
			r.Failed++
		default:
			r.Asked++
		}
		r.Findings = append(r.Findings, found)
	}
	return r
}

func (c Check) judge(f *Facts) Finding {
	found := Finding{ID: c.ID, Class: c.Class, EN: c.EN, ZH: c.ZH, Standing: Holds, Who: c.Who, Tests: c.Tests}
	if c.look != nil {
		var wrong string
		if wrong, found.Evidence = c.look(f); wrong != "" {
			found.Standing, found.Evidence = Fails, wrong
			return found
		}
	}
	if c.Who != "" {
		found.Standing = Confirm
	}
	if found.Evidence == "" {
		found.Evidence = c.Control
	}
	return found
}

// Facts are what was found on one device. They are plain, so that a report can be made and tried anywhere.
type Facts struct {
	Version, Device, Rules string
	At                     time.Time
	Face                   bool // a face may open the door
	Declared               site.Declaration
	Unplaced               string // why the place lets no face be used
	OtherWays              []string
	Zone                   bool // a zone or a least size keeps passers-by out
	KeepDays, NoticeDays   int
	MaxAgeDays, IdleDays   int
	NoticeHash             string
	NoticeWrong            string
	Handler, Contact       string
	Complaint              string
	Languages              []string
	Unassessed             string // why the assessment does not hold
	AssessedBy             string
	Necessity              string
	Models                 string // what is wrong with the model pack
	StrayModels            int    // networks in the model folder that no pack names
	Liveness               string // what a face alone is worth
	Unjudged               bool   // the liveness model is switched off
	Tier                   string
	Seccomp, Landlock      bool
	Medium                 string // why the state folder is not on a disk of this device
	Open                   string // why the keeper's folder is open to others
	Traces                 string // why the log of passages is open to others
	SetAside               int    // files of the keeper's that were found damaged
	CopiesMissing          int    // assessments that the log names and the folder lacks
	AtEnd                  string // what the notice says of it
	Pictures               int    // files below the state folder that are pictures
	Dumpable               bool   // a core dump of a room could be written
	Broker, Clear          bool   // events go to a broker; in the clear to another machine
	Staff                  int
	Clock                  string // what is wrong with the stored time
	Programs               map[string]Program
	Count                  count.State
	FileBy                 string
	Overdue                bool // the filing was due and none was noted
	Calendar               bool // this year's working days are known
	Log                    Log
	Probes                 map[string]string // what went wrong when this program was tried against a rule; "" where nothing did
}

// A Program is one of the rooms' programs as it lies on this machine.
type Program struct {
	CGO     bool
	Modules []string // of others, that are linked into it
}

// Log is what the audit log tells of itself.
type Log struct {
	There            bool
	Wrong            string // it does not fit its own signed head
	Size             uint64
	Oldest, Newest   time.Time
	Kinds            map[string]uint64
	FirstAssessed    uint64
	FirstEnrolled    uint64
	Assessed         bool
	Enrolled         uint64
	WithoutConsent   int // faces that were stored without a consent before
	WithoutNotice    int // consents that name no notice
	WithoutEnd       int // faces that were stored without an end
	Overdue          int // faces that should have gone, by their own end, and have not
	NotErased        int // people who withdrew and whose face no line shows erased
	Owed             int // erasures that failed and have not worked since
	WithoutTier      int // erasures that do not say what held the key
	FaceWhileResting int // doors opened by face while faces rested
	OtherRules       int // lines that name another law than was in force
	Backwards        int // lines whose trusted time is before the one before
	Exported         int // faces handed to anybody
	Stopped, Lifted  int
	Incidents        int // since the last assessment
	Assessments      []audit.Hash
	NoWay            int // times that no other way in worked
}

// only tells whether a program links no module but those that are known.
func (f *Facts) only(program string, modules ...string) string {
	p, ok := f.Programs[program]
	if !ok {
		return "edged-" + program + " cannot be looked at"
	}
	for _, m := range p.Modules {
		if !slices.Contains(modules, m) {
			return "edged-" + program + " links " + m
		}
	}
	if p.CGO {
		return "edged-" + program + " links C"
	}
	return ""
}

// Looks tells whether a machine looks at anything for this row; otherwise all of it is for people.
func (c Check) Looks() bool { return c.look != nil }
