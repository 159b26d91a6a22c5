package command

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"testing"
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/config"
)

var update = flag.Bool("update", false, "sign the demonstration's assessment anew")

// The example that somebody tries first has an assessment of its own. When model, threshold or way change, it must be
// looked at and signed anew, like any other: go test ./internal/command -run Demonstrations -update
func TestTheDemonstrationsAssessmentHolds(t *testing.T) {
	cfg, err := config.Read("../../configs/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tools := &tools{Streams: Streams{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}, Build: Build{Version: "example"}, ctx: context.Background(), log: slog.New(slog.DiscardHandler)}
	if *update {
		form, err := config.ReadForm("../../configs/demo.assessment.yaml")
		if err != nil {
			t.Fatal(err)
		}
		d, err := tools.doorOf(cfg)
		if err != nil {
			t.Fatal(err)
		}
		a, err := assess.Sign(*form, d.bound, d.facts, cfg.Staff[0].Name, "plays the staff of the demonstration", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.Assess, a.Canonical(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, what, do := tools.assessed(cfg)
	if what != "" {
		t.Fatalf("%s; %s", what, do)
	}
	form, err := config.ReadForm("../../configs/demo.assessment.yaml")
	if err != nil || *form != a.Form {
		t.Errorf("the form beside it says something else: %v", err)
	}
}
