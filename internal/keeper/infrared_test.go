package keeper_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// warm shows a face that the model calls alive, with what the infrared camera has seen beside it.
func (h *house) warm(seen wire.Infrared, frames int) {
	h.t.Helper()
	for range frames {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			h.t.Fatal(err)
		}
		h.frame++
		if err := h.eye.Say(&wire.Sighting{Frame: h.frame, CapturedAt: ts.Nano(), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, EyeDistance: 60, Live: .9,
			Infrared: seen, Model: model, Feature: face(1)}); err != nil {
			h.t.Fatal(err)
		}
	}
}

// Where an infrared camera is asked for, a face that it does not show is neither stored nor let in, and the log says at
// every start that it is asked for.
func TestAFaceThatInfraredDoesNotShowIsRefused(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder, func(b *room.Keeper) { b.Face.Infrared = true })
	h.faceIs(true)
	pin := h.newcomer()
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	h.warm(wire.InfraredFace, 5)
	h.prompt(wire.PromptEnrolled)
	before := h.opened()
	h.warm(wire.InfraredNoFace, 4)
	h.warm(wire.InfraredUnknown, 4)
	h.warm(wire.InfraredFace, 3)
	h.prompt(wire.PromptWelcome)
	if n := h.opened() - before; n != 1 {
		t.Errorf("the relay went on %d times", n)
	}
	h.stop()
	h = openHouse(t, program, folder) // the kill switch: the key is left out
	h.faceIs(true)
	h.warm(wire.InfraredUnknown, 3)
	h.prompt(wire.PromptWelcome)
	h.stop()
	var said int
	refused := map[wire.Reason]bool{}
	x, err := audit.Take(filepath.Join(folder, "audit"), func(uint64, audit.Entry) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range x.Lines {
		e, err := audit.ParseLine(l.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == wire.KindLiveness && e.Reason == wire.ReasonInfrared {
			said++
		}
		if e.Outcome == wire.Denied {
			refused[e.Reason] = true
		}
	}
	if said != 1 || !refused[wire.ReasonNotLive] || !refused[wire.ReasonNotJudged] {
		t.Errorf("said %d times, refused by %v", said, refused)
	}
}
