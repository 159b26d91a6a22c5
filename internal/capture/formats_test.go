package capture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"testing"
)

// bare is a JPEG as a camera sends it in MJPEG: without its Huffman tables.
func bare(t testing.TB, p image.Image) (whole, without []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	whole = b.Bytes()
	from := bytes.Index(whole, []byte{0xff, 0xc4})
	if from < 0 {
		t.Fatal("the encoder wrote no tables")
	}
	n := 2 + int(whole[from+2])<<8 + int(whole[from+3])
	return whole, append(append([]byte(nil), whole[:from]...), whole[from+n:]...)
}

func gradient(w, h int) image.Image {
	p := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for i := range p.Y {
		p.Y[i] = byte(i * 7)
	}
	for i := range p.Cb {
		p.Cb[i], p.Cr[i] = byte(i*3), byte(255-i*5)
	}
	return p
}

func TestMJPEGWithoutTablesGivesTheSamePixels(t *testing.T) {
	whole, without := bare(t, gradient(64, 48))
	want, err := Decode(whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(without); !errors.Is(err, ErrUnreadable) {
		t.Fatalf("%v: the picture still has its tables, so this test shows nothing", err)
	}
	got, err := Decode(withHuffman(without))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Fatal("the pixels differ")
	}
	if !bytes.Equal(withHuffman(whole), whole) {
		t.Fatal("a picture with tables was changed")
	}
}

func FuzzMJPEG(f *testing.F) {
	whole, without := bare(f, gradient(16, 16))
	f.Add(whole)
	f.Add(without)
	f.Add([]byte{0xff, 0xd8, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if frame, err := Decode(withHuffman(b)); err == nil && len(frame.Pix) != frame.W*frame.H*3 {
			t.Fatal("a frame of another size")
		}
	})
}

func developed(t testing.TB, film []byte, width, height, stride int) *Frame {
	t.Helper()
	f := &Frame{}
	if err := f.expose(film, width, height, stride); err != nil {
		t.Fatal(err)
	}
	f.Develop()
	return f
}

func TestYUYVFollowsBT601(t *testing.T) {
	for _, c := range []struct {
		name    string
		y, u, v byte
		b, g, r byte
	}{
		{"black", 16, 128, 128, 0, 0, 0},
		{"white", 235, 128, 128, 255, 255, 255},
		{"blacker than black", 0, 128, 128, 0, 0, 0},
		{"whiter than white", 255, 128, 128, 255, 255, 255},
		{"red", 81, 90, 240, 0, 0, 255},
		{"green", 145, 54, 34, 1, 255, 0},
		{"blue", 41, 240, 110, 255, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := developed(t, []byte{c.y, c.u, c.y, c.v}, 2, 1, 4)
			for i, want := range []byte{c.b, c.g, c.r, c.b, c.g, c.r} {
				if math.Abs(float64(f.Pix[i])-float64(want)) > 2 {
					t.Fatalf("%v, want %d %d %d", f.Pix, c.b, c.g, c.r)
				}
			}
		})
	}
}

func TestPaddingAtTheEndOfALineIsNotSeen(t *testing.T) {
	line := []byte{16, 128, 235, 128, 99, 99}
	f := developed(t, append(append([]byte(nil), line...), line[:4]...), 2, 2, 6)
	want := []byte{0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255}
	if !bytes.Equal(f.Pix, want) {
		t.Fatalf("%v", f.Pix)
	}
}

func FuzzYUYV(f *testing.F) {
	f.Add([]byte{16, 128, 235, 128}, 2, 1, 4)
	f.Add([]byte{1, 2, 3}, 2, 1, 4)
	f.Add([]byte{}, 0, 0, 0)
	f.Add([]byte{}, math.MaxInt/2, 2, math.MaxInt)
	f.Fuzz(func(t *testing.T, b []byte, w, h, stride int) {
		if w > maxSide || h > maxSide || stride > maxFile {
			return // checkSize refuses these when the stream is set up
		}
		frame := &Frame{}
		if err := frame.expose(b, w, h, stride); err != nil {
			return
		}
		var g Glance
		frame.Glance(&g)
		if frame.Develop(); len(frame.Pix) != w*h*3 {
			t.Fatal("a frame of another size")
		}
		frame.Glance(&g)
	})
}

func BenchmarkMJPEG640(b *testing.B) {
	_, without := bare(b, gradient(640, 480))
	for b.Loop() {
		f, err := Decode(withHuffman(without))
		if err != nil {
			b.Fatal(err)
		}
		f.Wipe()
	}
}

func BenchmarkYUYV640(b *testing.B) {
	raw := make([]byte, 640*480*2)
	for b.Loop() {
		developed(b, raw, 640, 480, 1280).Wipe()
	}
}
