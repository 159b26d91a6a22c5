package command

import "testing"

func TestTheProbesFindThisProgramKeepingTheRules(t *testing.T) {
	all := probes()
	if len(all) != 15 {
		t.Errorf("%d probes", len(all))
	}
	for name, why := range all {
		if why != "" {
			t.Errorf("%s: %s", name, why)
		}
	}
	// And a probe would notice: what may be configured is not refused.
	if configRefuses("timezone: +08:00\n") == "" {
		t.Error("a probe finds a refusal where there is none")
	}
	if ages(20110601, 14, 20250602, 20250603) == "" || ages(20110601, 14, 20250531, 20250601) == "" {
		t.Error("a probe of ages finds any day right")
	}
}
