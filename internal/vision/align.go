package vision

import (
	"fmt"
	"image"
	"image/color"

	"gocv.io/x/gocv"
)

// An affine maps a pixel of a crop to a pixel of the canvas: x' = a·x + b·y + c, y' = d·x + e·y + f.
type affine [6]float64

// square is the crop of a square with the corner (left, top), drawn with size × size pixels. Centres of pixels are
// mapped on each other, as a resize does.
func square(left, top, side float64, size int) affine {
	return rectangle(left, top, side, side, size)
}

func rectangle(left, top, width, height float64, size int) affine {
	sx, sy := width/float64(size), height/float64(size)
	return affine{sx, 0, left + sx/2 - 0.5, 0, sy, top + sy/2 - 0.5}
}

// template112 is where eyes, nose and corners of the mouth lie in a 112×112 chip: the points that ArcFace's authors
// published and that most open feature models are trained on.
var template112 = [5]complex128{
	complex(38.2946, 51.6963), complex(73.5318, 51.5014), complex(56.0252, 71.7366),
	complex(41.5493, 92.3655), complex(70.7299, 92.2041),
}

// upright maps the chip to the canvas by the similarity that brings all five points nearest to the template (Umeyama
// 1991). In the plane a similarity is w = a·z + b over the complex numbers, and least squares has a closed form.
func upright(five [5]complex128) (affine, bool) {
	var from, to complex128
	for i := range five {
		from += five[i] / 5
		to += template112[i] / 5
	}
	var cross complex128
	var spread float64
	for i := range five {
		z, w := five[i]-from, template112[i]-to
		cross += complex(real(z), -imag(z)) * w
		spread += real(z)*real(z) + imag(z)*imag(z)
	}
	size := real(cross)*real(cross) + imag(cross)*imag(cross)
	if spread < 1 || size < 1 { // all points in one place: no face
		return affine{}, false
	}
	back := complex(spread, 0) / cross // 1/a: the way from the chip to the frame
	shift := from - back*to
	return affine{real(back), -imag(back), real(shift), imag(back), real(back), imag(shift)}, true
}

// A warp cuts crops out of the canvas. What lies outside is black.
type warp struct {
	matrix gocv.Mat
	values []float64
}

// inverted tells OpenCV that the matrix leads from the crop to the picture (cv::WARP_INVERSE_MAP; gocv has no name
// for it).
const inverted = 16

func newWarp() *warp {
	w := &warp{matrix: gocv.NewMatWithSize(2, 3, gocv.MatTypeCV64F)}
	w.values, _ = w.matrix.DataPtrFloat64() // a fresh Mat of this type: cannot fail
	return w
}

// cut draws the crop into dst and returns its pixels, which live until the next cut into the same dst.
func (w *warp) cut(c *canvas, a affine, dst *gocv.Mat, size int) ([]byte, error) {
	copy(w.values, a[:])
	gocv.WarpAffineWithParams(c.mat, dst, w.matrix, image.Pt(size, size),
		gocv.InterpolationLinear|inverted, gocv.BorderConstant, color.RGBA{})
	pix, err := dst.DataPtrUint8()
	if err == nil && len(pix) != size*size*3 {
		err = fmt.Errorf("%d bytes", len(pix))
	}
	if err != nil {
		return nil, fmt.Errorf("crop: %w", err)
	}
	return pix, nil
}

func (w *warp) close() { w.matrix.Close() }
