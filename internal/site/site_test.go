package site_test

import (
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/site"
)

var day = time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("", 8*3600))

func good() site.Declaration {
	return site.Declaration{ID: "home", Place: "residential-gate", Necessity: "Parents come home with children and bags in both hands and cannot type a PIN.",
		Sign: "A4 sheet at eye height beside the door: face is possible here, PIN as well", Confirmed: day.AddDate(0, 0, -21),
		Area: "one metre in front of the inner door", By: "Li Na, property office"}
}

func rest(d site.Declaration) string {
	what, do := d.Rest(day)
	if (what == "") != (do == "") {
		return "half an answer: " + what + do
	}
	return what
}

func fields(all []site.Defect) (out string) {
	for _, d := range all {
		out += d.Field + " "
	}
	return strings.TrimSpace(out)
}

func TestM3_AFaceNeedsADeclarationWithSomebodysName(t *testing.T) {
	if why := rest(good()); why != "" {
		t.Error(why)
	}
	if why := rest(site.Declaration{ID: "home"}); !strings.Contains(why, "not declared") {
		t.Errorf("nothing declared: %q", why)
	}
	d := good()
	d.By = "  \u200b"
	if got := fields(d.Check()); got != "declared_by" || rest(d) == "" {
		t.Errorf("nobody's name: %q", got)
	}
}

func TestM4b_NecessityIsAStatementAboutThisDoor(t *testing.T) {
	for text, ok := range map[string]bool{
		"": false, " \t\u200b": false, "n/a": false, "TBD": false, "necessary": false, "For security reasons.": false, "无": false,
		"为了安全，为了方便，确有必要。": false, "待定，待定，待定，待定，待定，待定": false, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": false,
		"Face recognition is necessary for security and for convenience.":                     false,
		"Nurses come with both hands in gloves and may not touch a keypad between two wards.": true,
		"护士双手戴手套，两病区之间不能触摸键盘，密码不能满足。":                                                         true,
	} {
		d := good()
		d.Necessity = text
		if got := fields(d.Check()); (got == "") != ok {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestM13a_APublicPlaceNeedsAReasonOfPublicSafety(t *testing.T) {
	d := good()
	d.Place = "station"
	if got := fields(d.Check()); got != "public" {
		t.Errorf("a station that is not public: %q", got)
	}
	d.Public = true
	if got := fields(d.Check()); got != "safety" {
		t.Errorf("a public place without its reason: %q", got)
	}
	d.Safety = "The staff door leads to the interlocking room; who enters must be known."
	if got := fields(d.Check()); got != "" {
		t.Errorf("%q", got)
	}
	d.Place, d.Public, d.Safety = "office", true, "improve the service"
	if got := fields(d.Check()); got != "safety" {
		t.Errorf("service is no public safety: %q", got)
	}
}

func TestM13c_TheLookAtTheSignCountsForAYear(t *testing.T) {
	for days, ok := range map[int]bool{0: true, -1: true, -365: true, -366: true, -367: false, 1: true, 3: false, -4000: false} {
		d := good()
		d.Confirmed = day.AddDate(0, 0, days)
		if why := rest(d); (why == "") != ok {
			t.Errorf("looked at %d days from now: %q", days, why)
		}
	}
	d := good()
	d.Confirmed = time.Time{}
	if got := fields(d.Check()); got != "sign_confirmed" {
		t.Errorf("never looked at: %q", got)
	}
}

// Whatever a private place is called, it is no place for a face, and where it can be told the refusal says why.
func TestM13d_NoFaceWherePeopleSleepWashOrChange(t *testing.T) {
	for name, word := range map[string]string{
		"as the list has it": "toilet", "another": "hotel-room", "a bath": "public-bath", "a changing room": "changing-room",
		"capitals": "TOILET", "full width": "ｔｏｉｌｅｔ", "Cyrillic letters": "tоilеt", "Greek letters": "τοιlετ", "a zero-width space": "toi\u200blet",
		"a soft hyphen": "chan\u00adging-room", "a word joiner": "hotel\u2060-room", "digits": "t0i1et", "accents": "tóilet", "mixed": "ｃhаnging\u200d_ｒоom",
		"in Chinese": "卫生间", "in Chinese with a space": "更 衣 室", "under other": "other: washroom", "within a sentence": "lobby (restroom)",
		"mathematical letters": "𝐭𝐨𝐢𝐥𝐞𝐭",
	} {
		d := good()
		d.Place = word
		all := d.Check()
		if fields(all) != "place" || rest(d) == "" {
			t.Errorf("%s: %q is taken", name, word)
			continue
		}
		if !strings.Contains(all[0].What, "article 13") {
			t.Errorf("%s: %q is refused without the reason: %s", name, word, all[0].What)
		}
	}
	for _, word := range []string{"", "other", "Office", "office ", "ofﬁce", "оffice", "lobby", "place", "*", "home\x00"} {
		d := good()
		d.Place = word
		if fields(d.Check()) != "place" {
			t.Errorf("%q is taken", word)
		}
	}
	for _, word := range site.Places() {
		if name, is := site.Private(word); is {
			t.Errorf("%s is on the list and is a %s", word, name)
		}
	}
}

func FuzzNoWordOutsideTheListIsAPlace(f *testing.F) {
	f.Add("office")
	f.Add("tоilеt")
	f.Fuzz(func(t *testing.T, word string) {
		d := good()
		d.Place = word
		listed := false
		for _, p := range site.Places() {
			listed = listed || p == word
		}
		for _, x := range d.Check() {
			if x.Field == "place" && listed {
				t.Errorf("%q is on the list", word)
			}
			if x.Field == "place" {
				return
			}
		}
		if !listed {
			t.Errorf("%q is taken", word)
		}
	})
}
