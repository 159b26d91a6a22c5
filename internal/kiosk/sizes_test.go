package kiosk_test

import (
	"slices"
	"testing"

	"example.org/edged/internal/wire"
)

// Everything is readable and nothing sticks out at 200 % text, on the glass of 800x480 as on taller and larger ones.
func TestEveryScreenAtEverySize(t *testing.T) {
	ctx := browser(t)
	for _, c := range []struct {
		name          string
		width, height int64
		large         bool
		keep          string // its pictures are kept, under this name
		in            string // of this language
	}{
		{"twice the text on 800x480", 800, 480, true, "large-", "zh"},
		{"the browser's own zoom of 200 %", 400, 240, false, "-", ""},
		{"a tall screen", 480, 800, false, "tall-", "zh"},
		{"twice the text on a tall screen", 480, 800, true, "tall-large-", "en"},
		{"a wide screen", 1024, 600, false, "wide-", "en"},
		{"a large screen", 1280, 800, false, "-", ""},
	} {
		for _, lang := range []string{"zh", "en"} {
			t.Run(c.name+" in "+lang, func(t *testing.T) {
				v := visit(t, ctx, lang, c.width, c.height)
				v.keys = true
				if c.in == lang {
					v.keep = c.keep
				}
				if c.large {
					v.click("#larger")
				}
				v.everyScreen(c.name)
				for _, p := range v.made {
					if !slices.Contains(book(t)[sizesSection].pictures, p) {
						t.Errorf("docs/screens/README.md does not show %s", p)
					}
				}
			})
		}
	}
}

func (v *visitor) everyScreen(size string) {
	v.look()
	v.picture("home")
	v.padInReach("home", size)
	if bottom := eval[float64](v, `document.querySelector('footer').getBoundingClientRect().bottom - innerHeight`); bottom > 0 && size == "a tall screen" {
		v.t.Errorf("the buttons below the pad end %.0f pixels below the glass", bottom)
	}
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.equal("#agree", "#decline")
	v.picture("notice")
	v.reads()
	v.fits("notice read")
	v.click("#agree")
	v.touch(wire.TouchRead)
	v.onScreen("ask")
	v.padInReach("confirm", size)
	v.picture("confirm")
	typed := v.typePIN("12345678")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptWrongPIN, Count: 4})
	v.sees("wrong", "#pad-line")
	v.fits("wrong")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptLook, Count: 3, Of: 5})
	v.onScreen("guide")
	v.look()
	v.picture("guide")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptOldNotice})
	v.onScreen("result")
	v.fits("old notice")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptEnrolled, Until: eraseAt})
	v.sees("enrolled", "#result-text")
	v.fits("enrolled")
	v.say(v.t, fullRecord(typed.Session))
	v.onScreen("record")
	v.picture("record")
	v.say(v.t, &wire.Issued{Session: typed.Session, Number: 12345678901, Until: eraseAt, Len: 12, Digits: [12]byte{'5', '0', '9', '2', '7', '3', '1', '8', '5', '0', '9', '2'}})
	v.onScreen("issued")
	v.fits("issued")
	v.click("#done")
	v.onScreen("home")
	v.touch(wire.TouchHome)
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.click("#decline")
	v.touch(wire.TouchDecline)
	v.onScreen("home")
	v.fits("declined")
	v.everyOtherScreen()
}

// padInReach: every key is on the glass without scrolling, wherever 64 pixels for each allow it.
func (v *visitor) padInReach(name, size string) {
	v.t.Helper()
	if bottom := eval[float64](v, `document.querySelector('[data-key="Enter"]').getBoundingClientRect().bottom - innerHeight`); bottom > 0 && eval[bool](v, `innerHeight >= 480`) {
		v.t.Errorf("%s, %s: the PIN pad ends %.0f pixels below the glass", name, size, bottom)
	}
}
