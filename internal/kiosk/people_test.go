package kiosk_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"example.org/edged/internal/extract"
	"example.org/edged/internal/wire"
)

// What a page may say of ages, relations and numbers, and with how many PINs; whatever else is refused here already.
func TestM7a_WhatTakesMoreThanOnePIN(t *testing.T) {
	h := open(t)
	p := h.page(t)
	notice := p.readsNotice(t)
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"an age by the person alone":       {"/attest", `{"act":"age","first":"123456","age":"adult"}`, 400},
		"an age that is not one":           {"/attest", `{"act":"age","first":"123456","second":"123456","age":"old"}`, 400},
		"no age at all":                    {"/attest", `{"act":"age","first":"123456","second":"123456"}`, 400},
		"half a birth date":                {"/attest", `{"act":"age","first":"123456","second":"123456","age":"2011"}`, 400},
		"a guardian without the staff":     {"/attest", `{"act":"guardian","first":"123456","second":"123456","notice":"` + notice + `","relation":"parent"}`, 400},
		"a guardian without a notice":      {"/attest", `{"act":"guardian","first":"123456","second":"123456","third":"123456","relation":"parent"}`, 400},
		"a guardian to another notice":     {"/attest", `{"act":"guardian","first":"123456","second":"123456","third":"123456","relation":"parent","notice":"` + strings.Repeat("0", 64) + `"}`, 409},
		"a relation that is none":          {"/attest", `{"act":"guardian","first":"123456","second":"123456","third":"123456","relation":"landlord","notice":"` + notice + `"}`, 400},
		"a third PIN for nothing":          {"/attest", `{"act":"age","first":"123456","second":"123456","third":"123456","age":"adult"}`, 400},
		"a number of letters":              {"/attest", `{"act":"relative","first":"123456","number":"12345678901x"}`, 400},
		"an act of its own":                {"/attest", `{"act":"open","first":"123456"}`, 400},
		"two acts at once":                 {"/attest", `{"act":"age","act":"look","first":"123456"}`, 400},
		"terms agreed to besides":          {"/pin", `{"act":"agree","pin":"123456","notice":"` + notice + `","terms":"yes"}`, 400},
		"two consents in one":              {"/pin", `[{"act":"agree","pin":"123456"},{"act":"agree","pin":"123456"}]`, 400},
		"an age given by oneself":          {"/pin", `{"act":"agree","pin":"123456","notice":"` + notice + `","age":"adult"}`, 400},
		"the notice of another act":        {"/pin", `{"act":"withdraw","pin":"123456","notice":"` + notice + `"}`, 400},
		"informed of nothing":              {"/pin", `{"act":"informed","pin":"123456"}`, 400},
		"read to the end, of another text": {"/touch", `{"touch":"read","notice":"` + strings.Repeat("0", 64) + `"}`, 409},
	} {
		if status := p.post(t, c.path, c.body); status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
	h.hearsNothing(t)
	p.post(t, "/attest", `{"act":"guardian","first":"111222","second":"333444","third":"555666","relation":"grandparent","lang":"en","notice":"`+notice+`"}`)
	w, ok := h.hears(t).(*wire.Attested)
	if !ok || w.Act != wire.AttestGuardian || w.Relation != wire.RelationGrandparent || w.Notice != noticeHash(t) || string(w.Lang[:]) != "en" ||
		string(w.First.Digits[:6]) != "111222" || string(w.Second.Digits[:6]) != "333444" || string(w.Third.Digits[:6]) != "555666" {
		t.Errorf("the keeper heard %+v", w)
	}
	p.post(t, "/attest", `{"act":"look","first":"111222","number":"000000000042"}`)
	if w, ok := h.hears(t).(*wire.Attested); !ok || w.Number != 42 || w.Second.Len != 0 {
		t.Errorf("the keeper heard %+v", w)
	}
	p.post(t, "/pin", `{"act":"newcomer","pin":"111222","age":"20160601"}`)
	if w, ok := h.hears(t).(*wire.PINTyped); !ok || w.Age.Born != 20160601 {
		t.Errorf("the keeper heard %+v", w)
	}
}

// readsNotice puts the notice on the page and reads it to its end.
func (p *page) readsNotice(t *testing.T) string {
	t.Helper()
	sum := noticeHash(t)
	hash := hex.EncodeToString(sum[:])
	for _, touch := range []string{"notice", "read"} {
		if status := p.post(t, "/touch", `{"touch":"`+touch+`","notice":"`+hash+`"}`); status != 204 {
			t.Fatalf("%s: %d", touch, status)
		}
		p.h.hears(t)
	}
	return hash
}

// P-45: what the page shows as codes is what extract reads, so that a phone and `edgectl copy` give the person their record.
func TestP45_TheCodesOnThePageAreReadByTheTool(t *testing.T) {
	h := open(t)
	p := h.page(t)
	p.post(t, "/pin", `{"act":"take","pin":"123456"}`)
	session := h.hears(t).(*wire.PINTyped).Session
	var hashes strings.Builder // a record has many, and they cannot be made smaller
	for i := range 60 {
		fmt.Fprintf(&hashes, "%x", sha256.Sum256([]byte{byte(i)}))
	}
	document := string(noticeJSON) + hashes.String()
	pieces, err := extract.Pack([]byte(document))
	if err != nil || len(pieces) < 2 {
		t.Fatalf("%d pieces: %v", len(pieces), err)
	}
	var texts []string
	for i, piece := range pieces {
		w := wire.Piece{Session: session, Copy: true, Part: uint8(i), Last: uint8(len(pieces) - 1)}
		w.Len = uint16(copy(w.Data[:], piece))
		h.say(t, &w)
		var e struct{ Text, Path string }
		_, data, _ := strings.Cut(p.event(t), " ")
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		if e.Path == "" {
			t.Error("no code is drawn")
		}
		texts = append(texts, e.Text)
	}
	if got, err := extract.Join(texts); err != nil || string(got) != document {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
