package liveness_test

import (
	"testing"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/wire"
)

func TestAnInfraredCameraMayOnlyDeny(t *testing.T) {
	for seen, want := range map[wire.Infrared]liveness.Outcome{wire.InfraredUnknown: liveness.Unsure, wire.InfraredFace: liveness.Live,
		wire.InfraredNoFace: liveness.Attack, wire.InfraredNoFace + 1: liveness.Unsure} {
		if got := liveness.Infrared(seen); got != want {
			t.Errorf("%d: %v, not %v", seen, got, want)
		}
	}
	all := []liveness.Outcome{liveness.Unsure, liveness.Live, liveness.Attack}
	for _, a := range all {
		for _, b := range all {
			got := a.Beside(b)
			if got != b.Beside(a) {
				t.Errorf("%v beside %v depends on which comes first", a, b)
			}
			if got == liveness.Live && (a != liveness.Live || b != liveness.Live) {
				t.Errorf("%v beside %v lives", a, b)
			}
			if (got == liveness.Attack) != (a == liveness.Attack || b == liveness.Attack) {
				t.Errorf("%v beside %v is %v", a, b, got)
			}
		}
	}
}
