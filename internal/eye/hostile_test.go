package eye_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/ring"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

// hostileFiles are pictures that were made to hurt whoever reads them.
func hostileFiles(t *testing.T) map[string][]byte {
	t.Helper()
	encode := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	face, err := os.ReadFile(modelstest.Picture(t, "face.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	clear4 := image.NewNRGBA(image.Rect(0, 0, 320, 240)) // four channels, all of them transparent
	gray := image.NewGray(image.Rect(0, 0, 320, 240))
	var grayJPEG bytes.Buffer
	if err := jpeg.Encode(&grayJPEG, gray, nil); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		"a-one-pixel.png": encode(image.NewRGBA(image.Rect(0, 0, 1, 1))), "b-wide.png": encode(image.NewPaletted(image.Rect(0, 0, 20000, 1), color.Palette{color.Black})),
		"c-large.png": hugePNG(t), "d-grey.png": encode(gray), "e-grey.jpg": grayJPEG.Bytes(), "f-four-channels.png": encode(clear4),
		"g-truncated.jpg": face[:len(face)*2/3], "h-header.jpg": face[:40], "i-empty.jpg": nil, "j-text.jpg": []byte("not a picture"),
		"k-checks.png": encode(checkerboard()), "l-16-bit.png": encode(image.NewRGBA64(image.Rect(0, 0, 64, 48))),
		"m-strip.png": encode(image.NewGray(image.Rect(0, 0, 4096, 1))), "n-pole.png": encode(image.NewGray(image.Rect(0, 0, 1, 4096))),
	}
	from := rand.New(rand.NewPCG(3, 5))
	for i := range 20 { // JPEG files with bytes turned over: many still decode, to blocks that no camera makes
		broken := bytes.Clone(face)
		for range 1 + i*3 {
			broken[200+from.IntN(len(broken)-200)] ^= byte(1 + from.IntN(255))
		}
		files[fmt.Sprintf("o-broken-%02d.jpg", i)] = broken
	}
	return files
}

// checkerboard has the steepest edges there are.
func checkerboard() image.Image {
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range m.Pix {
		m.Pix[i] = byte((i%320 + i/320) % 2 * 255)
	}
	return m
}

// A folder full of them goes by, again and again, and the face in it is still seen.
func TestHostilePicturesDoNotBlindTheEye(t *testing.T) {
	folder := t.TempDir()
	files := hostileFiles(t)
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	copyTo(t, folder, "face.jpg")
	ours, theirs := pair(t)
	begin(t, room.Eye{Models: modelstest.Pack(t), Camera: room.Camera{Kind: "pictures", Folder: folder, Every: 20 * time.Millisecond}},
		map[string]*os.File{"keeper": theirs})
	keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Say(&wire.Look{Gaze: wire.Watch}); err != nil {
		t.Fatal(err)
	}
	good := 0
	hear(t, keeper, func(w wire.EyeSays) bool {
		if s, ok := w.(*wire.Sighting); ok && s.Verdict == wire.Good {
			good++
		}
		return good >= 2
	})
	t.Logf("%d hostile files, and the face among them was seen %d times", len(files), good)
}

// The lens is a room of its own that may be taken over: it says what it likes, and puts what it likes into the ring. The
// eye drops what is no frame, looks at what is one, and lives: the face that follows is seen by the same eye.
func TestAHostileLensDoesNotEndTheEye(t *testing.T) {
	ours, theirs := pair(t)
	far, near := pair(t)
	memory, err := ring.Make()
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	begin(t, room.Eye{Models: modelstest.Pack(t), Camera: room.Camera{Kind: "lens"}}, map[string]*os.File{"keeper": theirs, "lens": near, "ring": memory})
	keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	lens, err := wire.Open[wire.LensHears, wire.LensSays](far, nil)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := ring.OpenWriter(memory)
	if err != nil {
		t.Fatal(err)
	}
	defer frames.Close()
	if err := keeper.Say(&wire.Look{Gaze: wire.Watch}); err != nil {
		t.Fatal(err)
	}
	from := rand.New(rand.NewPCG(7, 11))
	word := func(pix []byte, w, h int) *wire.LensFrame {
		slot, seq, err := frames.Write(pix, w, h)
		if err != nil {
			t.Fatal(err)
		}
		return &wire.LensFrame{Slot: slot, Width: uint16(w), Height: uint16(h), Seq: seq, CapturedAt: monotonic(t)}
	}
	lies := 0
	for range 300 {
		w, h := 1+from.IntN(200), 1+from.IntN(150)
		pix := make([]byte, w*h*3)
		for i := range pix {
			pix[i] = byte(from.Uint32())
		}
		f := word(pix, w, h)
		switch from.IntN(4) { // of four, one tells the truth
		case 0:
			f.Width, f.Height, lies = uint16(from.Uint32()), uint16(from.Uint32()), lies+1
		case 1:
			f.Slot, f.Seq, lies = uint8(from.Uint32()), from.Uint64(), lies+1
		case 2:
			f.CapturedAt, lies = int64(from.Uint64()), lies+1
		}
		if err := lens.Say(f); err != nil {
			t.Fatalf("the eye went away: %v", err)
		}
	}
	b, err := os.ReadFile(modelstest.Picture(t, "face.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	face, err := capture.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	stop, over := make(chan struct{}), make(chan struct{})
	go func() { // frames of somebody, each with noise in one pixel, as a camera's differ
		defer close(over)
		for n := byte(0); ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(30 * time.Millisecond):
			}
			face.Pix[0] = n
			if lens.Say(word(face.Pix, face.W, face.H)) != nil {
				return
			}
		}
	}()
	hear(t, keeper, func(w wire.EyeSays) bool { s, ok := w.(*wire.Sighting); return ok && s.Verdict == wire.Good })
	close(stop)
	<-over
	t.Logf("300 frames of noise, %d of them announced with lies; the face after them was seen", lies)
}

func monotonic(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return now.Nano()
}

// Random frames of every size, ten thousand with EDGED_FRAMES=10000 and a slice of them otherwise: none is an error of
// OpenCV, none ends the program, and what is found in noise is hardly ever a face.
func TestRandomFramesDoNoHarm(t *testing.T) {
	v, err := vision.Open(modelstest.Pack(t), room.Zone{MinEyeDistance: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	from := rand.New(rand.NewPCG(13, 17))
	refused, faces, good := 0, 0, 0
	n := frames(t, 400)
	for i := range n {
		w, h := 1+from.IntN(160), 1+from.IntN(120)
		switch i % 20 {
		case 0:
			w, h = 1, 1
		case 1:
			w, h = 20000, 1
		case 2:
			w = from.IntN(7000) - 500
		}
		pix := make([]byte, max(w*h*3, 0))
		noise(from, pix, i)
		if i%20 == 3 {
			pix = pix[:len(pix)/2]
		}
		var s wire.Sighting
		s.CapturedAt = int64(i + 1)
		if err := v.Look(pix, w, h, &s); err != nil {
			refused++
			continue
		}
		for _, x := range s.Feature {
			if x != x {
				t.Fatalf("frame %d: a feature is not a number", i)
			}
		}
		faces += int(s.InZone)
		if s.Verdict == wire.Good {
			good++
		}
	}
	t.Logf("%d frames: %d refused with a reason, %d faces seen in noise, %d of them good enough to look closer", n, refused, faces, good)
	if good > n/100 {
		t.Errorf("%d of %d frames of noise passed for good pictures of a face", good, n)
	}
}

// noise fills a frame with one of several kinds of what no camera sends.
func noise(from *rand.Rand, pix []byte, kind int) {
	switch kind % 5 {
	case 0, 1:
		for i := range pix {
			pix[i] = byte(from.Uint32())
		}
	case 2:
		for i := range pix {
			pix[i] = byte(i * i)
		}
	case 3:
		for i := range pix {
			pix[i] = byte(i/7%2) * 255
		}
	}
}
