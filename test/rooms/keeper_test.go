package rooms_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestAPINOpensWhateverTheOtherRoomsDo(t *testing.T) {
	for name, others := range map[string]func(*house){
		"nobody else is there": func(*house) {},
		"the eye floods it": func(h *house) {
			eye, err := wire.Open[wire.EyeHears, wire.EyeSays](h.eye, nil)
			must(h.t, err)
			go func() {
				for n := uint64(1); eye.Say(&wire.Sighting{Frame: n, CapturedAt: int64(n), Verdict: wire.Good, Enrol: wire.Good}) == nil; n++ {
				}
			}()
		},
		"the courier never listens, and asks without end": func(h *house) {
			courier, err := wire.Open[wire.CourierHears, wire.CourierSays](h.courier, nil)
			must(h.t, err)
			go func() {
				for courier.Say(&wire.Asked{Ask: wire.AskStatus}) == nil {
				}
			}()
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := begin(t, brief(t, t.TempDir()))
			others(h)
			pin := h.newcomer()
			for range 3 {
				h.opens(pin)
			}
			h.close()
		})
	}
}

// A courier that was taken over asks without end: each request costs it time, and the screen hears nothing of it.
func TestACourierThatAsksWithoutEndIsAnsweredInGoodTime(t *testing.T) {
	h := begin(t, brief(t, t.TempDir()))
	courier, err := wire.Open[wire.CourierHears, wire.CourierSays](h.courier, nil)
	must(t, err)
	answered := make(chan struct{}, 64)
	go func() {
		for {
			w, err := courier.Hear()
			if err != nil {
				return
			}
			if _, ok := w.(*wire.Answered); ok {
				answered <- struct{}{}
			}
		}
	}()
	h.newcomer() // everything runs, and the screen has heard how things are
	h.mu.Lock()
	before := len(h.words)
	h.mu.Unlock()
	began := time.Now()
	const n = 20
	for i := range n {
		must(t, courier.Say(&wire.Asked{ID: [16]byte{byte(i)}, Ask: wire.AskStatus}))
	}
	for range n {
		select {
		case <-answered:
		case <-time.After(30 * time.Second):
			t.Fatal("a request was not answered")
		}
	}
	if took := time.Since(began); took < (n-1)*50*time.Millisecond {
		t.Errorf("%d requests took %s: nothing holds a courier back that floods the audit log", n, took)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if told := len(h.words) - before; told > n/2 {
		t.Errorf("the screen was told %d things that only the fleet had asked for", told)
	}
}

// Whoever says on a wire what may not be said there is not who should be there: the keeper ends, with the door shut.
func TestAWordOutOfPlaceEndsTheKeeper(t *testing.T) {
	for name, lie := range map[string]func(*house) error{
		"the eye types a PIN": func(h *house) error {
			c, err := wire.Open[wire.KioskHears, wire.KioskSays](h.eye, nil)
			must(h.t, err)
			return c.Say(&wire.PINTyped{})
		},
		"the courier sees a face": func(h *house) error {
			c, err := wire.Open[wire.EyeHears, wire.EyeSays](h.courier, nil)
			must(h.t, err)
			return c.Say(&wire.Sighting{})
		},
		"the courier says half a word": func(h *house) error { _, err := h.courier.Write([]byte{wire.Version}); return err },
		"the eye sends noise":          func(h *house) error { _, err := h.eye.Write(bytes.Repeat([]byte{0xa5}, 3000)); return err },
		"the eye sends too much":       func(h *house) error { _, err := h.eye.Write(make([]byte, wire.MaxLen+1)); return err },
	} {
		t.Run(name, func(t *testing.T) {
			h := begin(t, brief(t, t.TempDir()))
			h.opens(h.newcomer())
			must(t, lie(h))
			select {
			case err := <-h.ended:
				if err == nil {
					t.Error("it ended as if nothing had been")
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the keeper goes on")
			}
			b, err := os.ReadFile(h.relay)
			must(t, err)
			lines := strings.Split(strings.TrimSpace(string(b)), "\n")
			if !strings.Contains(lines[len(lines)-1], `"off"`) {
				t.Errorf("the door was left open: %s", lines[len(lines)-1])
			}
		})
	}
}

// Faces may fail; the door may not.
func TestWhatCostsFacesDoesNotCostTheDoor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*room.Keeper)
		mode   wire.FaceMode
	}{
		"no face is configured":               {func(b *room.Keeper) { b.Face = nil }, wire.FaceOff},
		"the kernel cannot hold rooms apart":  {func(b *room.Keeper) { b.Walls = false }, wire.FaceRestWalls},
		"the notice states another retention": {func(b *room.Keeper) { b.Face.Keep -= 24 * time.Hour }, wire.FaceRestVault},
		"the notice is noise":                 {func(b *room.Keeper) { b.Notice = []byte("noise") }, wire.FaceRestVault},
		"the model's hash is none":            {func(b *room.Keeper) { b.Face.Model = "xyz" }, wire.FaceRestVault},
		"the clock stands before the build":   {func(b *room.Keeper) { b.Built = time.Now().Add(24 * time.Hour) }, wire.FaceRestClock},
		"nothing is declared":                 {func(b *room.Keeper) { b.Declared = nil }, wire.FaceRestSite},
		"the place is a changing room":        {func(b *room.Keeper) { b.Declared.Place = "changing-room" }, wire.FaceRestSite},
		"nobody looked at the sign this year": {func(b *room.Keeper) { b.Declared.Confirmed = time.Now().AddDate(-1, 0, -2) }, wire.FaceRestSite},
		"nothing was assessed":                {func(b *room.Keeper) { b.Assessment = nil }, wire.FaceRestAssess},
		"the assessment is noise":             {func(b *room.Keeper) { b.Assessment = []byte("noise") }, wire.FaceRestAssess},
		"it is of a softer threshold":         {func(b *room.Keeper) { b.Face.Margin = 0 }, wire.FaceRestAssess},
		"it is of another model":              {func(b *room.Keeper) { b.Face.Model = strings.Repeat("08", 32) }, wire.FaceRestAssess},
		"it is of another door":               {func(b *room.Keeper) { b.Site = "elsewhere" }, wire.FaceRestAssess},
		"the log is a file": {func(b *room.Keeper) {
			must(t, os.WriteFile(filepath.Join(b.Folder, "audit"), nil, 0o600))
		}, wire.FaceRestLog},
	} {
		t.Run(name, func(t *testing.T) {
			b := brief(t, t.TempDir())
			c.change(&b)
			h := begin(t, b)
			hear(h, func(f *wire.FrontDoor) bool { return f.Face == c.mode })
			pin := h.newcomer()
			h.opens(pin)
			h.typed(wire.ActAgree, pin)
			hear(h, func(s *wire.Screen) bool { return s.Prompt == wire.PromptFaceRests })
			h.close()
		})
	}
}

// Neither PIN nor key stands in the log or, in clear, in the folder.
func TestNoPINIsWrittenAnywhere(t *testing.T) {
	dir := t.TempDir()
	h := begin(t, brief(t, dir))
	pin := h.newcomer()
	h.opens(pin)
	h.typed(wire.ActOpen, "90817264")
	hear(h, func(s *wire.Screen) bool { return s.Prompt == wire.PromptWrongPIN && s.Count == 4 })
	h.close()
	hay := h.log.String()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var b []byte
			b, err = os.ReadFile(path)
			hay += string(b)
		}
		return err
	}))
	for _, secret := range []string{pin, "90817264", staffPIN} {
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret))} {
			if strings.Contains(hay, form) {
				t.Error("a PIN was written down")
			}
		}
	}
}
