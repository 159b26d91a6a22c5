package lights_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"example.org/edged/internal/lights"
	"example.org/edged/internal/wire"
)

// What the page shows is what the keeper looks for, and no colour of it is a saturated red (WCAG 2.2, 2.3.1).
func TestThePageShowsTheColoursThatAreLookedFor(t *testing.T) {
	css, err := os.ReadFile("../kiosk/page/kiosk.css")
	if err != nil {
		t.Fatal(err)
	}
	colours := map[string]string{}
	for _, m := range regexp.MustCompile(`\[data-light="([a-z]+)"\] \{ background: #([0-9a-f]{3,6}); \}`).FindAllStringSubmatch(string(css), -1) {
		hex := m[2]
		if len(hex) == 3 {
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		}
		colours[m[1]] = hex
	}
	if len(colours) != wire.Lights {
		t.Fatalf("the page has %v", colours)
	}
	for c := range wire.Light(wire.Lights) {
		rgb, err := strconv.ParseUint(colours[c.String()], 16, 32)
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		var bgr [3]float64
		for i := range bgr {
			bgr[i] = math.Pow(float64(rgb>>(8*i)&255)/255, 2.2)
			if got := lights.Shine(c)[i]; math.Abs(got-bgr[i]) > .03 {
				t.Errorf("%s: part %d is %.2f on the page, and %.2f is looked for", c, i, bgr[i], got)
			}
		}
		if sum := bgr[0] + bgr[1] + bgr[2]; sum > 0 && bgr[2]/sum >= .8 {
			t.Errorf("%s is a saturated red", c)
		}
	}
}
