package keeper_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// The room asks the screen for colours, and opens for a face on which their light is seen.
func TestAChallengeIsShownAndAnswered(t *testing.T) {
	h := openHouse(t, program(t), folder(t), func(b *room.Keeper) { b.Face.Challenge = true })
	h.faceIs(true)
	pin := h.newcomer()
	h.enrol(pin, 1)
	h.show(face(1), 3)
	w := await(h, h.screen, "colours", func(w wire.KioskHears) bool { _, ok := w.(*wire.Shine); return ok }).(*wire.Shine)
	if n := h.opened(); n != 0 {
		t.Fatal("the door was open before the light was seen")
	}
	step, began := time.Duration(w.StepMS)*time.Millisecond, time.Now()
	for range 60 {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			t.Fatal(err)
		}
		s := wire.Sighting{CapturedAt: ts.Nano(), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, Live: .9, Model: model, Feature: face(1)}
		for c := range 3 {
			s.Skin[c], s.Around[c] = .3, .3
		}
		if i := int(time.Since(began) / step); i < len(w.Lights) {
			light := map[wire.Light][3]float32{wire.LightWhite: {1, 1, 1}, wire.LightGreen: {.08, .58, 0}, wire.LightBlue: {1, .08, .02}}[w.Lights[i]]
			for c := range 3 {
				s.Skin[c] += .2 * light[c]
			}
		}
		if err := h.eye.Say(&s); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60 * time.Millisecond) // a camera's pace, not a wait
	}
	h.prompt(wire.PromptWelcome)
}
