package dossier

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// Evidence is what a handler shows a court about one person: whether they were a minor, how they were told and agreed,
// and how necessary it was (judicial provisions 2021, article 3), from the lines of the log and what these name.
type Evidence struct {
	Common
	Who   wire.Pseudonym `json:"who"`
	Vouch *uint64        `json:"vouch"` // the line in which the device says how many lines there are about them
}

// Gather takes all lines about somebody, and those that say on what their face was handled.
func (v *Evidence) Gather(dir string) error {
	x, err := audit.Take(dir, func(_ uint64, e audit.Entry) bool {
		return e.Who == v.Who || e.Kind == wire.KindAssessed || e.Kind == wire.KindConfigured
	})
	if err != nil {
		return err
	}
	v.Schema, v.Kind, v.Log = schema, "evidence", x
	if v.Who == (wire.Pseudonym{}) {
		return errors.New("this is nobody's pseudonym")
	}
	for _, l := range x.Lines {
		if e, err := audit.ParseLine(l.Entry); err == nil && e.Who == v.Who {
			return nil
		}
	}
	return errors.New("the log has no line about this pseudonym: it is the 32 digits that events and receipts have")
}

// CheckEvidence checks evidence offline and answers the court's questions from nothing but what is proved.
func CheckEvidence(b []byte, publicKey string) ([]Answer, error) {
	var v Evidence
	if err := decode(b, &v); err != nil {
		return nil, err
	}
	o, err := v.open(publicKey)
	if err != nil {
		return nil, err
	}
	return []Answer{v.complete(o), v.minor(o), v.told(o), v.necessary(o), v.ended(o)}, nil
}

func (v *Evidence) about(o opened, kinds ...wire.Kind) []uint64 {
	return o.find(func(e audit.Entry) bool {
		for _, k := range kinds {
			if e.Kind == k && e.Who == v.Who {
				return true
			}
		}
		return false
	})
}

// complete: a line that was left out cannot be seen in those that are there; the device itself says how many there are.
func (v *Evidence) complete(o opened) Answer {
	const asks = "whether these are all lines about this person"
	if v.Vouch == nil {
		return Answer{asks, false, "cannot be proved: the device was not asked to vouch for it (edged was not running)"}
	}
	vouch, there := o.lines[*v.Vouch]
	if !there || vouch.Kind != wire.KindEvidence || vouch.Who != v.Who {
		return Answer{asks, false, "cannot be proved: the line in which the device vouches for it is missing"}
	}
	before := o.find(func(e audit.Entry) bool { return e.Who == v.Who })
	n := uint64(0)
	for _, i := range before {
		if i < *v.Vouch {
			n++
		}
	}
	if n != vouch.Count {
		return Answer{asks, false, fmt.Sprintf("cannot be proved: the device says that there are %d lines, and here are %d", vouch.Count, n)}
	}
	return Answer{asks, true, fmt.Sprintf("%d lines up to %s, all of them here", n, day(vouch))}
}

// minor: the date itself is nowhere in the log. What is there is that staff have noted an age, and whose act each consent
// was; the device takes a consent from nobody who is under age, nor from a guardian of somebody who is not.
func (v *Evidence) minor(o opened) Answer {
	const asks = "whether the person was a minor"
	noted, given := v.about(o, wire.KindAgeNoted), v.about(o, wire.KindConsentGiven)
	if len(noted) == 0 {
		return Answer{asks, false, "cannot be proved: staff have noted nothing about their age"}
	}
	says := "staff noted their age on " + day(o.lines[noted[0]])
	for _, i := range given {
		if i < noted[0] {
			return Answer{asks, false, fmt.Sprintf("cannot be proved: somebody agreed (line %d) before staff noted an age (line %d)", i, noted[0])}
		}
		whose := "they agreed for themselves"
		if o.lines[i].Reason == wire.ReasonGuardian {
			whose = "their guardian agreed"
		}
		says += fmt.Sprintf("; %s on %s (line %d)", whose, day(o.lines[i]), i)
	}
	return Answer{asks, true, says}
}

// told: every face that was taken rests on a consent to a notice, and the notice enclosed is the one that was agreed to.
func (v *Evidence) told(o opened) Answer {
	const asks = "how the person was told and agreed"
	given, taken := v.about(o, wire.KindConsentGiven), v.about(o, wire.KindEnrolled)
	if len(taken) == 0 {
		return Answer{asks, true, "no face of theirs was ever stored"}
	}
	var says []string
	for _, i := range taken {
		before := uint64(0)
		found := false
		for _, g := range given {
			if g < i && o.lines[g].Consent == o.lines[i].Consent {
				before, found = g, true
			}
		}
		if !found {
			return Answer{asks, false, fmt.Sprintf("cannot be proved: no line shows the consent on which a face was stored (line %d)", i)}
		}
		says = append(says, fmt.Sprintf("agreed on %s (line %d), stored after that (line %d)", day(o.lines[before]), before, i))
	}
	last := o.lines[given[len(given)-1]]
	if o.notice == nil || audit.Hash(o.notice.Hash()) != last.Notice {
		return Answer{asks, false, "cannot be proved: the notice enclosed is not the one that was agreed to last"}
	}
	return Answer{asks, true, strings.Join(says, "; ") + "; to the notice that is enclosed"}
}

func (v *Evidence) necessary(o opened) Answer {
	const asks = "how necessary it was"
	at, ok := o.assessedAt()
	if !ok {
		return Answer{asks, false, "cannot be proved: the log does not name the assessment that is enclosed"}
	}
	for _, i := range v.about(o, wire.KindEnrolled) {
		first := o.kind(wire.KindAssessed)
		if i < first[0] {
			return Answer{asks, false, fmt.Sprintf("cannot be proved: a face was stored (line %d) before anything was assessed (line %d)", i, first[0])}
		}
	}
	return Answer{asks, true, fmt.Sprintf("assessed before (line %d): %s", at, o.assessment.Form.Purpose.Necessary)}
}

// ended: whether what had to be erased was.
func (v *Evidence) ended(o opened) Answer {
	const asks = "what became of the face"
	all := v.about(o, wire.KindEnrolled, wire.KindWithdrawn, wire.KindErased, wire.KindEraseFailed)
	if len(all) == 0 {
		return Answer{asks, true, "none was stored"}
	}
	switch last := o.lines[all[len(all)-1]]; last.Kind {
	case wire.KindErased:
		return Answer{asks, true, fmt.Sprintf("erased on %s (%s); keys: %s", day(last), last.Reason, last.Tier)}
	case wire.KindEnrolled:
		return Answer{asks, true, "stored, until " + date(time.Unix(last.Until, 0))}
	default:
		return Answer{asks, false, "cannot be proved: it had to be erased, and no line shows that it was"}
	}
}
