package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"example.org/edged/internal/capture"
)

// checks is a picture with a known colour in every corner, large enough that JPEG keeps them apart.
func checks(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{A: 255}
			if x < w/2 {
				c.R = 200
			}
			if y < h/2 {
				c.B = 100
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p
}

func asPNG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claims is a small PNG whose header claims a size.
func claims(t testing.TB, w, h uint32) []byte {
	b := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestEveryKindOfPictureBecomesTheSameBGR(t *testing.T) {
	p := checks(64, 32)
	palette := image.NewPaletted(p.Rect, color.Palette{
		color.NRGBA{A: 255}, color.NRGBA{200, 0, 0, 255}, color.NRGBA{0, 0, 100, 255}, color.NRGBA{200, 0, 100, 255}})
	deep := image.NewNRGBA64(p.Rect)
	part := image.NewRGBA(image.Rect(0, 0, 80, 40))
	for y := range 32 {
		for x := range 64 {
			palette.Set(x, y, p.At(x, y))
			deep.Set(x, y, p.At(x, y))
			part.Set(x+16, y+8, p.At(x, y))
		}
	}
	for _, c := range []struct {
		name string
		file []byte
		off  int // how far JPEG may be off
	}{
		{"a PNG with alpha", asPNG(t, p), 0},
		{"a PNG with a palette", asPNG(t, palette), 0},
		{"a PNG of 16 bits", asPNG(t, deep), 0},
		{"a part of a picture", asPNG(t, part.SubImage(image.Rect(16, 8, 80, 40))), 0},
		{"a JPEG", asJPEG(t, p), 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := capture.Decode(c.file)
			if err != nil {
				t.Fatal(err)
			}
			if f.W != 64 || f.H != 32 || len(f.Pix) != 64*32*3 {
				t.Fatalf("%d×%d in %d bytes", f.W, f.H, len(f.Pix))
			}
			for _, at := range []image.Point{{2, 2}, {60, 2}, {2, 29}, {60, 29}} {
				want := p.NRGBAAt(at.X, at.Y)
				got := f.Pix[(at.Y*64+at.X)*3:][:3]
				for i, v := range []uint8{want.B, want.G, want.R} {
					if d := int(got[i]) - int(v); d > c.off || d < -c.off {
						t.Errorf("at %v %v, want B %d G %d R %d", at, got, want.B, want.G, want.R)
						break
					}
				}
			}
		})
	}
}

func TestGreyPicturesAreRead(t *testing.T) {
	p := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range p.Pix {
		p.Pix[i] = 77
	}
	for _, file := range [][]byte{asPNG(t, p), asJPEG(t, p)} {
		f, err := capture.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range f.Pix {
			if v != 77 {
				t.Fatalf("a pixel is %d", v)
			}
		}
	}
}

func TestPicturesThatCannotBeReadSayWhy(t *testing.T) {
	whole := asJPEG(t, checks(64, 64))
	for _, c := range []struct {
		name string
		file []byte
		want error
	}{
		{"zero bytes are unreadable", nil, capture.ErrUnreadable},
		{"random bytes are unreadable", []byte("not a picture at all"), capture.ErrUnreadable},
		{"a GIF is unreadable", []byte("GIF89a\x01\x00\x01\x00"), capture.ErrUnreadable},
		{"a truncated JPEG is unreadable", whole[:len(whole)/2], capture.ErrUnreadable},
		{"a JPEG of two bytes is unreadable", whole[:2], capture.ErrUnreadable},
		{"a truncated PNG is unreadable", asPNG(t, checks(64, 64))[:60], capture.ErrUnreadable},
		{"20000 by 20000 pixels are too large", claims(t, 20000, 20000), capture.ErrTooLarge},
		{"one pixel too wide is too large", claims(t, 4097, 1), capture.ErrTooLarge},
		{"one pixel too high is too large", claims(t, 1, 4097), capture.ErrTooLarge},
		{"the largest size is not too large, but this file is too short for it", claims(t, 4096, 4096), capture.ErrUnreadable},
		{"a size beyond all integers is unreadable", claims(t, 1<<31, 1<<31), capture.ErrUnreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := capture.Decode(c.file); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAHugeFileIsRefusedByItsLength(t *testing.T) {
	b := make([]byte, 64<<20+1)
	copy(b, asJPEG(t, checks(8, 8)))
	if _, err := capture.Decode(b); !errors.Is(err, capture.ErrTooLarge) {
		t.Fatal(err)
	}
}

func TestAWipedFrameHoldsNothing(t *testing.T) {
	f, err := capture.Decode(asPNG(t, checks(8, 8)))
	if err != nil {
		t.Fatal(err)
	}
	pix := f.Pix
	f.Wipe()
	if bytes.Count(pix, []byte{0}) != len(pix) || len(f.Pix) > 0 || f.W != 0 {
		t.Fatal("something is left")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(asJPEG(f, checks(16, 16)))
	f.Add(asPNG(f, checks(16, 16)))
	f.Add(claims(f, 20000, 20000))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := capture.Decode(b)
		if err != nil {
			if frame != nil || !errors.Is(err, capture.ErrUnreadable) && !errors.Is(err, capture.ErrTooLarge) {
				t.Fatalf("%v with %v", frame, err)
			}
			return
		}
		if len(frame.Pix) != frame.W*frame.H*3 || frame.W > 4096 || frame.H > 4096 {
			t.Fatalf("%d×%d in %d bytes", frame.W, frame.H, len(frame.Pix))
		}
	})
}
