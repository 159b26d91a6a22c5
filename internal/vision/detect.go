package vision

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"gocv.io/x/gocv"
)

const (
	detectWidth, detectHeight = 320, 240
	anchors                   = 4420
	detectMean, detectScale   = 127, 128
	scoreMin                  = 0.65 // with overlapMax: as measured, docs/measurements.md
	overlapMax                = 0.4
)

// A box is a face in pixels of the frame, by its corners.
type box struct {
	left, top, right, bottom float64
	score                    float32
}

func (b box) width() float64                 { return b.right - b.left }
func (b box) height() float64                { return b.bottom - b.top }
func (b box) centre() (x, y float64)         { return (b.left + b.right) / 2, (b.top + b.bottom) / 2 }
func (b box) area() float64                  { return max(0, b.width()) * max(0, b.height()) }
func (b box) offCentre(x, y float64) float64 { cx, cy := b.centre(); return math.Hypot(cx-x, cy-y) }

// overlap is the intersection over the union.
func (b box) overlap(o box) float64 {
	both := box{left: max(b.left, o.left), top: max(b.top, o.top), right: min(b.right, o.right), bottom: min(b.bottom, o.bottom)}
	a := both.area()
	return a / (b.area() + o.area() - a + 1e-9)
}

type detector struct {
	*network
	small  gocv.Mat
	normal *scaling
	found  []box
}

func newDetector(model []byte) (*detector, error) {
	n, err := openNetwork(model, 3, detectHeight, detectWidth, output{"scores", anchors * 2}, output{"boxes", anchors * 4})
	if err != nil {
		return nil, err
	}
	return &detector{network: n, small: gocv.NewMat(), normal: scale(detectMean, detectScale, 1)}, nil
}

// find returns every face in the frame, the surest first. A dark frame in which nothing is seen is looked at once
// more, brightened: the detector misses 85 % of very dark faces, and 16 % after that (docs/measurements.md).
func (d *detector) find(c *canvas, tookUS *uint32) ([]box, error) {
	gocv.Resize(c.mat, &d.small, image.Pt(detectWidth, detectHeight), 0, 0, gocv.InterpolationLinear)
	pix, err := d.small.DataPtrUint8()
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	faces, err := d.pass(pix, d.normal, c, tookUS)
	if err != nil || len(faces) > 0 {
		return faces, err
	}
	if gain := gainFor(c.mean()); gain > 1 {
		var again uint32
		faces, err = d.pass(pix, scale(detectMean, detectScale, gain), c, &again)
		*tookUS += again
	}
	return faces, err
}

func (d *detector) pass(pix []byte, s *scaling, c *canvas, tookUS *uint32) ([]box, error) {
	d.rgb(pix, s)
	d.found = d.found[:0]
	err := d.run(tookUS, func(out [][]float32) error {
		scores, corners := out[0], out[1]
		for i := range anchors {
			if score := scores[i*2+1]; score >= scoreMin {
				at := corners[i*4 : i*4+4]
				d.found = append(d.found, box{
					left: float64(at[0]) * float64(c.cols), top: float64(at[1]) * float64(c.rows),
					right: float64(at[2]) * float64(c.cols), bottom: float64(at[3]) * float64(c.rows), score: score,
				})
			}
		}
		return nil
	})
	d.found = onePerFace(d.found)
	return d.found, err
}

// onePerFace keeps the surest of boxes that lie over each other (greedy non-maximum suppression), in place.
func onePerFace(boxes []box) []box {
	slices.SortStableFunc(boxes, func(a, b box) int { return cmp.Compare(b.score, a.score) })
	kept := boxes[:0]
	for _, b := range boxes {
		over := func(k box) bool { return k.overlap(b) > overlapMax }
		if b.width() >= 1 && b.height() >= 1 && !slices.ContainsFunc(kept, over) {
			kept = append(kept, b)
		}
	}
	return kept
}

func (d *detector) forget() error {
	if pix, err := d.small.DataPtrUint8(); err == nil {
		clear(pix)
	}
	return d.network.forget()
}

func (d *detector) close() {
	if d != nil {
		d.small.Close()
		d.network.close()
	}
}
