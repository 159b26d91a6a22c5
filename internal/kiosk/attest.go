package kiosk

import (
	"fmt"
	"net/http"
	"strconv"

	"example.org/edged/internal/wire"
)

// postAttest passes on what takes a member of staff, or a guardian with one. All PINs come together, so that none waits
// in this room for the others.
func (t *Terminal) postAttest(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r, "act", "first", "second", "third", "notice", "lang", "relation", "age", "number")
	if !ok {
		return
	}
	act, known := named(body["act"], wire.AttestLook)
	word := wire.Attested{Act: act}
	defer func() {
		for _, pin := range []*wire.Typed{&word.First, &word.Second, &word.Third} {
			clear(pin.Digits[:])
		}
	}()
	relation, related := wire.RelationNone, true
	if body["relation"] != "" {
		relation, related = named(body["relation"], wire.RelationAppointed)
	}
	age, sound := readAge(body["age"])
	number, numbered := readNumber(body["number"])
	pins, right := readPINs(act, body)
	word.First, word.Second, word.Third = pins[0], pins[1], pins[2]
	word.Relation, word.Age, word.Number = relation, age, number
	if !known || !related || !sound || !numbered || !right || (act == wire.AttestGuardian) != (body["notice"] != "") ||
		(act == wire.AttestAge) != (age != wire.Age{}) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	token := r.Header.Get(tokenHeader)
	if act == wire.AttestGuardian {
		if !t.stage.hasRead(token) || !t.current(body["notice"]) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		word.Notice = t.hash
		copy(word.Lang[:], t.readIn(body["lang"]))
	}
	if word.Session, ok = t.stage.begin(token); !ok {
		w.WriteHeader(http.StatusConflict)
		return
	}
	t.tell(w, &word)
}

// readPINs takes as many PINs as the act needs, and no others.
func readPINs(act wire.Attest, body map[string]string) (pins [3]wire.Typed, ok bool) {
	least, most := 1, 1
	switch act {
	case wire.AttestGuardian:
		least, most = 3, 3
	case wire.AttestAge:
		least, most = 2, 2
	case wire.AttestLook:
		most = 2
	}
	for i, field := range []string{"first", "second", "third"} {
		text := body[field]
		if text == "" && i >= least {
			continue
		}
		if pins[i], ok = readPIN(text); !ok || i >= most {
			return pins, false
		}
	}
	return pins, true
}

func readPIN(text string) (pin wire.Typed, ok bool) {
	if len(text) < wire.PINMin || len(text) > wire.PINMax || !digits(text) {
		return pin, false
	}
	pin.Len = uint8(copy(pin.Digits[:], text))
	return pin, true
}

// readAge reads "adult", a birth date as eight digits, or nothing. Whether there is such a day is for the keeper.
func readAge(text string) (a wire.Age, ok bool) {
	switch {
	case text == "":
		return a, true
	case text == "adult":
		return wire.Age{Adult: true}, true
	case len(text) != 8 || !digits(text):
		return a, false
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return wire.Age{Born: uint32(n)}, err == nil && n > 0
}

func readNumber(text string) (wire.Number, bool) {
	if text == "" {
		return 0, true
	}
	if len(text) != 12 || !digits(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return wire.Number(n), err == nil
}

// named finds the word of a closed set, whose last one is given.
func named[E interface {
	~uint8
	fmt.Stringer
}](name string, last E) (E, bool) {
	for e := E(0); e <= last; e++ {
		if e.String() == name {
			return e, true
		}
	}
	return 0, false
}
