package vision

import (
	"errors"
	"fmt"
	"math"
	"time"

	"gocv.io/x/gocv"
)

// A network is one model with its input, which is made once and filled for every frame.
type network struct {
	net     gocv.Net
	in      gocv.Mat
	values  []float32 // the input's memory: planes of floats
	outputs []string
	lens    []int // length of each output
}

// An output is one of a network's answers: its name ("" when there is one only) and its length.
type output struct {
	name string
	len  int
}

func openNetwork(model []byte, channels, height, width int, outputs ...output) (*network, error) {
	net, err := gocv.ReadNetFromONNXBytes(model)
	if err != nil {
		return nil, fmt.Errorf("loading the network: %w", err)
	}
	if net.Empty() {
		return nil, errors.New("loading the network: OpenCV finds no layers in it")
	}
	n := &network{net: net, in: gocv.NewMatWithSizes([]int{1, channels, height, width}, gocv.MatTypeCV32F)}
	if n.values, err = n.in.DataPtrFloat32(); err != nil {
		return nil, fmt.Errorf("making the input: %w", err)
	}
	for _, o := range outputs {
		n.outputs, n.lens = append(n.outputs, o.name), append(n.lens, o.len)
	}
	return n, nil
}

// run passes the input through the network and hands the answers to use, whose slices are dead afterwards. The time
// of the bare pass goes to tookUS.
func (n *network) run(tookUS *uint32, use func(out [][]float32) error) error {
	n.net.SetInput(n.in, "")
	begun := time.Now()
	var mats []gocv.Mat
	if len(n.outputs) == 1 {
		mats = []gocv.Mat{n.net.Forward(n.outputs[0])}
	} else {
		mats = n.net.ForwardLayers(n.outputs)
	}
	*tookUS = since(begun)
	out := make([][]float32, len(mats))
	for i := range mats {
		defer mats[i].Close()
		values, err := mats[i].DataPtrFloat32()
		if err != nil {
			return fmt.Errorf("network's answer: %w", err)
		}
		defer clear(values)
		if len(values) != n.lens[i] {
			return fmt.Errorf("network answered %d numbers instead of %d: the model does not fit its role", len(values), n.lens[i])
		}
		if !finite(values) {
			return errors.New("network answered a number that is not finite")
		}
		out[i] = values
	}
	return use(out)
}

// forget runs the network on nothing, so that its layers hold nothing of the last face.
func (n *network) forget() error {
	clear(n.values)
	var took uint32
	return n.run(&took, func([][]float32) error { return nil })
}

func (n *network) close() {
	if n == nil {
		return
	}
	clear(n.values)
	n.in.Close()
	n.net.Close()
}

func finite(values []float32) bool {
	for _, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}

// A scaling turns a byte of a picture into an input of a network.
type scaling [256]float32

// scale is (v·gain − mean) / by, with v·gain cut off at white as a camera would.
func scale(mean, by, gain float64) *scaling {
	var s scaling
	for v := range s {
		s[v] = float32((math.Min(math.Round(float64(v)*gain), 255) - mean) / by)
	}
	return &s
}

// planes spreads interleaved BGR pixels over one plane for each colour.
func (s *scaling) planes(blue, green, red []float32, bgr []byte) {
	for i := range blue {
		blue[i], green[i], red[i] = s[bgr[i*3]], s[bgr[i*3+1]], s[bgr[i*3+2]]
	}
}

// bgr fills the input in the order blue, green, red.
func (n *network) bgr(pix []byte, s *scaling) {
	size := len(n.values) / 3
	s.planes(n.values[:size], n.values[size:2*size], n.values[2*size:], pix)
}

// rgb fills the input in the order red, green, blue.
func (n *network) rgb(pix []byte, s *scaling) {
	size := len(n.values) / 3
	s.planes(n.values[2*size:], n.values[size:2*size], n.values[:size], pix)
}
