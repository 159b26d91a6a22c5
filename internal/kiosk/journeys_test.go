package kiosk_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/edged/internal/wire"
)

// The words that the walks look for, by language: what a person reads in the two seconds.
var read = map[string]map[string]string{
	"zh": {"declined": "没有采集任何信息，密码照常使用", "wrong": "密码不对，还可以试 4 次", "withdrawn": "您的人脸已停用，正在删除", "erased": "您的人脸已删除，密码照常使用",
		"enrolled": "2027年1月15日", "welcome": "欢迎，门已打开", "steps": "3 / 5", "consent": "已同意", "staff": "工作人员密码不对", "closer": "请靠近一点", "first": "请先读到最后", "all": "已全部看过"},
	"en": {"declined": "Nothing was taken. Your PIN works as before.", "wrong": "That PIN did not match. Tries left: 4.", "withdrawn": "Your face is unusable now. It is being erased.",
		"erased": "Your face has been erased. Your PIN works as before.", "enrolled": "January 15, 2027", "welcome": "Welcome. The door is open.", "steps": "3 of 5", "consent": "Given",
		"staff": "That staff PIN did not match.", "closer": "Come a little closer", "first": "Please read to the end first.", "all": "You have seen all of it."},
}

const (
	eraseAt = 1_800_000_000 // 2027-01-15
	given   = 1_784_448_000
)

// journeys are all that somebody can do at the screen. docs/screens/README.md has a section for each, with its
// pictures and the number of its taps, and TestEveryJourneyIsShown holds the two together.
var journeys = []struct {
	name string
	walk func(*visitor)
}{
	{"Coming in with a PIN", (*visitor).opens},
	{"Agreeing to the use of one's face", (*visitor).agrees},
	{"Saying no", (*visitor).declines},
	{"Withdrawing", (*visitor).withdraws},
	{"One's own record", (*visitor).asksForTheRecord},
	{"Letting one's face rest", (*visitor).letsTheFaceRest},
	{"Taking a copy away", (*visitor).takesACopy},
	{"When the notice has changed", (*visitor).readsTheChangedNotice},
	{"A guardian agrees", (*visitor).agreesForAChild},
	{"An age is noted", (*visitor).hasAnAgeNoted},
	{"Staff answer a request", (*visitor).answersARequest},
	{"A new person", (*visitor).welcomesANewcomer},
	{"When faces rest", (*visitor).findsFacesResting},
}

func TestJourneys(t *testing.T) {
	ctx := browser(t)
	for _, lang := range []string{"zh", "en"} {
		for _, j := range journeys {
			t.Run(j.name+" in "+lang, func(t *testing.T) {
				v := visit(t, ctx, lang, 800, 480)
				v.keep, v.taps = "", 0
				j.walk(v)
				v.isInTheBook(j.name)
			})
		}
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

// opens comes in with a PIN, after two tries that were wrong.
func (v *visitor) opens() {
	v.look()
	v.say(v.t, &wire.Screen{Prompt: wire.PromptCloser})
	v.sees("closer", "#guidance")
	v.equal("#pad", "#face")
	v.equal("#use", "#withdraw")
	if cut := eval[bool](v, `document.querySelector('[data-key="Enter"]').getBoundingClientRect().bottom > innerHeight || document.getElementById('withdraw').getBoundingClientRect().bottom > innerHeight`); cut {
		v.t.Error("the PIN pad or the buttons below are not in full view")
	}
	v.picture("home")
	turn := v.typePIN("111111").Session
	v.say(v.t, &wire.Screen{Session: turn, Prompt: wire.PromptWrongPIN, Count: 4})
	v.sees("wrong", "#pad-line")
	v.until(`document.getElementById('guidance').className === ''`) // the advice has had its time
	v.picture("wrong-pin")
	v.typePIN("222222")
	v.say(v.t, &wire.Screen{Session: turn, Prompt: wire.PromptWait, Until: time.Now().Add(time.Minute).Unix()})
	v.until(`/\d\d:\d\d/.test(document.getElementById('pad-line').textContent)`)
	v.picture("wait")
	v.taps = 0 // a PIN that is right the first time
	if typed := v.typePIN("12345678"); typed.Act != wire.ActOpen || typed.Session != turn {
		v.t.Errorf("the keeper heard %v, in another turn: %v", typed.Act, typed.Session != turn)
	}
	v.say(v.t, &wire.Screen{Session: turn, Prompt: wire.PromptWelcome})
	v.sees("welcome", "#result-text")
	v.picture("welcome")
	v.do(chromedp.KeyEvent("\x1b"))
	v.touch(wire.TouchHome)
}

// reads goes through the notice to its end.
func (v *visitor) reads() {
	v.t.Helper()
	for n := 0; eval[bool](v, `!document.getElementById('more').hidden`); n++ {
		if n > 60 {
			v.t.Fatalf("after %d times Next the notice has not come to its end: %s", n, eval[string](v, `document.getElementById('read').textContent`))
		}
		v.click("#more")
	}
	v.sees("all", "#read")
	v.later(5 * time.Second)
}

func (v *visitor) agrees() {
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.equal("#agree", "#decline")
	v.equal("#agree", "#later")
	v.picture("notice")
	v.reads()
	v.picture("notice-read")
	v.click("#agree")
	v.touch(wire.TouchRead)
	v.onScreen("ask")
	v.equal("#pad", "#why")
	v.picture("confirm")
	typed := v.typePIN("12345678")
	if typed.Act != wire.ActAgree || typed.Notice != noticeHash(v.t) || string(typed.Lang[:]) != v.lang {
		v.t.Error("the keeper was not told what was agreed to, or in which language")
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptLook, Count: 0, Of: 5})
	v.onScreen("guide")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptLook, Count: 3, Of: 5})
	v.sees("steps", "#count")
	v.look()
	v.picture("guide")
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptEnrolled, Until: eraseAt + 9*3600})
	v.until(`/1月16日|January 16/.test(document.querySelector('#result-text').textContent)`) // 17:00 UTC is tomorrow at the door, wherever the browser is
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
}

func (v *visitor) withdraws() {
	v.click("#withdraw")
	v.onScreen("ask")
	v.picture("withdraw")
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

// findsFacesResting learns at once that there is nothing to agree to now, and that the PIN works.
func (v *visitor) findsFacesResting() {
	v.say(v.t, &wire.FrontDoor{Face: wire.FaceRestEye})
	v.until(`document.getElementById('camera').textContent === ''`)
	v.equal("#pad", "#face")
	v.click("#use")
	v.until(`document.body.dataset.screen === 'home' && document.getElementById('title').textContent !== ''`)
	v.picture("face-rests")
}

func (v *visitor) asksForTheRecord() {
	v.click("#mine")
	typed := v.typePIN("12345678")
	v.say(v.t, fullRecord(typed.Session))
	v.onScreen("record")
	v.sees("consent", "#record")
	v.picture("record")
	v.click("#done")
	v.touch(wire.TouchHome)
	v.until(`document.getElementById('record').textContent === ''`)
}

func record(turn wire.Session) *wire.Record {
	r := &wire.Record{Session: turn, Consent: wire.ConsentGiven, GivenAt: given, EraseAt: eraseAt}
	for i := range r.Passages {
		r.Passages[i] = wire.Passage{At: given + int64(i+1)*-40_000, Method: wire.Method(1 + i%2), Outcome: wire.Granted}
	}
	r.Passages[3].Outcome = wire.Denied
	return r
}

func (v *visitor) welcomesANewcomer() {
	v.click("#staff")
	v.onScreen("choose")
	v.picture("staff")
	v.click(`#choices [data-choice="newcomer"]`)
	v.until(`!!document.querySelector('[data-choice="adult"]')`)
	v.picture("newcomer-age")
	v.click(`#choices [data-choice="adult"]`)
	typed := v.typePIN("87654321")
	if !typed.Age.Adult {
		v.t.Error("the keeper was not told that the newcomer is grown up")
	}
	if typed.Act != wire.ActNewcomer {
		v.t.Errorf("the keeper heard %v", typed.Act)
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptNoNewcomer})
	v.sees("staff", "#pad-line")
	v.taps = 3
	v.picture("newcomer")
	v.click(`#stay [data-hours="8"]`)
	if typed := v.typePIN("87654312"); typed.Hours != 8 || !typed.Age.Adult {
		v.t.Errorf("a visit of %d hours; after a wrong PIN, grown up: %v", typed.Hours, typed.Age.Adult)
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
