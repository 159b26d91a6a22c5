package eye_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/eye"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// pair is a wire as the hall makes it.
func pair(t testing.TB) (ours, theirs *os.File) {
	t.Helper()
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd[0]), "ours"), os.NewFile(uintptr(fd[1]), "theirs")
}

// begin runs an eye without walls in this process. Stop ends it, ended waits for it; both give its last
// word.
func begin(t testing.TB, brief room.Eye, files map[string]*os.File) (stop, ended func() error) {
	t.Helper()
	b, err := json.Marshal(brief)
	if err != nil {
		t.Fatal(err)
	}
	r, err := room.New(slog.New(slog.NewTextHandler(t.Output(), nil)), b, files)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	last := make(chan error, 1)
	go func() { last <- eye.Run(ctx, r) }()
	ended = sync.OnceValue(func() error { return <-last })
	stop = func() error { cancel(); return ended() }
	t.Cleanup(func() { _ = stop() })
	return stop, ended
}

func copyTo(t testing.TB, folder string, names ...string) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(modelstest.Picture(t, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func hear[In, Out wire.Word](t *testing.T, c *wire.Conn[In, Out], until func(In) bool) {
	t.Helper()
	for {
		w, err := c.Hear()
		if err != nil {
			t.Fatal(err)
		}
		if until(w) {
			return
		}
	}
}

func TestTheEyeRestsWatchesAndShows(t *testing.T) {
	folder := t.TempDir()
	copyTo(t, folder, "face.jpg", "space_shuttle.jpg")
	keeperEnd, eyeKeeper := pair(t)
	kioskEnd, eyeKiosk := pair(t)
	stop, _ := begin(t, room.Eye{Models: modelstest.Pack(t), Camera: room.Camera{Kind: "pictures", Folder: folder, Every: 20 * time.Millisecond}},
		map[string]*os.File{"keeper": eyeKeeper, "kiosk": eyeKiosk})
	keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](keeperEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	kiosk, err := wire.Open[wire.MirrorSays, wire.RoomHears](kioskEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	notLooked := func(w wire.EyeSays) *wire.EyeState {
		s, ok := w.(*wire.EyeState)
		if !ok {
			t.Fatalf("a resting eye said %T", w)
		}
		if s.Detected != 0 || s.Features != 0 {
			t.Fatalf("a resting eye looked: %+v", s)
		}
		return s
	}
	hear(t, keeper, func(w wire.EyeSays) bool { return notLooked(w).Camera == wire.CameraResting })

	if err := keeper.Say(&wire.Look{Gaze: wire.Watch, Preview: true}); err != nil {
		t.Fatal(err)
	}
	good, left := false, false
	hear(t, keeper, func(w wire.EyeSays) bool {
		if s, ok := w.(*wire.Sighting); ok {
			good = good || s.Verdict == wire.Good && s.Live > 0.99 && s.Feature != [wire.FeatureLen]float32{} && s.CapturedAt > 0
			left = left || good && s.Verdict == wire.NoFace && s.InZone == 0
		}
		return left
	})
	hear(t, kiosk, func(w wire.MirrorSays) bool {
		picture, err := jpeg.Decode(bytes.NewReader(w.(*wire.Preview).JPEG))
		if err != nil {
			t.Fatal(err)
		}
		return picture.Bounds().Dx() <= 320
	})

	if err := keeper.Say(&wire.Look{Gaze: wire.Rest}); err != nil {
		t.Fatal(err)
	}
	hear(t, keeper, func(w wire.EyeSays) bool {
		s, ok := w.(*wire.EyeState)
		return ok && s.Camera == wire.CameraResting && s.Features > 0
	})
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

// A kiosk that has been taken over can at most lose its preview; the keeper goes on hearing.
func TestAKioskThatSpeaksLosesThePreviewOnly(t *testing.T) {
	folder := t.TempDir()
	copyTo(t, folder, "face.jpg")
	keeperEnd, eyeKeeper := pair(t)
	kioskEnd, eyeKiosk := pair(t)
	begin(t, room.Eye{Models: modelstest.Pack(t), Camera: room.Camera{Kind: "pictures", Folder: folder, Every: 20 * time.Millisecond}},
		map[string]*os.File{"keeper": eyeKeeper, "kiosk": eyeKiosk})
	defer kioskEnd.Close()
	if _, err := kioskEnd.Write([]byte{255, 1, 2}); err != nil {
		t.Fatal(err)
	}
	keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](keeperEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Say(&wire.Look{Gaze: wire.Watch, Preview: true}); err != nil {
		t.Fatal(err)
	}
	n := 0
	hear(t, keeper, func(w wire.EyeSays) bool {
		if _, ok := w.(*wire.Sighting); ok {
			n++
		}
		return n == 5
	})
}

func TestAnEyeWithoutModelsSaysWhichAndEnds(t *testing.T) {
	pack := modelstest.Pack(t)
	pack.Dir = t.TempDir()
	hallEnd, eyeHall := pair(t)
	stop, _ := begin(t, room.Eye{Models: pack, Camera: room.Camera{Kind: "pictures", Folder: t.TempDir()}}, map[string]*os.File{"hall": eyeHall})
	hall, err := wire.Open[wire.RoomSays, wire.RoomHears](hallEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	hear(t, hall, func(w wire.RoomSays) bool {
		f, ok := w.(*wire.Fault)
		return ok && f.Fault == wire.FaultModel
	})
	if err := stop(); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestMeasuring(t *testing.T) {
	folder := t.TempDir()
	copyTo(t, folder, "face.jpg", "distortion.jpg", "space_shuttle.jpg")
	whole, err := os.ReadFile(filepath.Join(folder, "face.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty.jpg": nil, "half.jpg": whole[:len(whole)/2], "text.jpg": []byte("not a picture"), "huge.png": hugePNG(t),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "face.jpg")
	if err := os.WriteFile(outside, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "link.jpg")); err != nil {
		t.Fatal(err)
	}
	list := []struct {
		name string
		want wire.Finding
		live bool
	}{
		{"face.jpg", wire.FaceFound, true}, {"empty.jpg", wire.PictureUnreadable, false},
		{"half.jpg", wire.PictureUnreadable, false}, {"text.jpg", wire.PictureUnreadable, false},
		{"huge.png", wire.PictureTooLarge, false}, {"gone.jpg", wire.PictureUnreadable, false},
		{"link.jpg", wire.PictureUnreadable, false}, {"../face.jpg", wire.PictureUnreadable, false},
		{"space_shuttle.jpg", wire.FaceNotFound, false}, {"distortion.jpg", wire.FaceFound, false},
	}
	measure := room.Measure{Folder: folder, Liveness: true}
	for _, p := range list {
		measure.Pictures = append(measure.Pictures, p.name)
	}
	end, eyeEnd := pair(t)
	_, ended := begin(t, room.Eye{Models: modelstest.Pack(t), Measure: &measure}, map[string]*os.File{"measure": eyeEnd})
	heard, err := wire.Open[wire.MeasureSays, wire.RoomHears](end, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range list {
		w, err := heard.Hear()
		if err != nil {
			t.Fatalf("%s: %v", want.name, err)
		}
		m := w.(*wire.Measured)
		if int(m.Index) != i || m.Finding != want.want {
			t.Errorf("%s: picture %d %v, want %d %v", want.name, m.Index, m.Finding, i, want.want)
		}
		if found := m.Finding == wire.FaceFound; found == (m.Feature == [wire.FeatureLen]float32{}) {
			t.Errorf("%s: %v with a feature %v", want.name, m.Finding, !found)
		}
		if (m.Live > 0.5) != want.live {
			t.Errorf("%s: live %v", want.name, m.Live)
		}
	}
	heard.Close()
	if err := ended(); err != nil {
		t.Errorf("after the last picture it ended with %v", err)
	}
}

// hugePNG is a whole picture of 20,000 × 20,000 pixels in a small file.
func hugePNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 20000, 20000), color.Palette{color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
