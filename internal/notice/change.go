package notice

import (
	"maps"
	"slices"
)

// A Class is what a change of the notice asks of the device.
type Class uint8

const (
	Same     Class = iota // not one word differs in what people were told
	Inform                // people are told again before their face is used again; what they agreed to stands
	AskAgain              // what they agreed to has changed: their consent is void, and they may be asked anew
)

func (c Class) String() string { return [...]string{"same", "inform", "ask-again"}[c] }

// A Change is the difference between two notices.
type Change struct {
	Class    Class
	Fields   []string // what differs, by its name in the file
	Reassess bool     // the impact assessment was made for something else
}

// basic are the texts that say what is agreed to: by whom, for what, how, of what, and what leaves the device. Any
// other word of them asks again (PIPL, article 14, for purpose, method and kind; article 23 for who gets it). That a
// typing error put right asks again as well is meant: no program can tell one from the other.
var basic = []string{"handler", "purpose", "method", "data", "leaves_device"}

// Since compares the notice with an older one. A language that is added tells nobody anything new.
func (n *Notice) Since(old *Notice) Change {
	var c Change
	note := func(field string, class Class) {
		c.Class = max(c.Class, class)
		if !slices.Contains(c.Fields, field) {
			c.Fields = append(c.Fields, field)
		}
	}
	if n.Purpose != old.Purpose {
		note("purpose", AskAgain)
	}
	if !slices.Equal(n.Data, old.Data) {
		note("data", AskAgain)
	}
	if n.Leaves != old.Leaves {
		note("leaves_device", AskAgain)
	}
	c.Reassess = c.Class == AskAgain
	if n.RetentionDays != old.RetentionDays { // each consent goes on to its own end, which was promised with it
		note("retention_days", Inform)
		c.Reassess = true
	}
	for _, language := range slices.Sorted(maps.Keys(old.Text)) {
		now, still := n.Text[language]
		if !still {
			note("text."+language, Inform)
			continue
		}
		before, after := old.Text[language].fields(), now.fields()
		for i := range before {
			switch {
			case before[i].text == after[i].text:
			case slices.Contains(basic, before[i].name):
				note("text."+language+"."+before[i].name, AskAgain)
				c.Reassess = c.Reassess || before[i].name == "purpose" || before[i].name == "method"
			default:
				note("text."+language+"."+before[i].name, Inform)
			}
		}
	}
	return c
}
