package keeper_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/assess"
	"example.org/edged/internal/assess/assesstest"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

const nightPIN = "58203917"

// two is a door with two members of staff.
func two(t *testing.T) func(*room.Keeper) {
	t.Helper()
	hash, err := access.HashStaff(nightPIN, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return func(b *room.Keeper) { b.Staff = append(b.Staff, room.Staff{Name: "night", Hash: hash}) }
}

func TestM9e_AfterAnIncidentFacesRestUntilItIsAssessedAnew(t *testing.T) {
	folder, program := folder(t), program(t)
	var first []byte
	h := openHouse(t, program, folder, two(t), func(b *room.Keeper) { first = assesstest.For(*b, time.Now()); b.Assessment = first })
	h.faceIs(true)
	pin := h.newcomer()
	if err := h.orders.Say(&wire.Stop{ID: [16]byte{1}, Why: wire.ReasonIncident}); err != nil {
		t.Fatal(err)
	}
	h.modeIs(wire.FaceStopped)
	lift := &wire.Lift{ID: [16]byte{2}, PINs: [2]wire.Typed{typed(staffPIN), typed(nightPIN)}}
	if err := h.orders.Say(lift); err != nil {
		t.Fatal(err)
	}
	h.modeIs(wire.FaceRestAssess)
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome) // the door does not care
	h.stop()

	h = openHouse(t, program, folder, two(t), func(b *room.Keeper) { b.Assessment = first })
	h.modeIs(wire.FaceRestAssess) // that of before is worth nothing
	h.stop()

	h = openHouse(t, program, folder, two(t), func(b *room.Keeper) { b.Assessment = assesstest.For(*b, time.Now().Add(2*time.Second)) })
	h.faceIs(true)
	h.stop()

	// Each that held is kept, and the log names it before any face.
	x, err := audit.Take(filepath.Join(folder, "audit"), func(_ uint64, e audit.Entry) bool { return e.Kind == wire.KindAssessed })
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, l := range x.Lines {
		named++
		e, err := audit.ParseLine(l.Entry)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(folder, assess.Folder, assess.FileName(e.Commit)))
		if err != nil {
			t.Error(err)
			continue
		}
		if a, err := assess.Parse(b); err != nil || audit.Hash(a.Hash()) != e.Commit {
			t.Errorf("what is kept is not what the log names: %v", err)
		}
	}
	if named != 2 {
		t.Errorf("the log names %d assessments", named)
	}
}

func TestM9a_TheLogHasTheAssessmentBeforeTheFirstFace(t *testing.T) {
	folder, program := folder(t), program(t)
	h := openHouse(t, program, folder, func(b *room.Keeper) { b.Assessment = []byte{} })
	h.modeIs(wire.FaceRestAssess)
	pin := h.newcomer()
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptFaceRests) // nobody is asked, nothing is taken
	h.stop()
	h = openHouse(t, program, folder)
	h.faceIs(true)
	h.enrol(pin, 1)
	h.stop()
	x, err := audit.Take(filepath.Join(folder, "audit"), func(uint64, audit.Entry) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	assessed, counted, last := false, false, uint64(0)
	for _, l := range x.Lines {
		e, err := audit.ParseLine(l.Entry)
		if err != nil {
			t.Fatal(err)
		}
		switch e.Kind {
		case wire.KindAssessed:
			assessed = true
		case wire.KindCounted:
			counted = true
		case wire.KindConsentGiven, wire.KindEnrolled:
			if last = l.Index; !assessed || !counted {
				t.Errorf("line %d is a %s before anything was assessed and counted", l.Index, e.Kind)
			}
		}
		if e.Rules != wire.Rules20250601 {
			t.Errorf("line %d names the rules %s", l.Index, e.Rules)
		}
	}
	if last == 0 {
		t.Error("nobody was enrolled, so nothing was tested")
	}
}
