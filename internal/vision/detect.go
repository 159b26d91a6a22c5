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
	detectMean, detectScale   = 127, 128
	scoreMin                  = 0.65 // with overlapMax: as measured, docs/measurements.md
	overlapMax                = 0.4
)

// A box is a face in pixels of the frame, by its corners.
type box struct {
	left, top, right, bottom float64
	score                    float32
	five                     [5]complex128 // eyes, nose, corners of the mouth,
	marked                   bool          // if the detector finds them
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

// heads are where a detector of this kind (Ultra-Light-Fast-Generic-Face-Detector, RFB, by its authors' config) looks
// for faces: a grid for each stride, and in each cell a square of each size. A face's place is told relative to the
// square, in units of its size times the variances.
var heads = [...]struct {
	stride int
	sizes  []float64
}{{8, []float64{10, 16, 24}}, {16, []float64{32, 48}}, {32, []float64{64, 96}}, {64, []float64{128, 192, 256}}}

const varianceCentre, varianceSize = 0.1, 0.2

// A detector finds faces in an input of one size.
type detector struct {
	*network
	width, height int
	small         gocv.Mat
	normal        scaling
	found         []box
}

func newDetector(model []byte, width, height int) (*detector, error) {
	cut, names, err := beheaded(model, 3, height, width)
	if err != nil {
		return nil, err
	}
	if len(names) != 2*len(heads) {
		return nil, fmt.Errorf("the model has %d heads instead of %d", len(names), 2*len(heads))
	}
	d := &detector{width: width, height: height}
	var outputs []output
	for i, h := range heads {
		cells := d.columns(h.stride) * d.rows(h.stride) * len(h.sizes)
		outputs = append(outputs, output{names[2*i], cells * 2}, output{names[2*i+1], cells * 4})
	}
	if d.network, err = openNetwork(cut, 3, height, width, outputs...); err != nil {
		return nil, err
	}
	d.small = gocv.NewMat()
	d.normal.scale(detectMean, detectScale, 1)
	return d, nil
}

func (d *detector) columns(stride int) int { return (d.width + stride - 1) / stride }
func (d *detector) rows(stride int) int    { return (d.height + stride - 1) / stride }

// find returns every face in the frame, the surest first; they live until the next call. A dark frame in which nothing
// is seen is looked at once more, brightened: the detector misses 85 % of very dark faces, and 16 % after that
// (docs/measurements.md).
func (d *detector) find(c *canvas, tookUS *uint32) ([]box, error) {
	gocv.Resize(c.mat, &d.small, image.Pt(d.width, d.height), 0, 0, gocv.InterpolationLinear)
	pix, err := d.small.DataPtrUint8()
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	faces, err := d.pass(pix, &d.normal, c, tookUS)
	if err != nil || len(faces) > 0 {
		return faces, err
	}
	if gain := gainFor(c.mean()); gain > 1 {
		var again uint32
		faces, err = d.pass(pix, d.bent.scale(detectMean, detectScale, gain), c, &again)
		*tookUS += again
	}
	return faces, err
}

func (d *detector) pass(pix []byte, s *scaling, c *canvas, tookUS *uint32) ([]box, error) {
	d.rgb(pix, s)
	out, err := d.run(tookUS)
	if err != nil {
		return nil, err
	}
	d.found = d.found[:0]
	for i := range heads {
		d.read(i, out[2*i], out[2*i+1], float64(c.cols), float64(c.rows))
	}
	wipe(out)
	d.found = onePerFace(d.found, overlapMax)
	return d.found, nil
}

// read adds the faces of one head. Its answers lie as planes of cells: for the k-th square of a cell, the planes 2k and
// 2k+1 of the scores (no face, a face) and 4k to 4k+3 of the places (centre, then the logarithm of the size).
func (d *detector) read(head int, scores, places []float32, cols, rows float64) {
	h := heads[head]
	wide, high := d.columns(h.stride), d.rows(h.stride)
	plane := wide * high
	// The share of two scores after softmax is the logistic function of their difference.
	least := float32(math.Log(scoreMin / (1 - scoreMin)))
	for k, size := range h.sizes {
		no, yes := scores[2*k*plane:][:plane], scores[(2*k+1)*plane:][:plane]
		for i := range yes {
			sure := yes[i] - no[i]
			if sure < least {
				continue
			}
			at := func(n int) float64 { return float64(places[(4*k+n)*plane+i]) }
			w, hgt := min(size/float64(d.width), 1), min(size/float64(d.height), 1)
			x := (float64(i%wide)+0.5)/float64(wide) + at(0)*varianceCentre*w
			y := (float64(i/wide)+0.5)/float64(high) + at(1)*varianceCentre*hgt
			w, hgt = w*math.Exp(at(2)*varianceSize), hgt*math.Exp(at(3)*varianceSize)
			d.found = append(d.found, box{left: (x - w/2) * cols, top: (y - hgt/2) * rows, right: (x + w/2) * cols, bottom: (y + hgt/2) * rows,
				score: float32(1 / (1 + math.Exp(float64(-sure))))})
		}
	}
}

// onePerFace keeps the surest of boxes that lie over each other (greedy non-maximum suppression), in place.
func onePerFace(boxes []box, most float64) []box {
	slices.SortStableFunc(boxes, func(a, b box) int { return cmp.Compare(b.score, a.score) })
	kept := boxes[:0]
	for _, b := range boxes {
		over := func(k box) bool { return k.overlap(b) > most }
		if b.width() >= 1 && b.height() >= 1 && !slices.ContainsFunc(kept, over) {
			kept = append(kept, b)
		}
	}
	return kept
}

func (d *detector) forget() error {
	if d == nil {
		return nil
	}
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
