package kiosk_test

import (
	"regexp"
	"testing"

	"example.org/edged/internal/wire"
)

// P-24: a machine's no is not the last word. Whatever says that a face did not do it names what does: the PIN or the
// staff, in each language.
func TestP24_EveryRefusalOfAFaceNamesAnotherWay(t *testing.T) {
	keys := []string{}
	for _, p := range []wire.Prompt{wire.PromptOtherWay, wire.PromptNotTaken, wire.PromptDeclined, wire.PromptFaceRests, wire.PromptFaultAsk,
		wire.PromptAge, wire.PromptGuardian, wire.PromptRests, wire.PromptChanged, wire.PromptBoth, wire.PromptWays} {
		keys = append(keys, "prompt."+p.String())
	}
	for _, mode := range every[wire.FaceMode]() { // a mode that is added later is asked as well
		if mode != wire.FaceOff.String() && mode != wire.FaceOn.String() {
			keys = append(keys, "face."+mode)
		}
	}
	if len(keys) < 20 {
		t.Fatalf("only %d refusals: %v", len(keys), keys)
	}
	another := regexp.MustCompile(`\bPIN\b|\bstaff\b|密码|工作人员`)
	for file, texts := range texts(t) {
		for _, key := range keys {
			if !another.MatchString(texts[key]) {
				t.Errorf("%s: %s says %q, and names neither the PIN nor the staff", file, key, texts[key])
			}
		}
		for _, key := range []string{"prompt.both", "prompt.ways"} { // who was refused again and again is told of people, too
			if !regexp.MustCompile(`\bstaff\b|工作人员`).MatchString(texts[key]) {
				t.Errorf("%s: %s says %q, and does not name the staff", file, key, texts[key])
			}
		}
	}
}
