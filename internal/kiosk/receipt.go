package kiosk

import (
	"fmt"
	"strings"

	"rsc.io/qr"

	"example.org/edged/internal/base45"
	"example.org/edged/internal/wire"
)

// jsonReceipt is the event "receipt": the proof of an erasure, said once, as a QR code and as the text in it.
type jsonReceipt struct {
	Text string `json:"text"`
	Size int    `json:"size"` // modules to a side, without the quiet zone
	Path string `json:"path"` // the dark modules as an SVG path
}

// receiptEvent draws the code. The screen's code is read from a hand's breadth under even light, so the lowest level
// of correction is right: any higher one makes the modules smaller, and that is what phones fail at.
func receiptEvent(w *wire.Receipt) ([]byte, error) {
	text := receiptText(w)
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, fmt.Errorf("drawing a receipt: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1H%dz", from, y, x-from, from)
			}
		}
	}
	return event("receipt", jsonReceipt{text, code.Size, path.String()}), nil
}

// receiptText is the form that package receipt reads; a test there and one here hold the two together. The package
// itself is not linked here: it reads audit logs, and this room has nothing to do with them.
func receiptText(w *wire.Receipt) string { return "EDGED1:" + base45.Encode(w.Data[:w.Len]) + ":" }
