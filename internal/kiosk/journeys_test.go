package kiosk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/edged/internal/wire"
)

// The words that the walk looks for, by language: what a person reads in the two seconds.
var read = map[string]map[string]string{
	"zh": {"declined": "没有采集任何信息，密码照常使用", "wrong": "密码不对，还可以试 4 次", "withdrawn": "您的人脸已停用，正在删除", "erased": "您的人脸已删除，密码照常使用",
		"enrolled": "2027年1月15日", "welcome": "欢迎，门已打开", "steps": "3 / 5", "consent": "已同意", "staff": "工作人员密码不对", "closer": "请靠近一点"},
	"en": {"declined": "Nothing was taken. Your PIN works as before.", "wrong": "That PIN did not match. Tries left: 4.", "withdrawn": "Your face is unusable now. It is being erased.",
		"erased": "Your face has been erased. Your PIN works as before.", "enrolled": "January 15, 2027", "welcome": "Welcome. The door is open.", "steps": "3 of 5", "consent": "Given",
		"staff": "That staff PIN did not match.", "closer": "Come a little closer"},
}

const (
	eraseAt = 1_800_000_000 // 2027-01-15
	given   = 1_784_448_000
)

func TestWalk(t *testing.T) {
	ctx := browser(t)
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			v := visit(t, ctx, lang, 800, 480)
			v.atHome()
			v.agrees()
			v.declines()
			v.withdraws()
			v.opens()
			v.asksForTheRecord()
			v.welcomesANewcomer()
			v.leavesTheScreen()
		})
	}
}

func (v *visitor) sees(name, css string) {
	v.t.Helper()
	want := read[v.lang][name]
	v.until(`document.querySelector('` + css + `').textContent.includes('` + want + `')`)
}

// equal: two things are shown in the same size, within five hundredths, and the same dress.
func (v *visitor) equal(a, b string) {
	v.t.Helper()
	area := func(css string) float64 {
		return eval[float64](v, `(r => r.width * r.height)(document.querySelector('`+css+`').getBoundingClientRect())`)
	}
	if x, y := area(a), area(b); x < 1 || y < 0.95*x || y > 1.05*x {
		v.t.Errorf("%s covers %.0f, %s %.0f", a, x, b, y)
	}
	dress := func(css string) string {
		return eval[string](v, `(c => [c.color, c.backgroundColor, c.borderColor, c.borderWidth, c.fontSize, c.fontWeight, c.opacity].join())(getComputedStyle(document.querySelector('`+css+`')))`)
	}
	if x, y := dress(a), dress(b); x != y {
		v.t.Errorf("%s wears %s, %s wears %s", a, x, b, y)
	}
}

func (v *visitor) atHome() {
	v.look()
	v.say(v.t, &wire.Screen{Prompt: wire.PromptCloser})
	v.sees("closer", "#guidance")
	v.equal("#pad", "#face")
	v.equal("#use", "#withdraw")
	if cut := eval[bool](v, `document.querySelector('[data-key="Enter"]').getBoundingClientRect().bottom > innerHeight || document.getElementById('withdraw').getBoundingClientRect().bottom > innerHeight`); cut {
		v.t.Error("the PIN pad or the buttons below are not in full view")
	}
	v.picture("home")
}

func (v *visitor) agrees() {
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.equal("#agree", "#decline")
	v.picture("notice")
	v.click("#agree")
	if eval[string](v, `document.body.dataset.screen`) != "notice" {
		v.t.Error("it was agreed to before the end of the notice")
	}
	v.do(chromedp.Evaluate[chromedp.Void](`document.getElementById('notice').scrollTo({top: 1e6, behavior: 'instant'})`))
	v.until(`document.getElementById('more').hidden`)
	v.click("#agree")
	v.onScreen("ask")
	v.equal("#pad", "#why")
	first := v.typePIN("111111")
	if first.Act != wire.ActAgree || first.Notice != noticeHash(v.t) {
		v.t.Error("the keeper was not told what was agreed to")
	}
	v.say(v.t, &wire.Screen{Session: first.Session, Prompt: wire.PromptWrongPIN, Count: 4})
	v.sees("wrong", "#pad-line")
	v.picture("agree")
	typed := v.typePIN("12345678")
	if typed.Session != first.Session {
		v.t.Error("the second try was another turn")
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptLook, Count: 0, Of: 5})
	v.onScreen("guide")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptLook, Count: 3, Of: 5})
	v.sees("steps", "#count")
	v.look()
	v.picture("guide")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptEnrolled, Until: eraseAt})
	v.onScreen("result")
	v.sees("enrolled", "#result-text")
	v.picture("enrolled")
	v.click("#done")
	v.touch(wire.TouchHome)
	v.onScreen("home")
}

func (v *visitor) declines() {
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.click("#decline")
	v.touch(wire.TouchDecline)
	v.onScreen("home")
	v.sees("declined", "#title")
	v.look()
	v.picture("declined")
	v.do(chromedp.KeyEvent("\x1b"))
	v.touch(wire.TouchHome)
}

func (v *visitor) withdraws() {
	v.click("#withdraw")
	v.onScreen("ask")
	typed := v.typePIN("12345678")
	if typed.Act != wire.ActWithdraw {
		v.t.Errorf("the keeper heard %v", typed.Act)
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptWithdrawn})
	v.sees("withdrawn", "#result-text")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptErased})
	v.sees("erased", "#result-text")
	r := &wire.Receipt{Session: typed.Session, Len: 700}
	for i := range r.Data[:r.Len] {
		r.Data[i] = byte(i * 7)
	}
	v.say(v.t, r)
	v.until(`document.getElementById('qr').clientWidth >= 200 && document.getElementById('qr-dark').getAttribute('d').length > 5000`)
	v.picture("erased")
	v.click("#done")
	v.touch(wire.TouchHome)
}

// opens uses the keyboard, as somebody with a keypad beside the screen does.
func (v *visitor) opens() {
	v.onScreen("home")
	v.do(chromedp.KeyEvent("1234567"), chromedp.KeyEvent("\b"), chromedp.KeyEvent("\r"))
	typed := v.hears(v.t).(*wire.PINTyped)
	if typed.Act != wire.ActOpen || string(typed.Digits[:typed.Len]) != "123456" {
		v.t.Errorf("the keeper heard %v with %d digits", typed.Act, typed.Len)
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptWrongPIN, Count: 4})
	v.sees("wrong", "#pad-line")
	v.look()
	v.picture("wrong-pin")
	v.do(chromedp.KeyEvent("123456\r"))
	v.hears(v.t)
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptWait, Until: time.Now().Add(time.Minute).Unix()})
	v.until(`/\d\d:\d\d/.test(document.getElementById('pad-line').textContent)`)
	v.do(chromedp.KeyEvent("123456\r"))
	v.hears(v.t)
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptWelcome})
	v.sees("welcome", "#result-text")
	v.picture("welcome")
	v.do(chromedp.KeyEvent("\x1b"))
	v.touch(wire.TouchHome)
	v.say(v.t, &wire.FrontDoor{Face: wire.FaceRestEye})
	v.until(`document.getElementById('camera').textContent === ''`)
	v.equal("#pad", "#face")
	v.click("#use")
	v.until(`document.body.dataset.screen === 'home' && document.getElementById('title').textContent !== ''`)
	v.picture("face-rests")
	v.say(v.t, &wire.FrontDoor{Face: wire.FaceOn})
}

func (v *visitor) asksForTheRecord() {
	v.click("#mine")
	typed := v.typePIN("12345678")
	r := &wire.Record{Session: typed.Session, Consent: wire.ConsentGiven, GivenAt: given, EraseAt: eraseAt}
	for i := range r.Passages {
		r.Passages[i] = wire.Passage{At: given + int64(i+1)*-40_000, Method: wire.Method(1 + i%2), Outcome: wire.Granted}
	}
	r.Passages[3].Outcome = wire.Denied
	v.say(v.t, r)
	v.onScreen("record")
	v.sees("consent", "#record")
	v.picture("record")
	v.click("#done")
	v.touch(wire.TouchHome)
	v.until(`document.getElementById('record').textContent === ''`)
}

func (v *visitor) welcomesANewcomer() {
	v.click("#staff")
	typed := v.typePIN("87654321")
	if typed.Act != wire.ActNewcomer {
		v.t.Errorf("the keeper heard %v", typed.Act)
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptNoNewcomer})
	v.sees("staff", "#pad-line")
	v.picture("newcomer")
	v.click(`#stay [data-hours="8"]`)
	if typed := v.typePIN("87654312"); typed.Hours != 8 {
		v.t.Errorf("a visit of %d hours", typed.Hours)
	}
	v.say(v.t, &wire.Issued{Session: typed.Session, Number: 12345678901, Until: eraseAt, Len: 8, Digits: [12]byte{'5', '0', '9', '2', '7', '3', '1', '8'}})
	v.onScreen("issued")
	v.until(`document.getElementById('new-pin').textContent === '5092 7318'`)
	v.until(`document.getElementById('new-number').textContent.includes('0123 4567 8901') && document.getElementById('new-until').textContent.includes('2027')`)
	v.picture("issued")
	v.click("#done")
	v.touch(wire.TouchHome)
	v.until(`document.body.dataset.screen === 'home' && !document.documentElement.textContent.includes('7318')`)
}

// leavesTheScreen walks away in front of a record: the next person finds nothing of it, and the first language.
func (v *visitor) leavesTheScreen() {
	v.click("#mine")
	typed := v.typePIN("12345678")
	v.say(v.t, &wire.Record{Session: typed.Session, Consent: wire.ConsentGiven, GivenAt: given})
	v.onScreen("record")
	v.pass(61 * time.Second)
	v.touch(wire.TouchHome)
	v.onScreen("home")
	v.until(`document.getElementById('record').textContent === '' && document.documentElement.lang === 'zh-Hans'`)
}

// Everything is readable and nothing sticks out at 200 % text, on the glass of 800x480 as on taller and larger ones.
func TestTwiceTheSize(t *testing.T) {
	ctx := browser(t)
	for _, c := range []struct {
		name          string
		width, height int64
		larger        bool
	}{
		{"twice the text on 800x480", 800, 480, true},
		{"the browser's own zoom of 200 %", 400, 240, false},
		{"a tall screen", 480, 800, false},
		{"twice the text on a tall screen", 480, 800, true},
		{"a large screen", 1280, 800, false},
	} {
		for _, lang := range []string{"zh", "en"} {
			t.Run(c.name+" in "+lang, func(t *testing.T) {
				v := visit(t, ctx, lang, c.width, c.height)
				name := "large"
				if c.larger {
					v.click("#larger")
				}
				v.everyScreen(name)
			})
		}
	}
}

func (v *visitor) everyScreen(name string) {
	v.look()
	v.picture(name + "-home")
	if bottom := eval[float64](v, `document.querySelector('[data-key="Enter"]').getBoundingClientRect().bottom - innerHeight`); bottom > 0 && strings.Contains(v.t.Name(), "twice_the_text") {
		v.t.Errorf("the PIN pad ends %.0f pixels below the glass", bottom)
	}
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.equal("#agree", "#decline")
	v.picture(name + "-notice")
	v.click("#decline")
	v.touch(wire.TouchDecline)
	v.onScreen("home")
	v.fits("declined")
	v.click("#withdraw")
	v.onScreen("ask")
	v.picture(name + "-withdraw")
	typed := v.typePIN("12345678")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptWrongPIN, Count: 4})
	v.sees("wrong", "#pad-line")
	v.fits("wrong")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptLook, Count: 3, Of: 5})
	v.onScreen("guide")
	v.fits("guide")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptOldNotice})
	v.onScreen("result")
	v.fits("old notice")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptEnrolled, Until: eraseAt})
	v.sees("enrolled", "#result-text")
	v.fits("enrolled")
	r := &wire.Record{Session: typed.Session, Consent: wire.ConsentGiven, GivenAt: given, EraseAt: eraseAt}
	r.Passages[0] = wire.Passage{At: given, Method: wire.MethodFace, Outcome: wire.Limited}
	v.say(v.t, r)
	v.onScreen("record")
	v.fits("record")
	v.say(v.t, &wire.Issued{Session: typed.Session, Until: eraseAt, Len: 12, Digits: [12]byte{'5', '0', '9', '2', '7', '3', '1', '8', '5', '0', '9', '2'}})
	v.onScreen("issued")
	v.fits("issued")
}
