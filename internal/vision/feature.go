package vision

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"example.org/edged/internal/room"
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
	chip  gocv.Mat
	grey  []byte
	feeds room.ModelFile
}

// newDescriber opens a model that is fed as its pack says. A shorter feature is filled up with zeros, which changes no
// cosine.
func newDescriber(model []byte, feeds room.ModelFile) (*describer, error) {
	if feeds.Scale == 0 {
		feeds.Channels, feeds.Mean, feeds.Scale = "BGR", chipMean, chipScaleBy
	}
	length := cmp.Or(feeds.Length, wire.FeatureLen)
	if length < 1 || length > wire.FeatureLen {
		return nil, fmt.Errorf("features of %d numbers, at most %d are taken", length, wire.FeatureLen)
	}
	n, err := openNetwork(model, 3, chipSize, chipSize, output{"", length})
	if err != nil {
		return nil, err
	}
	return &describer{network: n, chip: gocv.NewMat(), grey: make([]byte, chipSize*chipSize), feeds: feeds}, nil
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
	s := d.bent.scale(d.feeds.Mean, d.feeds.Scale, gain)
	if d.feeds.Channels == "RGB" {
		d.rgb(chip, s)
	} else {
		d.bgr(chip, s)
	}
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
