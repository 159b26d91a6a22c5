package keeper_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/keys"
	"example.org/edged/internal/wire"
)

func (h *house) renews() *wire.Obeyed {
	h.t.Helper()
	w := &wire.Renew{ID: [16]byte{7}, Why: wire.ReasonIncident}
	if err := h.orders.Say(w); err != nil {
		h.t.Fatal(err)
	}
	return await(h, h.hall, "an answer", func(a wire.RoomSays) bool { o, ok := a.(*wire.Obeyed); return ok && o.ID == w.ID }).(*wire.Obeyed)
}

// Somebody writes into the log. Faces rest and PINs go on; an operator sets the log aside, behind the real walls, and
// the next life of the room has faces again. Who was known is known.
func TestTheWayOutOfADamagedLog(t *testing.T) {
	program := program(t)
	dir, pin := livedIn(t, program)
	entries := filepath.Join(dir, "audit", "tile", "entries", "000")
	b, err := os.ReadFile(entries)
	if err != nil {
		t.Fatal(err)
	}
	b[20] ^= 1
	if err := os.WriteFile(entries, b, 0o600); err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, program, dir)
	await(h, h.hall, "the word that the log is damaged", func(w wire.RoomSays) bool {
		f, ok := w.(*wire.Fault)
		return ok && f.Fault == wire.FaultAudit
	})
	h.typed(wire.ActOpen, pin)
	h.prompt(wire.PromptWelcome)
	h.show(face(1), 6)
	h.record(pin) // the frames have been seen
	if n := h.opened(); n != 1 {
		t.Errorf("faces opened the door %d times without a log", n-1)
	}
	if o := h.renews(); o.Outcome != wire.Done || o.Reason != wire.ReasonIncident {
		t.Fatalf("%+v", o)
	}
	h.stop()

	h = openHouse(t, program, dir)
	h.faceIs(true)
	h.show(face(1), 3)
	h.prompt(wire.PromptWelcome)
	if o := h.renews(); o.Outcome != wire.Rejected {
		t.Errorf("a log that is in order: %+v", o)
	}
	h.stop()
	all, err := audit.Before(filepath.Join(dir, "audit"), publicKey(t, dir))
	if err != nil || len(all) != 1 || all[0].Problem == nil || all[0].Problem.How != audit.Rewritten || all[0].Problem.Index != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// publicKey is the log's, as the device's own key gives it.
func publicKey(t *testing.T, dir string) string {
	t.Helper()
	h, err := audit.Open(filepath.Join(dir, "audit"), "edged/door-1", seedOf(t, dir), quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	return h.PublicKey()
}

func seedOf(t *testing.T, dir string) [32]byte {
	t.Helper()
	path := filepath.Join(dir, "device.key") // of the keeper's user: read, not opened
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "device.key")
	if err := os.WriteFile(own, b, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := keys.Open(own, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Wipe()
	return root.Derive(keys.AuditSigning)
}
