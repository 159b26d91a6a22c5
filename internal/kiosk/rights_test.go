package kiosk_test

import (
	"fmt"

	"example.org/edged/internal/wire"
)

// fullRecord has all that a record can hold.
func fullRecord(turn wire.Session) *wire.Record {
	r := record(turn)
	r.Number, r.Age, r.Asked = 12345678901, wire.AgeAdult, 1
	for i, state := range []wire.ConsentState{wire.ConsentResumed, wire.ConsentRestricted, wire.ConsentGiven, wire.ConsentRequested} {
		r.Consents[i] = wire.ConsentLine{At: given - int64(i)*90_000, State: state}
	}
	r.Consents[2].Until = eraseAt
	r.Looks[0], r.Looks[1] = wire.Looked{At: given + 1000}, wire.Looked{At: given - 500_000, Staff: 2}
	return r
}

// choose touches one of the choices on the screen.
func (v *visitor) choose(name string) {
	v.t.Helper()
	v.onScreen("choose")
	v.click(`#choices [data-choice="` + name + `"]`)
}

func (v *visitor) opensTheRecord() {
	v.t.Helper()
	v.click("#mine")
	v.say(v.t, fullRecord(v.typePIN("12345678").Session))
	v.onScreen("record")
}

func (v *visitor) letsTheFaceRest() {
	v.opensTheRecord()
	v.click("#rights")
	v.onScreen("choose")
	v.picture("rights")
	v.choose("restrict")
	v.onScreen("ask")
	v.picture("restrict")
	typed := v.typePIN("12345678")
	if typed.Act != wire.ActRestrict {
		v.t.Errorf("the keeper heard %v", typed.Act)
	}
	v.say(v.t, &wire.Screen{Session: typed.Session, Prompt: wire.PromptRests})
	v.onScreen("result")
	v.picture("rests")
	v.click("#done")
	v.touch(wire.TouchHome)
}

func (v *visitor) takesACopy() {
	v.opensTheRecord()
	v.click("#rights")
	v.choose("take")
	typed := v.typePIN("12345678")
	if typed.Act != wire.ActTake {
		v.t.Errorf("the keeper heard %v", typed.Act)
	}
	for part := range uint8(2) {
		w := &wire.Piece{Session: typed.Session, Copy: true, Part: part, Last: 1, Len: wire.PieceMax}
		for i := range w.Data {
			w.Data[i] = byte(i * (int(part) + 5))
		}
		v.say(v.t, w)
	}
	v.onScreen("copy")
	v.until(`document.getElementById('qr').clientWidth >= 200 && !document.getElementById('next-cell').hidden`)
	v.picture("copy")
	first := eval[string](v, `document.getElementById('qr-dark').getAttribute('d')`)
	v.click("#next")
	if eval[string](v, `document.getElementById('qr-dark').getAttribute('d')`) == first {
		v.t.Error("the second code is the first")
	}
	v.click("#done")
	v.touch(wire.TouchHome)
	v.until(`document.body.dataset.screen === 'home' && document.getElementById('qr-dark').getAttribute('d') === ''`)
}

func (v *visitor) readsTheChangedNotice() {
	turn := v.typePIN("12345678").Session
	v.say(v.t, &wire.Screen{Session: turn, Prompt: wire.PromptChanged})
	v.onScreen("result")
	v.picture("changed")
	v.click("#again")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.reads()
	v.equal("#agree", "#later")
	v.click("#agree")
	v.touch(wire.TouchRead)
	v.onScreen("ask")
	if typed := v.typePIN("12345678"); typed.Act != wire.ActInformed || typed.Notice != noticeHash(v.t) {
		v.t.Errorf("the keeper heard %v", typed.Act)
	}
	v.say(v.t, &wire.Screen{Session: turn, Prompt: wire.PromptInformed})
	v.onScreen("result")
	v.picture("informed")
	v.click("#done")
	v.touch(wire.TouchHome)
}

func (v *visitor) agreesForAChild() {
	v.click("#staff")
	v.choose("guardian")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.picture("guardian-notice")
	v.reads()
	v.click("#agree")
	v.touch(wire.TouchRead)
	v.onScreen("ask")
	v.picture("guardian")
	v.digits("11112222")
	v.digits("33334444")
	v.onScreen("choose")
	v.picture("relation")
	v.choose("parent")
	v.digits("87654321")
	w, ok := v.hears(v.t).(*wire.Attested)
	if !ok || w.Act != wire.AttestGuardian || w.Relation != wire.RelationParent || w.Notice != noticeHash(v.t) || string(w.Second.Digits[:8]) != "33334444" {
		v.t.Fatalf("the keeper heard %T", w)
	}
	v.say(v.t, &wire.Screen{Session: w.Session, Prompt: wire.PromptLook, Count: 1, Of: 5})
	v.onScreen("guide")
	v.say(v.t, &wire.Screen{Session: w.Session, Prompt: wire.PromptEnrolled, Until: eraseAt})
	v.onScreen("result")
	v.click("#done")
	v.touch(wire.TouchHome)
}

func (v *visitor) hasAnAgeNoted() {
	v.click("#staff")
	v.choose("age")
	v.digits("11112222")
	v.onScreen("choose")
	v.choose("born")
	v.onScreen("ask")
	for _, d := range "2016060" {
		v.click(fmt.Sprintf(`[data-key="%c"]`, d))
	}
	v.picture("birth-date")
	v.digits("1")
	v.digits("87654321")
	w, ok := v.hears(v.t).(*wire.Attested)
	if !ok || w.Act != wire.AttestAge || w.Age.Born != 20160601 {
		v.t.Fatalf("the keeper heard %T", w)
	}
	v.say(v.t, &wire.Screen{Session: w.Session, Prompt: wire.PromptNoted})
	v.onScreen("result")
	v.picture("noted")
	v.click("#done")
	v.touch(wire.TouchHome)
}

func (v *visitor) answersARequest() {
	v.click("#staff")
	v.choose("requests")
	v.digits("87654321")
	w, ok := v.hears(v.t).(*wire.Attested)
	if !ok || w.Act != wire.AttestRequests {
		v.t.Fatalf("the keeper heard %T", w)
	}
	v.say(v.t, &wire.Requests{Session: w.Session, More: true, Open: [8]wire.Request{{At: given, What: wire.ReasonCorrection, Number: 12345678901}, {At: given + 90_000, What: wire.ReasonExplanation, Number: 998877665544}}})
	v.onScreen("requests")
	v.picture("requests")
	v.click(`#requests [data-request="look"]`)
	v.digits("87654321")
	v.onScreen("ask")
	v.picture("colleague")
	v.click("#skip")
	look, ok := v.hears(v.t).(*wire.Attested)
	if !ok || look.Act != wire.AttestLook || look.Number != 12345678901 || look.Second.Len != 0 {
		v.t.Fatalf("the keeper heard %T", look)
	}
	r := fullRecord(look.Session)
	r.Looker = true
	v.say(v.t, r)
	v.onScreen("record")
	v.picture("record-staff")
	v.click("#done")
	v.touch(wire.TouchHome)
	v.until(noRecord)
}

// everyOtherScreen are those that only few people ever see, at the size of this glass.
func (v *visitor) everyOtherScreen() {
	v.opensTheRecord()
	v.fits("full record")
	v.click("#rights")
	v.onScreen("choose")
	v.fits("rights")
	v.choose("delete")
	v.onScreen("ask")
	v.fits("delete")
	turn := v.typePIN("12345678").Session
	w := &wire.Piece{Session: turn, Copy: true, Last: 1, Len: wire.PieceMax}
	v.say(v.t, w)
	v.onScreen("copy")
	v.fits("copy")
	v.say(v.t, &wire.Requests{Session: turn, Open: [8]wire.Request{{At: given, What: wire.ReasonExplanation, Number: 12345678901}}})
	v.onScreen("requests")
	v.fits("requests")
	for _, p := range []wire.Prompt{wire.PromptBoth, wire.PromptWays, wire.PromptNotGuardian, wire.PromptRests} {
		v.say(v.t, &wire.Screen{Session: turn, Prompt: p})
		v.until(`document.body.dataset.result === '` + p.String() + `'`)
		v.fits(p.String())
	}
	v.click("#done")
	v.touch(wire.TouchHome)
	v.click("#staff")
	v.onScreen("choose")
	v.fits("staff")
	v.choose("newcomer")
	v.choose("adult")
	v.onScreen("ask")
	v.fits("newcomer")
	v.click("#back") // nobody has typed a PIN yet, so there is no turn to end
	v.onScreen("home")
}
