package kiosk

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"example.org/edged/internal/wire"
)

// The events of GET /events. Enums are the words of package wire, times RFC 3339 in UTC and absent when there is none,
// hashes lower-case hexadecimal. These names are stable.

// jsonDoor is the event "door": what the home screen may offer now. Sent on every change.
type jsonDoor struct {
	Face   string `json:"face"`   // wire.FaceMode
	Open   bool   `json:"open"`   // the door is unlocked at this moment
	Broker bool   `json:"broker"` // the fleet's broker is reached
	Late   bool   `json:"late,omitempty"`
	Now    string `json:"now,omitempty"`
}

// jsonScreen is the event "screen": what to say.
type jsonScreen struct {
	Prompt   string `json:"prompt"`          // wire.Prompt
	Personal bool   `json:"personal"`        // meant for the person whose turn it is, not for whoever stands there
	Until    string `json:"until,omitempty"` // when a wait ends, or when a face will be erased
	Count    uint16 `json:"count"`           // good frames so far, or tries left
	Of       uint16 `json:"of"`              // good frames needed
}

// jsonIssued is the event "issued": a new PIN, said once.
type jsonIssued struct {
	PIN    string `json:"pin"`
	Number string `json:"number"`          // by which the person is named aloud, on paper and to `edged end`; it opens nothing
	Until  string `json:"until,omitempty"` // when a visit ends
}

// jsonRecord is the event "record": a person's own record, said once; or what staff read of somebody who asked.
type jsonRecord struct {
	Number     string        `json:"number"`
	Staff      bool          `json:"staff,omitempty"` // staff read it
	Consent    string        `json:"consent"`         // wire.ConsentState
	Notice     string        `json:"notice,omitempty"`
	GivenAt    string        `json:"given_at,omitempty"`
	EraseAt    string        `json:"erase_at,omitempty"`
	Age        string        `json:"age"` // wire.AgeBand
	ByGuardian bool          `json:"by_guardian,omitempty"`
	Restricted bool          `json:"restricted,omitempty"`
	Changed    bool          `json:"changed,omitempty"` // the notice, and they have not been told
	Asked      uint8         `json:"asked"`             // requests that nobody has answered yet
	Consents   []jsonConsent `json:"consents"`
	Passages   []jsonPassage `json:"passages"`
	Looks      []jsonLook    `json:"looks"`
}

type jsonConsent struct {
	At    string `json:"at"`
	State string `json:"state"` // wire.ConsentState
	Until string `json:"until,omitempty"`
}

type jsonLook struct {
	At    string `json:"at"`
	Staff uint8  `json:"staff"` // how many of them; 0: the person
}

// jsonRequests is the event "requests": what people have asked of the staff.
type jsonRequests struct {
	More bool          `json:"more"`
	Open []jsonRequest `json:"open"`
}

type jsonRequest struct {
	At     string `json:"at"`
	What   string `json:"what"` // wire.Reason
	Number string `json:"number"`
}

type jsonPassage struct {
	At      string `json:"at"`
	Method  string `json:"method"`  // wire.Method
	Outcome string `json:"outcome"` // wire.Outcome
}

func doorEvent(w *wire.FrontDoor) []byte {
	return event("door", jsonDoor{w.Face.String(), w.Open, w.Broker, w.Late, moment(w.Now)})
}

func screenEvent(w *wire.Screen) []byte {
	return event("screen", jsonScreen{w.Prompt.String(), w.Session != 0, moment(w.Until), w.Count, w.Of})
}

// jsonShine is the event "shine": colours to show, one after the other.
type jsonShine struct {
	Lights [wire.LightSteps]string `json:"lights"` // wire.Light
	MS     uint16                  `json:"ms"`     // each
}

func shineEvent(w *wire.Shine) []byte {
	e := jsonShine{MS: w.StepMS}
	for i, l := range w.Lights {
		e.Lights[i] = l.String()
	}
	return event("shine", e)
}

func issuedEvent(w *wire.Issued) []byte {
	n := number(w.Number)
	return event("issued", jsonIssued{string(w.Digits[:w.Len]), n[:4] + " " + n[4:8] + " " + n[8:], moment(w.Until)})
}

func number(n wire.Number) string { return fmt.Sprintf("%012d", uint64(n)) }

func recordEvent(w *wire.Record) []byte {
	r := jsonRecord{Number: number(w.Number), Staff: w.Looker, Consent: w.Consent.String(), GivenAt: moment(w.GivenAt), EraseAt: moment(w.EraseAt),
		Age: w.Age.String(), ByGuardian: w.ByGuardian, Restricted: w.Restricted, Changed: w.Changed, Asked: w.Asked,
		Consents: []jsonConsent{}, Passages: []jsonPassage{}, Looks: []jsonLook{}}
	if w.Notice != [32]byte{} {
		r.Notice = hex.EncodeToString(w.Notice[:])
	}
	for _, c := range w.Consents {
		if c.At != 0 {
			r.Consents = append(r.Consents, jsonConsent{moment(c.At), c.State.String(), moment(c.Until)})
		}
	}
	for _, p := range w.Passages {
		if p.At != 0 {
			r.Passages = append(r.Passages, jsonPassage{moment(p.At), p.Method.String(), p.Outcome.String()})
		}
	}
	for _, l := range w.Looks {
		if l.At != 0 {
			r.Looks = append(r.Looks, jsonLook{moment(l.At), l.Staff})
		}
	}
	return event("record", r)
}

func requestsEvent(w *wire.Requests) []byte {
	r := jsonRequests{More: w.More, Open: []jsonRequest{}}
	for _, q := range w.Open {
		if q.At != 0 {
			r.Open = append(r.Open, jsonRequest{moment(q.At), q.What.String(), number(q.Number)})
		}
	}
	return event("requests", r)
}

// clearedEvent says that the turn is over: the page forgets all it shows of a person.
func clearedEvent() []byte { return event("cleared", struct{}{}) }

func moment(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// event is one server-sent event. JSON without indent has no line break, so one data line holds it.
func event(name string, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("kiosk: internal error: " + err.Error()) // strings, bools and integers only
	}
	var b bytes.Buffer
	b.WriteString("event: " + name + "\ndata: ")
	b.Write(data)
	b.WriteString("\n\n")
	return b.Bytes()
}
