package keeper_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// smallDisk is a disk of its own, of so many megabytes, with a keeper's folder on it.
func smallDisk(t *testing.T, megabytes string) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("this user may not mount a small disk: needs root")
	}
	dir = folder(t)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+megabytes+"m,mode=0700"); err != nil {
		t.Skipf("this machine lets nobody mount a small disk: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fillUp takes what space there is, but for so many bytes.
func fillUp(t *testing.T, dir string, but int64) (free func()) {
	t.Helper()
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "something-else"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = io.CopyN(f, zeros{}, int64(fs.Bavail)*fs.Bsize-but+1)
	if err != nil && !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	return func() { os.Remove(f.Name()) }
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestAFullDiskIsAnnouncedAndCostsTheFaceAndNotTheDoor(t *testing.T) {
	disk, program := smallDisk(t, "64"), program(t)
	h := openHouse(t, program, disk)
	h.faceIs(true)
	pin := h.newcomer()

	free := fillUp(t, disk, 8<<20)
	await(h, h.hall, "the word that the disk is nearly full", func(w wire.RoomSays) bool {
		f, ok := w.(*wire.Fault)
		return ok && f.Fault == wire.FaultDisk
	})
	await(h, h.screen, "that faces rest before anything in the log would have to go", func(w wire.KioskHears) bool {
		f, ok := w.(*wire.FrontDoor)
		return ok && f.Face == wire.FaceRestLog
	})
	h.typed(wire.ActAgree, pin)
	// Whichever notices first, the act or the mode: what is never said is "look into the camera".
	await(h, h.screen, "the word that faces are not taken now", func(w wire.KioskHears) bool {
		s, ok := w.(*wire.Screen)
		if ok && s.Prompt == wire.PromptLook {
			t.Error("somebody is enrolled on a full disk")
		}
		return ok && (s.Prompt == wire.PromptFaultAsk || s.Prompt == wire.PromptFaceRests)
	})
	free()

	free = fillUp(t, disk, 0) // now nothing can be written at all
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome)
	if h.opened() == 0 {
		t.Error("the screen says welcome and the relay did nothing")
	}
	h.typed(wire.ActOpen, "00000000") // what cannot be remembered is not given away: a wait begins at once
	await(h, h.screen, "a wait after a wrong PIN that could not be counted", func(w wire.KioskHears) bool {
		s, ok := w.(*wire.Screen)
		return ok && (s.Prompt == wire.PromptWrongPIN || s.Prompt == wire.PromptWait)
	})
	h.stop()

	h = openHouse(t, program, disk) // and it starts on the full disk
	await(h, h.hall, "PINs on a full disk", func(w wire.RoomSays) bool {
		r, ok := w.(*wire.Ready)
		return ok && r.Part == wire.PartPIN
	})
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome)
	h.stop()

	free()
	h = openHouse(t, program, disk)
	h.faceIs(true)
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	h.show(face(1), 5)
	h.prompt(wire.PromptEnrolled)
	h.stop()
	r, err := audit.Verify(filepath.Join(disk, "audit"), publicKey(t, disk))
	if err != nil || r.Kinds["newcomer"] != 1 || r.Kinds["enrolled"] != 1 {
		t.Errorf("after the disk was full the log has lost something: %+v, %v", r, err)
	}
}
