package vision

import (
	"fmt"
	"image"
	"math"

	"gocv.io/x/gocv"
)

// YuNet (Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023) as the OpenCV Zoo packs it. OpenCV 4.6
// has a class for an older YuNet only, so its answers are read here, by the formulas of the later class (OpenCV 4.8,
// modules/objdetect/src/face_detect.cpp): a cell's score is √(cls·obj), its box has the centre (cell + offset)·stride and
// the size exp(v)·stride, and its points lie at (cell + offset)·stride.
const (
	yunetWidth, yunetHeight = 320, 256
	yunetFrameHeight        = 240 // of these, the frame; the rest is black, because 32 must divide both sides
	yunetScoreMin           = 0.9 // with the overlap: what the class takes when nobody says
	yunetOverlapMax         = 0.3
)

var yunetStrides = [...]int{8, 16, 32}

type yunet struct {
	*network
	small  gocv.Mat
	normal scaling
	found  []box
}

func newYuNet(model []byte) (*yunet, error) {
	var outputs []output
	for _, kind := range []struct {
		name string
		each int
	}{{"cls", 1}, {"obj", 1}, {"bbox", 4}, {"kps", 10}} {
		for _, stride := range yunetStrides {
			cells := yunetWidth / stride * (yunetHeight / stride)
			outputs = append(outputs, output{fmt.Sprintf("%s_%d", kind.name, stride), cells * kind.each})
		}
	}
	n, err := openNetwork(model, 3, yunetHeight, yunetWidth, outputs...)
	if err != nil {
		return nil, err
	}
	y := &yunet{network: n, small: gocv.NewMat()}
	y.normal.scale(0, 1, 1)
	return y, nil
}

// find is the detector's, for this model. It needs no second look in the dark: it was trained on dark faces as well.
func (y *yunet) find(c *canvas, tookUS *uint32) ([]box, error) {
	gocv.Resize(c.mat, &y.small, image.Pt(yunetWidth, yunetFrameHeight), 0, 0, gocv.InterpolationLinear)
	pix, err := y.small.DataPtrUint8()
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	const plane, frame = yunetWidth * yunetHeight, yunetWidth * yunetFrameHeight
	y.normal.planes(y.values[:frame], y.values[plane:][:frame], y.values[2*plane:][:frame], pix)
	out, err := y.run(tookUS)
	if err != nil {
		return nil, err
	}
	y.found = y.found[:0]
	for i, stride := range yunetStrides {
		y.found = cells(y.found, stride, yunetWidth/stride, out[i], out[3+i], out[6+i], out[9+i])
	}
	wipe(out)
	y.found = onePerFace(y.found, yunetOverlapMax)
	wide, high := float64(c.cols)/yunetWidth, float64(c.rows)/yunetFrameHeight
	for i := range y.found {
		y.found[i].stretch(wide, high)
	}
	return y.found, nil
}

// cells adds the faces of one stride, in pixels of the input.
func cells(found []box, stride, wide int, cls, obj, bbox, kps []float32) []box {
	for i := range cls {
		score := math.Sqrt(unit(cls[i]) * unit(obj[i]))
		if score < yunetScoreMin {
			continue
		}
		s, column, row := float64(stride), float64(i%wide), float64(i/wide)
		at, points := bbox[i*4:][:4], kps[i*10:][:10]
		x, y := (column+float64(at[0]))*s, (row+float64(at[1]))*s
		w, h := math.Exp(float64(at[2]))*s, math.Exp(float64(at[3]))*s
		b := box{left: x - w/2, top: y - h/2, right: x + w/2, bottom: y + h/2, score: float32(score), marked: true}
		for n := range b.five {
			b.five[n] = complex((column+float64(points[2*n]))*s, (row+float64(points[2*n+1]))*s)
		}
		found = append(found, b)
	}
	return found
}

func unit(v float32) float64 { return min(max(float64(v), 0), 1) }

// stretch brings a box from pixels of the input to pixels of the frame.
func (b *box) stretch(wide, high float64) {
	b.left, b.right, b.top, b.bottom = b.left*wide, b.right*wide, b.top*high, b.bottom*high
	for i, z := range b.five {
		b.five[i] = complex(real(z)*wide, imag(z)*high)
	}
}

func (y *yunet) forget() error {
	if pix, err := y.small.DataPtrUint8(); err == nil {
		clear(pix)
	}
	return y.network.forget()
}

func (y *yunet) close() {
	if y != nil {
		y.small.Close()
		y.network.close()
	}
}

// spread stands for landmarks where only five points are known: whatever is asked of the others answers as it does for
// eyes that are always open alike.
func (b box) spread() (p points) {
	for i := range p {
		p[i] = b.five[2]
	}
	half := (b.five[1] - b.five[0]) / 8
	lid := half * 0.3i // a right angle to the line of the eyes; 0.3 of the half width is what open eyes have
	for eye, from := range []int{36, 42} {
		z := b.five[eye]
		p[from], p[from+3] = z-half, z+half
		p[from+1], p[from+2] = z-lid, z-lid
		p[from+4], p[from+5] = z+lid, z+lid
	}
	p[48], p[60] = b.five[3], b.five[3]
	p[54], p[64] = b.five[4], b.five[4]
	return p
}
