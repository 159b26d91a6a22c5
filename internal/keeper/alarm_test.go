package keeper_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// rests plays an eye that tells one thing until faces rest.
func (h *house) rests(tells *wire.EyeState) {
	h.t.Helper()
	late, tick := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case w, ok := <-h.screen:
			if f, is := w.(*wire.FrontDoor); !ok || is && f.Face == wire.FaceRestEye {
				return
			}
		case <-tick.C:
			if tells != nil {
				h.eye.Say(tells)
			}
		case <-late:
			h.t.Fatalf("with %+v faces are used on", tells)
		}
	}
}

// M-14e: each sign of an intrusion that this device can see is a line of the signed log. Its word says what it is about: the
// camera (also when its eye fell), guessing, what is stored, or the clock. None of them costs the door.
func TestM14e_EachAlarmIsALineOfTheLog(t *testing.T) {
	folder, program := folder(t), program(t)
	var lines int
	wrote := func(kind wire.Kind, why wire.Reason) (n int) {
		t.Helper()
		x, err := audit.Take(filepath.Join(folder, "audit"), func(_ uint64, e audit.Entry) bool { return e.Kind == kind && e.Reason == why })
		if err != nil {
			t.Fatal(err)
		}
		return len(x.Lines)
	}
	h := openHouse(t, program, folder)
	h.faceIs(true)
	pin := h.newcomer()
	h.enrol(pin, 1)
	for _, c := range []struct {
		name  string
		tells *wire.EyeState
	}{
		{"the same picture again and again", &wire.EyeState{Camera: wire.CameraFrozen}},
		{"a camera that is gone", &wire.EyeState{Camera: wire.CameraSilent}},
		{"an eye that fell, as it does with a swapped model", nil},
	} {
		before := wrote(wire.KindFaceMode, wire.ReasonNoCamera)
		h.rests(c.tells)
		if n := wrote(wire.KindFaceMode, wire.ReasonNoCamera) - before; n != 1 {
			t.Errorf("%s: %d lines", c.name, n)
		}
		h.typed(wire.ActOpen, pin)
		h.prompt(wire.PromptWelcome)
		h.faceIs(true)
	}
	for lines = 0; lines < 30; lines++ { // somebody guesses
		h.typed(wire.ActOpen, "00000000")
		w := await(h, h.screen, "an answer to a guess", func(w wire.KioskHears) bool {
			s, ok := w.(*wire.Screen)
			return ok && (s.Prompt == wire.PromptWrongPIN || s.Prompt == wire.PromptWait)
		}).(*wire.Screen)
		if w.Prompt == wire.PromptWait {
			break
		}
	}
	h.stop()
	if wrong, limited := wrote(wire.KindDecision, wire.ReasonWrongPIN), wrote(wire.KindDecision, wire.ReasonTooManyTries); limited != 1 || wrong != lines {
		t.Errorf("%d guesses: %d lines of them, and %d that there were too many", lines, wrong, limited)
	}

	if err := os.WriteFile(filepath.Join(folder, "people.db"), []byte("noise in place of the templates"), 0o600); err != nil {
		t.Fatal(err)
	}
	h = openHouse(t, program, folder)
	await(h, h.hall, "an alarm about the stored faces", func(w wire.RoomSays) bool { f, ok := w.(*wire.Fault); return ok && f.Fault == wire.FaultVault })
	h.faceIs(true)
	h.stop()
	if n := wrote(wire.KindTemplateRefused, wire.ReasonDamaged); n != 1 {
		t.Errorf("stored faces that were exchanged: %d lines", n)
	}

	h = openHouse(t, program, folder, func(b *room.Keeper) { b.Built = time.Now().Add(100 * 24 * time.Hour) })
	h.modeIs(wire.FaceRestClock)
	h.stop()
	if n := wrote(wire.KindFaceMode, wire.ReasonClock); n != 1 {
		t.Errorf("a clock that was set back: %d lines", n)
	}
	if r, err := audit.Verify(filepath.Join(folder, "audit"), publicKey(t, folder)); err != nil || !r.OK {
		t.Errorf("the log of all that: %v", err)
	}
}
