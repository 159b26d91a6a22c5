package capture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Errors of Decode.
var (
	ErrUnreadable = errors.New("not a readable JPEG or PNG picture")
	ErrTooLarge   = errors.New("picture is too large")
)

// Limits of what is decoded. A compressed picture can claim any size; the claim is read before memory is given to it.
const (
	maxSide = 4096
	maxFile = 64 << 20
)

// Decode makes a frame of a JPEG or PNG file. Its error is ErrUnreadable or ErrTooLarge, with the reason.
func Decode(b []byte) (*Frame, error) {
	header, whole := jpeg.DecodeConfig, jpeg.Decode
	switch {
	case len(b) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrUnreadable)
	case len(b) > maxFile:
		return nil, fmt.Errorf("%w: %d MB, at most %d MB are read", ErrTooLarge, len(b)>>20, maxFile>>20)
	case bytes.HasPrefix(b, []byte("\x89PNG")):
		header, whole = png.DecodeConfig, png.Decode
	case !bytes.HasPrefix(b, []byte{0xff, 0xd8}):
		return nil, fmt.Errorf("%w: it begins like neither", ErrUnreadable)
	}
	size, err := header(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	if size.Width <= 0 || size.Height <= 0 {
		return nil, fmt.Errorf("%w: it has no pixels", ErrUnreadable)
	}
	if size.Width > maxSide || size.Height > maxSide {
		return nil, fmt.Errorf("%w: %d×%d pixels, at most %d×%d are read", ErrTooLarge, size.Width, size.Height, maxSide, maxSide)
	}
	picture, err := whole(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	return bgr(picture), nil
}

// bgr copies a decoded picture into a frame and then overwrites the decoder's copy.
func bgr(picture image.Image) *Frame {
	r := picture.Bounds()
	f := &Frame{Pix: make([]byte, r.Dx()*r.Dy()*3), W: r.Dx(), H: r.Dy()}
	switch p := picture.(type) {
	case *image.YCbCr:
		fromYCbCr(f, p)
		clear(p.Y)
		clear(p.Cb)
		clear(p.Cr)
	case *image.RGBA:
		fromRGBA(f, p.Pix, p.Stride)
	case *image.NRGBA: // alpha is dropped, as OpenCV's reader does, so that measuring sees the same pixels
		fromRGBA(f, p.Pix, p.Stride)
	case *image.Gray:
		fromGray(f, p)
	default:
		fromAny(f, p)
	}
	return f
}

func fromYCbCr(f *Frame, p *image.YCbCr) {
	out, r := f.Pix, p.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := p.COffset(x, y)
			red, green, blue := color.YCbCrToRGB(p.Y[p.YOffset(x, y)], p.Cb[c], p.Cr[c])
			out[0], out[1], out[2] = blue, green, red
			out = out[3:]
		}
	}
}

func fromRGBA(f *Frame, pix []byte, stride int) {
	out := f.Pix
	for y := range f.H {
		for in := pix[y*stride:][:f.W*4]; len(in) > 0; in, out = in[4:], out[3:] {
			out[0], out[1], out[2] = in[2], in[1], in[0]
		}
	}
	clear(pix)
}

func fromGray(f *Frame, p *image.Gray) {
	out := f.Pix
	for y := range f.H {
		for _, v := range p.Pix[y*p.Stride:][:f.W] {
			out[0], out[1], out[2] = v, v, v
			out = out[3:]
		}
	}
	clear(p.Pix)
}

// fromAny is for kinds that cameras do not make: palettes, 16 bits, CMYK.
func fromAny(f *Frame, p image.Image) {
	out, r := f.Pix, p.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA)
			out[0], out[1], out[2] = c.B, c.G, c.R
			out = out[3:]
		}
	}
}
