package command

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"example.org/edged/internal/hall"
	"example.org/edged/internal/wire"
)

// The lines of `edged run --json`, as other programs read them.
func TestTheNamesOfEventsAreStable(t *testing.T) {
	for want, e := range map[string]hall.Event{
		`{"after_ms":1500,"room":"keeper","pid":7,"event":"ready","what":"pin"}`:       {Room: "keeper", PID: 7, Word: &wire.Ready{Part: wire.PartPIN}},
		`{"after_ms":1500,"room":"eye","pid":7,"event":"fault","what":"camera"}`:       {Room: "eye", PID: 7, Word: &wire.Fault{Fault: wire.FaultCamera}},
		`{"after_ms":1500,"room":"eye","event":"ended","what":"signal: segmentation"}`: {Room: "eye", Ended: errors.New("signal: segmentation")},
		`{"after_ms":1500,"room":"keeper","pid":7,"event":"answered","method":"pin","outcome":"granted","took_us":25000}`: {Room: "keeper", PID: 7,
			Word: &wire.Timed{Method: wire.MethodPIN, Outcome: wire.Granted, TookUS: 25000}},
		`{"after_ms":1500,"room":"keeper","pid":7,"event":"answered","method":"face","outcome":"denied","took_us":9,"stages_us":{"Detect":1,"Landmark":2,"Liveness":3,"Feature":4,"DetectNet":5,"LandmarkNet":6,"LivenessNet":7,"FeatureNet":8}}`: {Room: "keeper", PID: 7,
			Word: &wire.Timed{Method: wire.MethodFace, Outcome: wire.Denied, TookUS: 9, StageUS: wire.Stages{Detect: 1, Landmark: 2, Liveness: 3, Feature: 4, DetectNet: 5, LandmarkNet: 6, LivenessNet: 7, FeatureNet: 8}}},
	} {
		var out bytes.Buffer
		e.After = 1500 * time.Millisecond
		(&tools{Streams: Streams{Out: &out}, log: slog.New(slog.DiscardHandler)}).jsonEvent(e)
		if out.String() != want+"\n" {
			t.Errorf("it said %s, not\n%s", out.String(), want)
		}
	}
}
