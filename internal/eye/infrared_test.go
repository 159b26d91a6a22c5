package eye_test

import (
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// warm writes what an infrared camera might show of the photograph: it in grey, moved to the right by a share of its width.
func warm(t *testing.T, folder string, moved float64) {
	t.Helper()
	f, err := os.Open(modelstest.Picture(t, "face.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	colours, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	grey := image.NewGray(colours.Bounds())
	at := image.Pt(int(moved*float64(grey.Rect.Dx())), 0)
	draw.Draw(grey, grey.Rect.Add(at), colours, colours.Bounds().Min, draw.Src)
	put(t, folder, grey)
}

// cold is what it shows of a screen: a plain dark plate.
func cold(t *testing.T, folder string) {
	t.Helper()
	plate := image.NewGray(image.Rect(0, 0, 640, 480))
	draw.Draw(plate, plate.Rect, image.NewUniform(color.Gray{Y: 40}), image.Point{}, draw.Src)
	put(t, folder, plate)
}

func put(t *testing.T, folder string, picture image.Image) {
	t.Helper()
	f, err := os.Create(filepath.Join(folder, "infrared.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := jpeg.Encode(f, picture, nil); err != nil {
		t.Fatal(err)
	}
}

// The visible camera sees the same living face in every case; what the infrared camera sees beside it goes to the keeper
// with each good sighting, and the model's own number stays as it was.
func TestAFaceIsLookedForInInfrared(t *testing.T) {
	for _, c := range []struct {
		name  string
		shows func(t *testing.T, folder string)
		every time.Duration
		after func(t *testing.T, folder string) // done once the first word has come
		want  []wire.Infrared                   // words that must come, in this order
		never wire.Infrared
	}{
		{"a face at the same place", func(t *testing.T, f string) { warm(t, f, 0) }, 20 * time.Millisecond, nil, []wire.Infrared{wire.InfraredFace}, wire.InfraredNoFace},
		{"a face somewhere else", func(t *testing.T, f string) { warm(t, f, .45) }, 20 * time.Millisecond, nil, []wire.Infrared{wire.InfraredNoFace}, wire.InfraredFace},
		{"no face", cold, 20 * time.Millisecond, nil, []wire.Infrared{wire.InfraredNoFace}, wire.InfraredFace},
		{"a picture that has become old", func(t *testing.T, f string) { warm(t, f, 0) }, 3 * time.Second, nil, []wire.Infrared{wire.InfraredFace, wire.InfraredUnknown}, wire.InfraredNoFace},
		{"a camera that falls silent", func(t *testing.T, f string) { warm(t, f, 0) }, 20 * time.Millisecond, func(t *testing.T, f string) {
			if err := os.Remove(filepath.Join(f, "infrared.jpg")); err != nil {
				t.Error(err)
			}
		}, []wire.Infrared{wire.InfraredFace, wire.InfraredUnknown}, wire.InfraredNoFace},
		{"no second camera", nil, 0, nil, []wire.Infrared{wire.InfraredUnknown}, wire.InfraredFace},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder, second := t.TempDir(), t.TempDir()
			copyTo(t, folder, "face.jpg")
			brief := room.Eye{Models: modelstest.Pack(t), Camera: room.Camera{Kind: "pictures", Folder: folder, Every: 20 * time.Millisecond}}
			if c.shows != nil {
				c.shows(t, second)
				brief.Infrared = room.Camera{Kind: "pictures", Folder: second, Every: c.every}
			}
			ours, theirs := pair(t)
			begin(t, brief, map[string]*os.File{"keeper": theirs})
			keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](ours, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := keeper.Say(&wire.Look{Gaze: wire.Watch}); err != nil {
				t.Fatal(err)
			}
			n, all := 0, 0
			hear(t, keeper, func(w wire.EyeSays) bool {
				s, ok := w.(*wire.Sighting)
				if !ok || s.Verdict != wire.Good {
					return false
				}
				if all++; all > 1000 {
					t.Fatalf("%d words came, not %v", n, c.want)
				}
				if s.Live < .99 {
					t.Errorf("infrared changed what the model says: %v", s.Live)
				}
				if s.Infrared == c.never {
					t.Errorf("said %s", s.Infrared)
				}
				if n < len(c.want) && s.Infrared == c.want[n] {
					if n++; n == 1 && c.after != nil {
						c.after(t, second)
					}
				}
				return n == len(c.want)
			})
		})
	}
}

func TestAnInfraredCameraThatIsNotThereIsAFault(t *testing.T) {
	folder := t.TempDir()
	copyTo(t, folder, "face.jpg")
	hallEnd, eyeHall := pair(t)
	stop, _ := begin(t, room.Eye{Models: modelstest.Pack(t), Camera: room.Camera{Kind: "pictures", Folder: folder}, Infrared: room.Camera{Kind: "v4l2"}},
		map[string]*os.File{"hall": eyeHall})
	hall, err := wire.Open[wire.RoomSays, wire.RoomHears](hallEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	hear(t, hall, func(w wire.RoomSays) bool {
		f, ok := w.(*wire.Fault)
		return ok && f.Fault == wire.FaultCamera
	})
	if err := stop(); err == nil {
		t.Error("it runs without the camera that it was asked to look with")
	}
}
