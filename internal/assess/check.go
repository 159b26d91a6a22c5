package assess

import (
	"fmt"
	"strings"
	"time"

	"example.org/edged/internal/site"
	"example.org/edged/internal/wire"
)

// least is how much a text must say, in letters; a Han character counts twice.
const least = 16

// Check gives every reason why a form cannot be signed.
func (f Form) Check() (all []site.Defect) {
	said := map[string]string{}
	for _, t := range f.texts() {
		what := site.Hollow(t.text, least)
		if at, twice := said[t.text]; what == "" && twice {
			what = "repeats " + at + " word by word"
		}
		if said[t.text] = t.key; what != "" {
			all = append(all, site.Defect{Field: t.key, What: what, Fix: t.asks})
		}
	}
	c := f.Claims
	claim := func(bad bool, key, what, fix string) {
		if bad {
			all = append(all, site.Defect{Field: "claims." + key, What: what, Fix: fix})
		}
	}
	claim(c.RetentionDays < 1, "retention_days", "is missing", "write for how many days a face is kept, as in face.keep")
	claim(c.PicturesKept, "pictures_kept", "is true, and this device keeps none", "write false")
	claim(c.LeavesDevice, "leaves_device", "is true, and no face leaves this device", "write false")
	claim(tierOf(c.Keys) == wire.TierUnknown, "keys", fmt.Sprintf("%q is no tier", c.Keys), "write key-file, passphrase, credential or tpm; `edged check` tells which it is")
	return all
}

type text struct{ key, text, asks string }

// texts are the questions, as the form asks them.
func (f Form) texts() []text {
	return []text{
		{"purpose.lawful", f.Purpose.Lawful, "which law or whose separate consent allows it?"},
		{"purpose.proper", f.Purpose.Proper, "why may people expect it here, and what is it never used for?"},
		{"purpose.necessary", f.Purpose.Necessary, "why is card or PIN not enough at this door?"},
		{"effect.on_rights", f.Effect.OnRights, "what does it do to the people who pass, and to those who refuse?"},
		{"effect.reduced", f.Effect.Reduced, "what was done to reduce that, and how do you know that it works?"},
		{"risk.leak", f.Risk.Leak, "how could a face get out, and how likely is that here?"},
		{"risk.tampering", f.Risk.Tampering, "who could change records, and how would it be noticed?"},
		{"risk.loss", f.Risk.Loss, "what if records are lost or destroyed?"},
		{"risk.misuse", f.Risk.Misuse, "who could take, sell or use them against the law?"},
		{"risk.harm", f.Risk.Harm, "what harm would people have from each of these?"},
		{"protection.lawful", f.Protection.Lawful, "do the protections keep to the law?"},
		{"protection.effective", f.Protection.Effective, "how was it checked that they work?"},
		{"protection.proportionate", f.Protection.Proportionate, "do they fit the risk, neither less nor more?"},
	}
}

// Self is what the device finds true of itself.
type Self struct {
	RetentionDays int
	Encrypted     bool
	OtherWay      bool
	RoomsApart    bool
	Keys          wire.Tier
	TellsABroker  bool
}

// conflicts are the claims that are better than the truth.
func (c Claims) conflicts(s Self) (all []string) {
	add := func(bad bool, format string, args ...any) {
		if bad {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	add(c.RetentionDays != s.RetentionDays, "it says that a face is kept %d days, and it is kept %d", c.RetentionDays, s.RetentionDays)
	add(c.Encrypted && !s.Encrypted, "it says that faces are encrypted, and they are not")
	add(c.OtherWay && !s.OtherWay, "it says that there is another way in, and there is none")
	add(c.RoomsApart && !s.RoomsApart, "it says that the kernel holds the rooms apart, and it cannot")
	add(tierOf(c.Keys) > s.Keys && s.Keys != wire.TierUnknown, "it says that the keys are kept by tier %s, and they are kept by tier %s", c.Keys, s.Keys)
	add(!c.TellsABroker && s.TellsABroker, "it says that nothing is told to a broker, and a broker is told")
	return all
}

func tierOf(word string) (t wire.Tier) {
	if t.UnmarshalText([]byte(word)) != nil {
		return wire.TierUnknown
	}
	return t
}

// Rest is why no face may be used on this assessment, and what to do; both are empty where one may. incident is the
// time of the last incident, zero where there was none since the assessment was recorded.
func (a *Assessment) Rest(now time.Time, door Bound, self Self, incident time.Time) (what, do string) {
	const renew = "look at it anew and sign it: edged assess draft, then edged assess sign"
	if a == nil {
		return "there is no signed impact assessment", "write one: edged assess draft, fill it in, edged assess sign"
	}
	wrong, other, claims := a.Form.Check(), a.Bound.Differs(door), a.Form.Claims.conflicts(self)
	switch {
	case a.Signed.Seal != a.seal():
		return "the impact assessment was changed after it was signed", renew
	case a.Bound.Device != door.Device || a.Bound.Site != door.Site:
		return fmt.Sprintf("the impact assessment is of another door (%s at %s)", a.Bound.Device, a.Bound.Site), "make one for this door: edged assess draft"
	case len(wrong) > 0:
		return "the impact assessment lacks a part: " + wrong[0].Field + " " + wrong[0].What, renew
	case a.Signed.Name == "" || a.Signed.Post == "":
		return "nobody has signed the impact assessment", renew
	case a.Signed.At.Sub(now) > 24*time.Hour: // as much as two clocks may differ
		return "the impact assessment was signed in the future", renew
	case len(other) > 0:
		return "the impact assessment speaks of another way of doing it: " + strings.Join(other, "; "), renew
	case len(claims) > 0:
		return "the impact assessment and the device contradict each other: " + strings.Join(claims, "; "), renew
	case !incident.IsZero() && !a.Signed.At.After(incident):
		return "there was an incident after the impact assessment was signed", renew
	}
	return "", ""
}
