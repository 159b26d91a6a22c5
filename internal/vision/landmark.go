package vision

import (
	"math/cmplx"

	"gocv.io/x/gocv"
)

const (
	marksSize  = 64
	marks      = 68
	marksScale = 256
)

// points are the 68 landmarks in pixels of the frame, as complex numbers x + iy, in the order of the iBUG 300-W set.
type points [marks]complex128

func middle(of ...complex128) complex128 {
	var sum complex128
	for _, z := range of {
		sum += z
	}
	return sum / complex(float64(len(of)), 0)
}

// five are the eyes, the tip of the nose and the corners of the mouth.
func (p *points) five() [5]complex128 {
	return [5]complex128{
		middle(p[37], p[38], p[40], p[41]), middle(p[43], p[44], p[46], p[47]), p[30],
		middle(p[48], p[60]), middle(p[54], p[64]),
	}
}

func (p *points) eyeDistance() float64 {
	five := p.five()
	return cmplx.Abs(five[1] - five[0])
}

type landmarker struct {
	*network
	crop gocv.Mat
	grey []byte
}

func newLandmarker(model []byte) (*landmarker, error) {
	n, err := openNetwork(model, 1, marksSize, marksSize, output{"", marks * 2})
	if err != nil {
		return nil, err
	}
	return &landmarker{network: n, crop: gocv.NewMat(), grey: make([]byte, marksSize*marksSize)}, nil
}

// points finds the landmarks in the square around a face, and the mean brightness of that square.
func (l *landmarker) points(c *canvas, w *warp, face box, tookUS *uint32) (points, float64, error) {
	side := max(face.width(), face.height())
	x, y := face.centre()
	left, top := x-side/2, y-side/2
	pix, err := w.cut(c, square(left, top, side, marksSize), &l.crop, marksSize)
	if err != nil {
		return points{}, 0, err
	}
	toGrey(l.grey, pix)
	mean := average(l.grey)
	s := l.bent.scale(0, marksScale, gainFor(mean))
	for i, v := range l.grey {
		l.values[i] = s[v]
	}
	out, err := l.run(tookUS)
	if err != nil {
		return points{}, 0, err
	}
	defer wipe(out)
	var p points
	for i := range p {
		p[i] = complex(left+float64(out[0][i*2])*side, top+float64(out[0][i*2+1])*side)
	}
	return p, mean, nil
}

func toGrey(dst, bgr []byte) {
	for i := range dst {
		dst[i] = grey(bgr[i*3], bgr[i*3+1], bgr[i*3+2])
	}
}

func average(values []byte) float64 {
	sum := 0
	for _, v := range values {
		sum += int(v)
	}
	return float64(sum) / float64(len(values))
}

func (l *landmarker) forget() error {
	if l == nil {
		return nil
	}
	clear(l.grey)
	if pix, err := l.crop.DataPtrUint8(); err == nil {
		clear(pix)
	}
	return l.network.forget()
}

func (l *landmarker) close() {
	if l != nil {
		clear(l.grey)
		l.crop.Close()
		l.network.close()
	}
}
