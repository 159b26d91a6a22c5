package vision

import (
	"math"

	"gocv.io/x/gocv"
)

const (
	liveSize   = 128
	liveAround = 2.7 // the crop is this much larger than the face, so that the edges of a print or a screen are seen
)

// mapped turns a box of this pack's detector into the box that the liveness model was trained with: narrower faces,
// a little lower. Measured over both detectors (docs/measurements.md).
func (b box) mapped() box {
	w, h := b.width(), b.height()
	x, y := b.centre()
	x, y = x-0.007*w, y+0.061*h
	w, h = 1.155*w, 0.878*h
	return box{left: x - w/2, top: y - h/2, right: x + w/2, bottom: y + h/2, score: b.score}
}

// around is the box made larger about its centre, but never larger than the frame, and pushed back into it: the model
// was trained on crops without borders.
func (b box) around(by, width, height float64) box {
	by = min(by, (width-1)/b.width(), (height-1)/b.height())
	w, h := b.width()*by, b.height()*by
	x, y := b.centre()
	left := min(max(x-w/2, 0), width-1-w)
	top := min(max(y-h/2, 0), height-1-h)
	return box{left: left, top: top, right: left + w, bottom: top + h, score: b.score}
}

// A judge tells a living face from a picture of one.
type judge struct {
	*network
	crop gocv.Mat
}

func newJudge(model []byte) (*judge, error) {
	n, err := openNetwork(model, 3, liveSize, liveSize, output{"", 3})
	if err != nil {
		return nil, err
	}
	return &judge{network: n, crop: gocv.NewMat()}, nil
}

// judge says how sure it is that the face lives, 0..1.
func (j *judge) judge(c *canvas, w *warp, face box, gain float64, tookUS *uint32) (float32, error) {
	b := face.mapped().around(liveAround, float64(c.width), float64(c.height))
	pix, err := w.cut(c, rectangle(b.left, b.top, b.width(), b.height(), liveSize), &j.crop, liveSize)
	if err != nil {
		return 0, err
	}
	j.bgr(pix, j.bent.scale(0, 1, gain))
	out, err := j.run(tookUS)
	if err != nil {
		return 0, err
	}
	defer wipe(out)
	return softmaxFirst(out[0]), nil
}

// softmaxFirst is the first class's share.
func softmaxFirst(logits []float32) float32 {
	top := float64(max(logits[0], logits[1], logits[2]))
	var sum float64
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	return float32(math.Exp(float64(logits[0])-top) / sum)
}

func (j *judge) forget() error {
	if j == nil {
		return nil
	}
	if pix, err := j.crop.DataPtrUint8(); err == nil {
		clear(pix)
	}
	return j.network.forget()
}

func (j *judge) close() {
	if j != nil {
		j.crop.Close()
		j.network.close()
	}
}
