package kiosk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"rsc.io/qr"

	"example.org/edged/internal/receipt"
	"example.org/edged/internal/wire"
)

// What the page is told is the very text that `edgectl verify receipt` reads, drawn as the code that holds it.
func TestAReceiptIsShownInItsTurn(t *testing.T) {
	h := open(t)
	p := h.page(t)
	if status := p.post(t, "/pin", `{"act":"withdraw","pin":"123456"}`); status != 204 {
		t.Fatalf("POST /pin gave %d", status)
	}
	turn := h.hears(t).(*wire.PINTyped).Session
	for _, n := range []int{3, 600, wire.ReceiptMax} {
		w := &wire.Receipt{Session: turn, Len: uint16(n)}
		for i := range w.Data[:n] {
			w.Data[i] = byte(i * 11)
		}
		h.say(t, w)
		name, body, _ := strings.Cut(p.event(t), " ")
		var e struct {
			Text, Path string
			Size       int
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil || name != "receipt" {
			t.Fatalf("%s %.60s: %v", name, body, err)
		}
		if e.Text != receipt.Text(w.Data[:n]) {
			t.Errorf("%d bytes: the text is not the one that is read: %.60s", n, e.Text)
		}
		code, err := qr.Encode(e.Text, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		dark := 0
		for i := range code.Size * code.Size {
			if code.Black(i%code.Size, i/code.Size) {
				dark++
			}
		}
		if e.Size != code.Size || drawn(e.Path) != dark {
			t.Errorf("%d bytes: %d modules drawn, the code has %d", n, drawn(e.Path), dark)
		}
	}
}

// drawn adds up the lengths of the runs in a path of M… h… v1 H… z.
func drawn(path string) (n int) {
	for _, run := range strings.Split(path, "M")[1:] {
		_, rest, _ := strings.Cut(run, "h")
		digits, _, _ := strings.Cut(rest, "v")
		width := 0
		for _, d := range digits {
			width = 10*width + int(d-'0')
		}
		n += width
	}
	return n
}
