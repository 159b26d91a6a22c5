package kiosk_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/edged/internal/wire"
)

// ring is true where whoever goes by keyboard sees where they are: a line of at least 3 pixels around it.
const ring = `((e) => e !== document.body && e.tagName !== 'MAIN' && (e.matches('#read') || ((c) => c.outlineStyle === 'solid' && parseFloat(c.outlineWidth) >= 3)(getComputedStyle(e))))(document.activeElement)`

// tabTo goes on by Tab until it has come to something.
func (v *visitor) tabTo(css string) {
	v.t.Helper()
	for range 60 {
		v.do(chromedp.KeyEvent("\t"))
		if eval[bool](v, `document.activeElement !== document.body`) && !eval[bool](v, ring) {
			v.t.Errorf("no line around %s", eval[string](v, `document.activeElement.id || document.activeElement.outerHTML.slice(0, 80)`))
		}
		if eval[bool](v, `document.activeElement.matches('`+css+`')`) {
			return
		}
	}
	v.t.Fatalf("no way to %s by Tab", css)
}

// hearsPIN is the next PIN that the keeper is told; that the notice was read to its end may come before.
func (v *visitor) hearsPIN() *wire.PINTyped {
	v.t.Helper()
	for {
		switch w := v.hears(v.t).(type) {
		case *wire.PINTyped:
			return w
		case *wire.Touched:
			if w.Touch != wire.TouchRead {
				v.t.Fatalf("the keeper heard %v", w.Touch)
			}
		}
	}
}

// Somebody without a finger for the glass reads the notice, agrees, sees their record and withdraws by keyboard alone.
func TestEverythingCanBeDoneByKeyboard(t *testing.T) {
	v := visit(t, browser(t), "zh", 800, 480)
	v.tabTo(`[data-lang="en"]`)
	v.do(chromedp.KeyEvent("\r"))
	v.until(`document.documentElement.lang === 'en'`)
	v.lang = "en"
	v.tabTo("#use")
	v.do(chromedp.KeyEvent("\r"))
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.tabTo("#more")
	for n := 0; eval[bool](v, `!document.getElementById('more').hidden`); n++ {
		if n > 60 {
			t.Fatal("Enter on Next does not come to the end of the notice")
		}
		v.do(chromedp.KeyEvent("\r"))
	}
	// The finished reader stands beside the choice, not on either answer.
	v.until(`document.activeElement.id === 'read'`)
	v.later(5 * time.Second)
	v.tabTo("#agree")
	v.do(chromedp.KeyEvent("\r"))
	v.onScreen("ask")
	v.do(chromedp.KeyEvent("12345678\r"))
	typed := v.hearsPIN()
	if typed.Act != wire.ActAgree {
		t.Errorf("the keeper heard %v", typed.Act)
	}
	v.say(t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptEnrolled, Until: eraseAt})
	v.onScreen("result")
	v.tabTo("#done")
	v.do(chromedp.KeyEvent("\r"))
	v.touch(wire.TouchHome)
	v.onScreen("home")
	v.tabTo("#mine")
	v.do(chromedp.KeyEvent(" "))
	v.onScreen("ask")
	v.do(chromedp.KeyEvent("12345678\r"))
	v.say(t, record(v.hears(t).(*wire.PINTyped).Session))
	v.onScreen("record")
	v.do(chromedp.KeyEvent("\x1b"))
	v.touch(wire.TouchHome)
	v.until(noRecord)
	v.tabTo("#withdraw")
	v.do(chromedp.KeyEvent("\r"))
	v.onScreen("ask")
	v.do(chromedp.KeyEvent("12345678\r"))
	if typed := v.hears(t).(*wire.PINTyped); typed.Act != wire.ActWithdraw {
		t.Errorf("the keeper heard %v", typed.Act)
	}
}
