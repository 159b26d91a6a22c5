package wire

// Number is how people name somebody aloud or on paper: twelve digits cut from the pseudonym. It opens nothing.
type Number uint64

// Numbers is how many there are.
const Numbers = 1_000_000_000_000

// Number of a pseudonym. Two people may have the same one; then it names nobody.
func (p Pseudonym) Number() Number {
	var n uint64
	for _, b := range p[:7] {
		n = n<<8 | uint64(b)
	}
	return Number(n % Numbers)
}

// Age is how old somebody is, as a member of staff has seen it on paper. The zero Age says nothing.
type Age struct {
	Adult bool   // 18 or older, without a date: all that most doors need to know
	Born  uint32 // otherwise the birth date as yyyymmdd; 0 when it was not asked
}

func (a *Age) fields(c *codec) {
	c.flag(&a.Adult)
	c.u32(&a.Born)
}

// AgeBand is all that anybody outside the keeper learns of an age.
type AgeBand uint8

const (
	AgeUnknown AgeBand = iota
	AgeChild           // under 14
	AgeMinor           // 14 to 17
	AgeAdult
)

var ageBands = []string{"unknown", "child", "minor", "adult"}

func (a AgeBand) String() string { return ageBands[a] }

// Relation is what makes somebody the guardian of another (Civil Code, articles 27 and 28). The set is closed.
type Relation uint8

const (
	RelationNone Relation = iota
	RelationParent
	RelationGrandparent
	RelationSibling
	RelationSpouse
	RelationAppointed // by a court, a residents' committee or a will
)

var relations = []string{"none", "parent", "grandparent", "sibling", "spouse", "appointed"}

func (r Relation) String() string { return relations[r] }

// Attest is what more than one PIN, or a PIN of staff, is typed for.
type Attest uint8

const (
	AttestGuardian Attest = iota // a guardian agrees for somebody. PINs: the guardian's, that person's, staff's
	AttestAge                    // staff have seen how old somebody is. PINs: that person's, staff's
	AttestRelative               // a relative of somebody who has died asks. Number. PINs: staff's
	AttestApprove                // staff other than who took the request grant it. Number. PINs: staff's
	AttestRefuse                 // or do not. Number. PINs: staff's
	AttestRequests               // show me what has been asked. PINs: staff's
	AttestLook                   // show me the record of somebody who has asked. Number. PINs: staff's, a second one's
)

var attests = []string{"guardian", "age", "relative", "approve", "refuse", "requests", "look"}

func (a Attest) String() string { return attests[a] }

// Attested is an act that needs more than one person, or a member of staff. All PINs come in one word: nothing of it
// is done unless each is right, and none is kept waiting for the others.
type Attested struct {
	Session  Session
	Act      Attest
	Notice   [32]byte // the notice that a guardian agreed to; zero for other acts
	Lang     [2]byte
	Relation Relation // of the guardian
	Age      Age      // for AttestAge
	Number   Number   // of whom it is about, where no PIN of theirs says so
	First    Typed
	Second   Typed
	Third    Typed
}

func (*Attested) number() number { return nAttested }
func (*Attested) kioskSays()     {}
func (w *Attested) fields(c *codec) {
	c.u64((*uint64)(&w.Session))
	enum(c, &w.Act, attests)
	c.bytes(w.Notice[:])
	c.bytes(w.Lang[:])
	enum(c, &w.Relation, relations)
	w.Age.fields(c)
	c.u64((*uint64)(&w.Number))
	for _, t := range []*Typed{&w.First, &w.Second, &w.Third} {
		c.digits(&t.Len, &t.Digits)
	}
}

// Alive says that the screen takes PINs. Where the keeper does not hear it any more, the pad is dead, and a face must
// not stay the only way in.
type Alive struct{}

func (*Alive) number() number  { return nAlive }
func (*Alive) kioskSays()      {}
func (*Alive) fields(c *codec) {}

// Paper tells the keeper of a consent that somebody has signed on paper: whose, which text, and the hash of the
// document, which the member of staff keeps.
type Paper struct {
	ID       [16]byte
	Number   Number
	Document [32]byte
	Lang     [2]byte
	PIN      Typed // of staff
}

func (*Paper) number() number { return nPaper }
func (*Paper) roomHears()     {}
func (w *Paper) fields(c *codec) {
	c.bytes(w.ID[:])
	c.u64((*uint64)(&w.Number))
	c.bytes(w.Document[:])
	c.bytes(w.Lang[:])
	c.digits(&w.PIN.Len, &w.PIN.Digits)
}
