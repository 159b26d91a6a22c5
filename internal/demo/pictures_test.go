package demo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hugePNG is a whole picture of that many pixels on a side, all of one colour, in a few kilobytes.
func hugePNG(side uint32) []byte {
	var idat bytes.Buffer
	z := zlib.NewWriter(&idat)
	row := make([]byte, 1+(side+7)/8)
	for range side {
		z.Write(row)
	}
	z.Close()
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, b []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(b)))
		body := append([]byte(name), b...)
		out = binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side)
	chunk("IHDR", append(head, 1, 0, 0, 0, 0)) // one bit a pixel, grey
	chunk("IDAT", idat.Bytes())
	chunk("IEND", nil)
	return out
}

func encoded(w, h int, asJPEG bool) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	from := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(from.UintN(256))
	}
	var b bytes.Buffer
	var err error
	if asJPEG {
		err = jpeg.Encode(&b, m, nil)
	} else {
		err = png.Encode(&b, m)
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// rubbish is what nobody should put before a camera: files that are no pictures, and pictures that OpenCV's networks
// cannot do anything with.
func rubbish(t *testing.T) map[string][]byte {
	whole, err := os.ReadFile("../../build/pictures/" + returning)
	if err != nil {
		t.Fatalf("%v: run `make pictures`", err)
	}
	spoiled := bytes.Clone(whole)
	from := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		spoiled[700+from.IntN(len(spoiled)-702)] = byte(from.UintN(256))
	}
	return map[string][]byte{
		"a-empty.jpg":          nil,
		"b-cut.jpg":            whole[:len(whole)/2],
		"c-spoiled.jpg":        spoiled,
		"d-noise.png":          encoded(640, 480, false),
		"e-pixel.png":          encoded(1, 1, false),
		"f-strip.jpg":          encoded(1, 4000, true),
		"g-strip.png":          encoded(4000, 1, false),
		"h-huge.png":           hugePNG(20000),
		"i-text.jpg":           []byte("not a picture"),
		"j-liar.png":           slices.Concat([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\x00\x00\x00"), make([]byte, 400)),
		"k-random.jpg":         slices.Concat([]byte{0xff, 0xd8, 0xff, 0xe0}, encoded(30, 30, false)),
		"l-name\n\x1b[31m.jpg": nil,
	}
}

// Rubbish before the camera, and among it one resident: the eye goes on, the resident is let in, the door never rests.
func TestRubbishBeforeTheCamera(t *testing.T) {
	s := newStand(t, false)
	s.begin("pin", "screen", "broker", "face")
	st := s.story()
	s.play(st.newcomer, st.told, st.agrees)
	eye := s.pid("eye")
	for name, b := range rubbish(t) {
		s.must(os.WriteFile(filepath.Join(s.camera, name), b, 0o644))
	}
	time.Sleep(2500 * time.Millisecond) // two rounds of them, and whoever stood there has gone
	s.play(st.pinOpens)
	if now := s.pid("eye"); now != eye {
		t.Errorf("the eye died of a picture: %d is now %d", eye, now)
	}
	for name := range rubbish(t) {
		s.must(os.Remove(filepath.Join(s.camera, name)))
	}
	s.play(st.faceOpens)
	s.said("picture skipped", "a-empty.jpg", "b-cut.jpg", "h-huge.png", "i-text.jpg", "j-liar.png")
	s.noTrace()
	if strings.Contains(string(s.log.Bytes()), "\x1b") {
		t.Error("a file's name reached the terminal as it is")
	}
}

// A camera folder without a usable picture: faces rest, the reason is one sentence with what to do, PINs open; and when
// a picture comes, faces work without a restart by hand.
func TestAFolderWithNoPicture(t *testing.T) {
	s := newStand(t, false)
	s.must(os.Remove(filepath.Join(s.camera, "scene.png")))
	s.begin("pin", "screen", "broker")
	st := s.story()
	s.play(st.newcomer, st.pinOpens)
	if !within(5*time.Second, func() bool {
		return strings.Contains(string(s.log.Bytes()), "holds no usable picture (0 files looked at): put JPEG or PNG pictures")
	}) {
		t.Error("nobody said that the folder is empty")
	}
	s.must(s.show(""))
	s.ready(0, "face")
	s.noTrace()
}

// Models that are missing, cut short or swapped: the file and the command that mends it are named, PINs open.
func TestModelsThatAreNotWhole(t *testing.T) {
	for name, spoil := range map[string]func(path, other string) error{
		"missing":   func(path, _ string) error { return os.Remove(path) },
		"truncated": func(path, _ string) error { return os.Truncate(path, 1000) },
		"swapped": func(path, other string) error {
			b, err := os.ReadFile(other)
			if err != nil {
				return err
			}
			return os.WriteFile(path, b, 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, false)
			models := s.copyModels()
			s.edit("face: {models: \""+modelsDir(t)+"\"", "face: {models: \""+models+"\"")
			s.must(spoil(filepath.Join(models, "fr_liveness.onnx"), filepath.Join(models, "fr_landmark.onnx")))
			s.begin("pin", "screen", "broker")
			st := s.story()
			s.play(st.newcomer, st.pinOpens)
			s.said("fr_liveness.onnx", "edged models install", "PIN and card work")
			if s.pid("eye") != 0 {
				t.Error("an eye runs with a model that is not whole")
			}
			s.noTrace()
		})
	}
}
