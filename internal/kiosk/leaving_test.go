package kiosk_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"example.org/edged/internal/wire"
)

// showsARecord puts somebody's own record on the screen.
func (v *visitor) showsARecord() {
	v.t.Helper()
	v.click("#mine")
	v.say(v.t, record(v.typePIN("12345678").Session))
	v.onScreen("record")
	v.sees("consent", "#record")
}

const noRecord = `document.body.dataset.screen === 'home' && document.getElementById('record').textContent === ''`

// Whoever walks away in front of their record leaves nothing of it: by the room's clock, which the page cannot stop, and
// by the page's own, which asks first. The next person begins in the first language.
func TestWhoeverWalksAwayLeavesNothing(t *testing.T) {
	ctx := browser(t)
	t.Run("by the room's clock", func(t *testing.T) {
		v := visit(t, ctx, "en", 800, 480)
		v.showsARecord()
		v.pass(2*time.Minute + time.Second)
		v.touch(wire.TouchHome)
		v.until(noRecord + ` && document.documentElement.lang === 'zh-Hans'`)
	})
	t.Run("by the page's clock, which asks first", func(t *testing.T) {
		v := visit(t, ctx, "en", 800, 480)
		v.showsARecord()
		v.later(35 * time.Second)
		v.until(`document.getElementById('still').textContent.includes('Still reading')`)
		v.fits("still")
		v.do(chromedp.KeyEvent("a")) // any sign of life
		v.until(`document.getElementById('still').textContent === ''`)
		v.later(61 * time.Second)
		v.touch(wire.TouchHome)
		v.until(noRecord + ` && document.documentElement.lang === 'zh-Hans'`)
	})
	t.Run("a slow reader of the notice is not sent away, and has agreed to nothing when they go", func(t *testing.T) {
		v := visit(t, ctx, "zh", 800, 480)
		v.click("#use")
		v.touch(wire.TouchNotice)
		v.onScreen("notice")
		v.later(100 * time.Second)
		v.until(`document.getElementById('still').textContent !== ''`)
		v.onScreen("notice")
		v.later(25 * time.Second)
		v.touch(wire.TouchHome)
		v.onScreen("home")
		v.hearsNothing(t)
	})
}

// The browser's own history is no way back to a record.
func TestTheBackButtonShowsNoRecord(t *testing.T) {
	v := visit(t, browser(t), "en", 800, 480)
	v.showsARecord()
	v.do(chromedp.Navigate("about:blank"), chromedp.NavigateBack())
	v.until(`document.readyState === 'complete' && document.body.dataset.screen === 'home'`)
	v.until(noRecord)
	for _, store := range []string{"document.cookie", "String(localStorage.length + sessionStorage.length)", "String((await indexedDB.databases()).length)", "String((await caches.keys()).length)"} {
		left, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`(async () => `+store+`)()`, chromedp.EvalAwaitPromise))
		if err != nil || left != "" && left != "0" {
			t.Errorf("%s: %q, %v", store, left, err)
		}
	}
}

// Agreeing before the notice was seen to its end, or faster than anybody reads, does nothing.
func TestNobodyAgreesBeforeTheEndOfTheNotice(t *testing.T) {
	v := visit(t, browser(t), "en", 800, 480)
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.click("#agree")
	v.sees("first", "#title")
	v.onScreen("notice")
	for eval[bool](v, `!document.getElementById('more').hidden`) {
		v.click("#more")
	}
	v.do(chromedp.Evaluate[chromedp.Void](`later(-60000)`)) // as if all that had been done in a moment
	v.click("#agree")
	v.sees("first", "#title")
	v.onScreen("notice")
	v.later(70 * time.Second)
	v.hearsNothing(t)
	v.click("#agree")
	v.touch(wire.TouchRead)
	v.onScreen("ask")
	v.hearsNothing(t)
}

// A whole visit in the browser asks for nothing outside this terminal, and breaks no rule of its policy.
func TestTheBrowserCallsNobodyElse(t *testing.T) {
	ctx := browser(t)
	var mu sync.Mutex
	var asked []string
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, e.Request.URL)
		}
	}); err != nil {
		t.Fatal(err)
	}
	v := visit(t, ctx, "en", 800, 480)
	v.do(chromedp.Evaluate[chromedp.Void](`window.broken = []; addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective + ' ' + e.blockedURI))`))
	v.agrees()
	v.withdraws()
	v.asksForTheRecord()
	if broken := eval[[]string](v, `broken`); len(broken) > 0 {
		t.Errorf("the page broke its own policy: %q", broken)
	}
	mu.Lock() // and soon given back: the listener waits for it, and the browser for the listener
	seen := slices.Clone(asked)
	mu.Unlock()
	for _, url := range seen {
		if home := "http://" + v.address + "/"; len(url) < len(home) || url[:len(home)] != home {
			t.Errorf("the browser asked for %s", url)
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d requests were seen", len(seen))
	}
	// And what the policy is for: a foreign picture, frame, style or call, or a line of code gets nowhere.
	for _, try := range []string{
		`document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:18099/a.png' }))`,
		`document.body.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'http://127.0.0.1:18099/a.css' }))`,
		`document.body.setAttribute('style', 'display: none')`,
		`document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://127.0.0.1:18099/' }))`,
		`fetch('http://127.0.0.1:18099/').catch(() => {})`,
		`document.body.setAttribute('onclick', 'window.inlined = true')`,
		`document.body.click()`,
	} {
		v.do(chromedp.Evaluate[chromedp.Void](`void setTimeout(() => {` + try + `})`))
	}
	v.until(`['img-src', 'frame-src', 'style-src-elem', 'style-src-attr', 'connect-src'].every((d) => broken.some((b) => b.startsWith(d)))`)
	if eval[bool](v, `!!window.inlined || getComputedStyle(document.body).display === 'none'`) {
		t.Error("a line of code or style written into the page was taken")
	}
}

// Nothing moves by itself, whatever somebody has told their browser; fits looks for animations on every screen. Here:
// nothing in the style could begin to.
func TestNothingMoves(t *testing.T) {
	v := visit(t, browser(t), "zh", 800, 480)
	if n := eval[int](v, `[...document.styleSheets].flatMap((s) => [...s.cssRules]).flatMap((r) => [r, ...(r.cssRules || [])]).filter((r) => /animation|transition|@keyframes|scroll-behavior|blink/.test(r.cssText)).length`); n > 0 {
		t.Errorf("%d rules of the style let something move", n)
	}
}
