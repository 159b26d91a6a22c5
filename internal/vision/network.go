package vision

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// A network is one model with its input.
type network struct {
	layers
	values []float32 // the input's memory: planes of floats
	lens   []int     // length of each output
	out    [][]float32
	bent   scaling // for pictures that are brightened
}

// An output is one of a network's answers: its name ("" when there is one only) and its length.
type output struct {
	name string
	len  int
}

func openNetwork(model []byte, channels, height, width int, outputs ...output) (*network, error) {
	n := &network{out: make([][]float32, 0, len(outputs))}
	var names []string
	for _, o := range outputs {
		n.lens = append(n.lens, o.len)
		if o.name != "" {
			names = append(names, o.name)
		}
	}
	var err error
	if n.layers, n.values, err = openLayers(model, channels, height, width, names); err != nil {
		return nil, fmt.Errorf("loading the network: %w", err)
	}
	return n, nil
}

// run passes the input through the network and returns its answers, which are dead when it runs again; wipe them. The
// time of the bare pass goes to tookUS.
func (n *network) run(tookUS *uint32) ([][]float32, error) {
	begun := time.Now()
	out, err := n.layers.run(n.out)
	*tookUS = since(begun)
	if err != nil {
		return nil, fmt.Errorf("running the network: %w", err)
	}
	if len(out) != len(n.lens) {
		return nil, fmt.Errorf("network gave %d answers instead of %d: the model does not fit its role", len(out), len(n.lens))
	}
	for i, values := range out {
		if len(values) != n.lens[i] {
			return nil, fmt.Errorf("network answered %d numbers instead of %d: the model does not fit its role", len(values), n.lens[i])
		}
		if !finite(values) {
			clear(values)
			return nil, errors.New("network answered a number that is not finite")
		}
	}
	return out, nil
}

func wipe(answers [][]float32) {
	for _, a := range answers {
		clear(a)
	}
}

// forget runs the network on nothing, so that its layers hold nothing of the last face.
func (n *network) forget() error {
	clear(n.values)
	var took uint32
	out, err := n.run(&took)
	wipe(out)
	return err
}

func (n *network) close() {
	if n == nil {
		return
	}
	clear(n.values)
	n.layers.close()
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
func (s *scaling) scale(mean, by, gain float64) *scaling {
	for v := range s {
		s[v] = float32((math.Min(math.Round(float64(v)*gain), 255) - mean) / by)
	}
	return s
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
