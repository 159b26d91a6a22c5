package hall

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/wire"
)

// A stand is a hall with its hand open, and a keeper's end of the wire where the test plays the keeper.
func stand(t *testing.T, keeper bool) (*Hall, *wire.Conn[wire.RoomHears, wire.RoomSays]) {
	t.Helper()
	state := filepath.Join(t.TempDir(), strings.Repeat("a-long-name-", 12)) // longer than a socket's address may be
	if err := os.MkdirAll(state, 0o755); err != nil {
		t.Fatal(err)
	}
	h := &Hall{house: House{State: state}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	stop, err := h.openHand(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if !keeper {
		return h, nil
	}
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	near, err := wire.Open[wire.RoomSays, wire.RoomHears](ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	far, err := wire.Open[wire.RoomHears, wire.RoomSays](theirs, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.orders.keeperIs(near)
	go func() {
		for {
			w, err := near.Hear()
			if err != nil {
				return
			}
			if o, ok := w.(*wire.Obeyed); ok {
				h.obeyed(o)
			}
		}
	}()
	return h, far
}

func reach(t *testing.T, h *Hall) *wire.Conn[wire.RoomSays, wire.RoomHears] {
	t.Helper()
	c, err := Reach(h.house.State)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestAnOrderReachesTheKeeperAndTheAnswerComesBack(t *testing.T) {
	h, keeper := stand(t, true)
	caller := reach(t, h)
	order := &wire.Stop{ID: [16]byte{1}, Why: wire.ReasonIncident}
	if err := caller.Say(order); err != nil {
		t.Fatal(err)
	}
	heard, err := keeper.Hear()
	if err != nil || *heard.(*wire.Stop) != *order {
		t.Fatalf("the keeper heard %+v, %v", heard, err)
	}
	if kept, err := keptStop(h.house.State); err != nil || kept == nil || kept.ID != order.ID || kept.Why != order.Why {
		t.Errorf("before the keeper has confirmed it, the disk has %+v, %v", kept, err)
	}
	keeper.Say(&wire.Obeyed{ID: [16]byte{9}, Outcome: wire.Done}) // an answer to nobody changes nothing
	keeper.Say(&wire.Obeyed{ID: order.ID, Outcome: wire.Done, Index: 5})
	answer, err := caller.Hear()
	if o, ok := answer.(*wire.Obeyed); err != nil || !ok || o.Index != 5 {
		t.Fatalf("the caller heard %+v, %v", answer, err)
	}
	if kept, err := keptStop(h.house.State); err != nil || kept != nil {
		t.Errorf("the keeper has made it its own, and the disk still has %+v, %v", kept, err)
	}
	lift := &wire.Lift{ID: [16]byte{2}}
	lift.PINs[0].Len = uint8(copy(lift.PINs[0].Digits[:], "123456"))
	lift.PINs[1].Len = uint8(copy(lift.PINs[1].Digits[:], "654321"))
	want := *lift
	caller.Say(lift)
	if heard, err := keeper.Hear(); err != nil || *heard.(*wire.Lift) != want {
		t.Errorf("the keeper heard %T, %v", heard, err)
	}
	files, _ := os.ReadDir(h.house.State)
	for _, f := range files {
		if f.Name() != handName {
			t.Errorf("typing PINs left the file %s", f.Name())
		}
	}
}

func TestAnOrderToStopWaitsForTheKeeper(t *testing.T) {
	h, _ := stand(t, false)
	reach(t, h).Say(&wire.Stop{ID: [16]byte{1}, Why: wire.ReasonAuthority})
	for {
		kept, err := keptStop(h.house.State)
		if err != nil {
			t.Fatal(err)
		}
		if kept != nil {
			if kept.ID != [16]byte{1} || kept.Why != wire.ReasonAuthority {
				t.Errorf("kept: %+v", kept)
			}
			return
		}
	}
}

func TestAFileThatCannotBeReadStopsToo(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"empty":    func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"noise":    func(path string) error { return os.WriteFile(path, []byte{1, 2, 3}, 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		state := t.TempDir()
		if kept, err := keptStop(state); kept != nil || err != nil {
			t.Fatalf("nothing there: %+v, %v", kept, err)
		}
		if err := make(filepath.Join(state, stopName)); err != nil {
			t.Fatal(err)
		}
		if kept, err := keptStop(state); kept == nil || err != nil {
			t.Errorf("%s: %+v, %v", name, kept, err)
		}
	}
}

func TestOneHallToAFolder(t *testing.T) {
	h, _ := stand(t, false)
	if _, err := h.openHand(context.Background()); err == nil || !strings.Contains(err.Error(), "another edged") {
		t.Errorf("a second hall: %v", err)
	}
	if info, err := os.Stat(filepath.Join(h.house.State, handName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is open to %v, %v", info.Mode(), err)
	}
	for _, state := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nowhere")} {
		if _, err := Reach(state); !errors.Is(err, ErrNotRunning) {
			t.Errorf("nobody is there: %v", err)
		}
	}
}

// What is not an order ends the conversation, and the hall goes on.
func TestNoiseAtTheHandIsNotAnswered(t *testing.T) {
	h, keeper := stand(t, true)
	fd, err := dial(h.house.State)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "noise")
	defer f.Close()
	f.Write([]byte("rm -rf /"))
	b := make([]byte, 64)
	for {
		if n, err := f.Read(b); n == 0 || err != nil {
			break
		}
	}
	reach(t, h).Say(&wire.Stop{ID: [16]byte{3}})
	if heard, err := keeper.Hear(); err != nil || heard.(*wire.Stop).ID != [16]byte{3} {
		t.Errorf("the keeper heard %+v, %v", heard, err)
	}
}
