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
	code, err := draw(receiptText(w))
	if err != nil {
		return nil, err
	}
	return event("receipt", code), nil
}

// jsonPiece is the event "piece": one code of several that a person takes away, said once.
type jsonPiece struct {
	Copy bool  `json:"copy"` // of the whole record; otherwise the receipt of a consent
	Part uint8 `json:"part"` // 0, 1, 2 …
	Last uint8 `json:"last"`
	jsonReceipt
}

func pieceEvent(w *wire.Piece) ([]byte, error) {
	code, err := draw("EDGEC1:" + base45.Encode(w.Data[:w.Len]) + ":")
	if err != nil {
		return nil, err
	}
	return event("piece", jsonPiece{w.Copy, w.Part, w.Last, code}), nil
}

// draw makes a QR code of a text.
func draw(text string) (jsonReceipt, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return jsonReceipt{}, fmt.Errorf("drawing a code: %w", err)
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
	return jsonReceipt{text, code.Size, path.String()}, nil
}

// receiptText is the form that package receipt reads; a test there and one here hold the two together. The package
// itself is not linked here: it reads audit logs, and this room has nothing to do with them.
func receiptText(w *wire.Receipt) string { return "EDGED1:" + base45.Encode(w.Data[:w.Len]) + ":" }
