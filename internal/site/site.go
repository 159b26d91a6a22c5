// Package site is what whoever installs a door declares about the place: what it is, why a face is needed beside the
// PIN, which sign hangs there and who looked at it last. It never lets a face be used where people sleep, wash, change
// or relieve themselves, whatever words the place is called by.
//
// A lie cannot be stopped by a program; it can be made somebody's signed word, and that is what a declaration is.
package site

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Declaration is the installer's word. It is kept with the impact assessment and shown to whoever inspects.
type Declaration struct {
	ID        string    `json:"id"`
	Place     string    `json:"place"`     // of the closed list: Places and, to be refused by name, the private ones
	Public    bool      `json:"public"`    // whether anybody may be there who is not known
	Necessity string    `json:"necessity"` // why the PIN alone does not do (Measures 2025, article 4)
	Safety    string    `json:"safety"`    // in a public place: what public safety needs it (article 13)
	Sign      string    `json:"sign"`      // what the sign says and where it hangs (article 13)
	Confirmed time.Time `json:"confirmed"` // the day somebody last saw the sign hanging
	Area      string    `json:"area"`      // where a face is looked at, in words
	By        string    `json:"by"`        // who declares this
}

// A Defect is one thing that is wrong with a declaration.
type Defect struct{ Field, What, Fix string }

// yearly is how long the look at the sign counts: a year and a day, so that the same day next year is not too late.
const yearly = 366 * 24 * time.Hour

// kinds of places. Whether one is public follows from the place itself, or is the installer's to say.
var places = []struct {
	name   string
	public bool // always: business and public venues (judicial provisions 2021, article 2)
}{
	{"home", false}, {"residential-gate", false}, {"office", false}, {"factory", false}, {"school", false}, {"dormitory-gate", false},
	{"hotel-lobby", true}, {"shop", true}, {"bank", true}, {"station", true}, {"airport", true}, {"stadium", true},
	{"entertainment", true}, {"hospital", true}, {"public-building", true},
}

// private are the places inside which no such device may stand (Measures 2025, article 13), with the words people use
// for them. The list of Places is closed, so these words open nothing; they make the refusal say why.
var private = []struct {
	name  string
	words []string
}{
	{"hotel-room", []string{"hotelroom", "guestroom", "bedroom", "客房", "宾馆房间", "酒店房间", "卧室"}},
	{"public-bath", []string{"publicbath", "bathhouse", "bathroom", "shower", "sauna", "浴室", "浴池", "澡堂", "淋浴", "桑拿"}},
	{"changing-room", []string{"changingroom", "fittingroom", "lockerroom", "dressingroom", "更衣", "试衣", "换衣"}},
	{"toilet", []string{"toilet", "washroom", "restroom", "lavatory", "卫生间", "洗手间", "厕所", "公厕"}},
}

// Places is the closed list of what a place with a face at its door may be.
func Places() []string {
	var all []string
	for _, p := range places {
		all = append(all, p.name)
	}
	return all
}

// Private tells whether a word means a place in which no face may ever be looked at, however it is spelled: full-width
// letters, letters of other scripts that look alike, and characters that cannot be seen change nothing.
func Private(word string) (name string, is bool) {
	plain := bare(word)
	for _, p := range private {
		if strings.Contains(plain, bare(p.name)) || slices.ContainsFunc(p.words, func(w string) bool { return strings.Contains(plain, w) }) {
			return p.name, true
		}
	}
	return "", false
}

// Empty tells whether nothing was declared beyond the name.
func (d Declaration) Empty() bool { d.ID = ""; return d == Declaration{} }

// Check gives every reason why no face may be used on this declaration. What only time can say is Rest's.
func (d Declaration) Check() (all []Defect) {
	add := func(field, what, fix string) { all = append(all, Defect{field, what, fix}) }
	at := slices.IndexFunc(places, func(p struct {
		name   string
		public bool
	}) bool {
		return p.name == d.Place
	})
	switch name, is := Private(d.Place); {
	case is:
		add("place", "is a "+name+", and inside one no face may be looked at (Measures for the security management of face recognition technology, article 13)",
			"take face out of door.methods; PIN and card work there")
	case d.Place == "":
		add("place", "is missing", "write what kind of place this is: "+choices())
	case at < 0:
		add("place", fmt.Sprintf("%q is none of the places that are known, and \"other\" is none", short(d.Place)), "write "+choices())
	case places[at].public && !d.Public:
		add("public", "is false, and a "+d.Place+" is open to the public", "write public: true, and in safety what public safety needs it")
	}
	texts := []struct {
		field, text, fix string
		least            int
	}{
		{"necessity", d.Necessity, "say in a sentence of your own why PIN and card alone do not do here", 20},
		{"sign", d.Sign, "say what the sign says and where it hangs", 8},
		{"area", d.Area, "say where a face is looked at, such as: one metre in front of the inner door", 8},
		{"declared_by", d.By, "write the name and the post of whoever declares this", 3},
	}
	if d.Public {
		texts = append(texts, struct {
			field, text, fix string
			least            int
		}{"safety", d.Safety, "say what public safety needs it; in a public place nothing else is a reason", 20})
	}
	for _, t := range texts {
		if what := Hollow(t.text, t.least); what != "" {
			add(t.field, what, t.fix)
		}
	}
	if d.Confirmed.IsZero() {
		add("sign_confirmed", "is missing", "write the day on which somebody last saw the sign hanging, such as 2026-11-01")
	}
	return all
}

// Rest is why no face may be used now, and what to do about it; both are empty where one may. The look at the sign
// counts for a year.
func (d Declaration) Rest(now time.Time) (what, do string) {
	switch all := d.Check(); {
	case d.Empty():
		return "the place is not declared", "write the section site of the config file: place, necessity, sign, sign_confirmed, area, declared_by"
	case len(all) > 0:
		return "site." + all[0].Field + " " + all[0].What, all[0].Fix
	case now.Sub(d.Confirmed) > yearly:
		return "the sign was last looked at on " + d.Confirmed.Format(time.DateOnly), "look whether it still hangs, and write today's date in site.sign_confirmed"
	case d.Confirmed.Sub(now) > 24*time.Hour: // a day, because the installer's midnight is not the device's
		return "site.sign_confirmed is " + d.Confirmed.Format(time.DateOnly) + ", which is still to come", "write the day on which somebody last saw the sign hanging"
	}
	return "", ""
}

func choices() string { return strings.Join(Places(), ", ") }

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Hollow says why a text is no statement: nothing, too little, a placeholder, or words that fit every door alike.
func Hollow(text string, least int) string {
	plain := bare(text)
	switch weight := weigh(plain); {
	case plain == "":
		return "is missing"
	case slices.Contains(nothings, plain):
		return "says nothing"
	case slices.ContainsFunc(fillers, func(f string) bool { return strings.Contains(plain, f) }):
		return "is a placeholder"
	case weight < least:
		return "says too little"
	case same(plain):
		return "says nothing"
	}
	for _, b := range boilerplate {
		plain = strings.ReplaceAll(plain, b, "")
	}
	if weigh(plain) < least {
		return "says what fits every door, and nothing of this one"
	}
	return ""
}

// weigh counts a Han character as two letters: as much is said with it.
func weigh(s string) int { return (len(s) + utf8.RuneCountInString(s)) / 2 }

// same tells whether a text is one or two signs again and again.
func same(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) < 3
}
