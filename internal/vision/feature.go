package vision

import (
	"errors"
	"math"

	"example.org/edged/internal/wire"
	"gocv.io/x/gocv"
)

const (
	chipSize              = 112
	chipMean, chipScaleBy = 127, 128
)

// A describer turns a face upright and computes the numbers that tell it apart.
type describer struct {
	*network
	chip gocv.Mat
	grey []byte
}

func newDescriber(model []byte) (*describer, error) {
	n, err := openNetwork(model, 3, chipSize, chipSize, output{"", wire.FeatureLen})
	if err != nil {
		return nil, err
	}
	return &describer{network: n, chip: gocv.NewMat(), grey: make([]byte, chipSize*chipSize)}, nil
}

// align cuts out the upright face, in colour and in grey; both live until the next call.
func (d *describer) align(c *canvas, w *warp, p points) (chip, grey []byte, err error) {
	a, ok := upright(p.five())
	if !ok {
		return nil, nil, errors.New("landmarks lie in one place")
	}
	if chip, err = w.cut(c, a, &d.chip, chipSize); err != nil {
		return nil, nil, err
	}
	toGrey(d.grey, chip)
	return chip, d.grey, nil
}

// describe writes the feature of an upright face, brought to unit length.
func (d *describer) describe(chip []byte, gain float64, feature *[wire.FeatureLen]float32, tookUS *uint32) error {
	d.bgr(chip, d.bent.scale(chipMean, chipScaleBy, gain))
	out, err := d.run(tookUS)
	if err != nil {
		return err
	}
	defer wipe(out)
	var square float64
	for _, v := range out[0] {
		square += float64(v) * float64(v)
	}
	if square < 1e-12 {
		return errors.New("feature has no length")
	}
	length := float32(math.Sqrt(square))
	for i, v := range out[0] {
		feature[i] = v / length
	}
	return nil
}

func (d *describer) forget() error {
	clear(d.grey)
	if pix, err := d.chip.DataPtrUint8(); err == nil {
		clear(pix)
	}
	return d.network.forget()
}

func (d *describer) close() {
	if d != nil {
		clear(d.grey)
		d.chip.Close()
		d.network.close()
	}
}
