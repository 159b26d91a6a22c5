package vision

import (
	"encoding/binary"
	"math"
	"math/cmplx"
	"testing"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// YuNet's own file is in no registry here, so its answers are made up: first as numbers, then by a model of this test's
// own that OpenCV runs. What is not tested is YuNet.

func TestCellsFollowTheFormulas(t *testing.T) {
	const wide, stride = 4, 16
	cls, obj, bbox, kps := make([]float32, 8), make([]float32, 8), make([]float32, 8*4), make([]float32, 8*10)
	at := 6 // column 2, row 1
	cls[at], obj[at] = 0.95, 0.95
	cls[1], obj[1] = 7, 0.5 // both are cut off at 1: √0.5 is too little
	copy(bbox[at*4:], []float32{0.5, -0.25, float32(math.Log(3)), float32(math.Log(4))})
	for n := range 5 {
		kps[at*10+2*n], kps[at*10+2*n+1] = float32(n), -0.5
	}
	got := cells(nil, stride, wide, cls, obj, bbox, kps)
	if len(got) != 1 {
		t.Fatalf("%d faces", len(got))
	}
	b := got[0]
	near := func(got, want float64) bool { return math.Abs(got-want) < 1e-4 }
	x, y := b.centre()
	if !near(x, 2.5*16) || !near(y, 0.75*16) || !near(b.width(), 48) || !near(b.height(), 64) || !near(float64(b.score), 0.95) || !b.marked {
		t.Errorf("%+v", b)
	}
	for n, z := range b.five {
		if cmplx.Abs(z-complex(float64(2+n)*16, 0.5*16)) > 1e-4 {
			t.Errorf("point %d is %v", n, z)
		}
	}
	b.stretch(2, 3)
	if x, y := b.centre(); !near(x, 80) || !near(y, 36) || b.five[0] != complex(64, 24) {
		t.Errorf("stretched: %+v", b)
	}
}

// made is an ONNX model of convolutions side by side, each with a kernel as large as its stride.
func made(height, width int, parts map[string]part) []byte {
	ints := func(name string, v ...uint64) []byte {
		a := text(nil, 1, name)
		for _, n := range v {
			a = number(a, 8, n)
		}
		return number(a, 20, 7)
	}
	tensor := func(name string, dims []uint64, values []float32) []byte {
		var b, raw []byte
		for _, d := range dims {
			b = number(b, 1, d)
		}
		for _, v := range values {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		return text(text(number(b, 2, 1), 8, name), 9, raw)
	}
	var graph []byte
	for name, p := range parts {
		n := text(text(text(text(nil, 1, "x"), 1, name+"w"), 1, name+"b"), 2, name)
		n = text(text(n, 3, "conv "+name), 4, "Conv")
		k := uint64(p.stride)
		n = text(text(n, 5, ints("kernel_shape", k, k)), 5, ints("strides", k, k))
		graph = text(graph, graphNode, n)
		kernel := make([]float32, p.channels*3*p.stride*p.stride)
		for i := range kernel {
			kernel[i] = p.weight / float32(3*p.stride*p.stride)
		}
		graph = text(graph, 5, tensor(name+"w", []uint64{uint64(p.channels), 3, k, k}, kernel))
		biases := make([]float32, p.channels)
		for i := range biases {
			biases[i] = p.bias
		}
		graph = text(graph, 5, tensor(name+"b", []uint64{uint64(p.channels)}, biases))
	}
	graph = text(text(graph, 2, "g"), graphInput, value("x", 1, 3, height, width))
	for name := range parts {
		graph = text(graph, graphOutput, value(name))
	}
	return text(text(number(nil, 1, 6), modelGraph, graph), 8, number(text(nil, 1, ""), 2, 11))
}

// A part answers its bias plus the weight times the mean of its patch.
type part struct {
	stride, channels int
	weight, bias     float32
}

// This model takes every white patch of 8×8 pixels for a face.
func TestAModelOfThisKindGoesThroughOpenCV(t *testing.T) {
	parts := map[string]part{}
	for _, s := range yunetStrides {
		n := map[int]string{8: "8", 16: "16", 32: "32"}[s]
		parts["cls_"+n], parts["obj_"+n] = part{s, 1, 0, 0}, part{s, 1, 0, 1}
		parts["bbox_"+n], parts["kps_"+n] = part{s, 4, 0, 1}, part{s, 10, 0, 0.5}
	}
	parts["cls_8"] = part{8, 1, 1.0 / 255, 0}
	y, err := newYuNet(made(yunetHeight, yunetWidth, parts))
	if err != nil {
		t.Fatal(err)
	}
	defer y.close()
	var c canvas
	defer c.close()
	const width, height = 640, 480
	pix := make([]byte, width*height*3)
	for row := 96; row < 112; row++ { // the patch in column 10, row 6 of the input, twice as large in the frame
		for x := 160; x < 176; x++ {
			copy(pix[(row*width+x)*3:], []byte{255, 255, 255})
		}
	}
	if err := c.take(pix, width, height); err != nil {
		t.Fatal(err)
	}
	var took uint32
	faces, err := y.find(&c, &took)
	if err != nil || len(faces) != 1 {
		t.Fatalf("%+v, %v", faces, err)
	}
	x, row := faces[0].centre()
	if math.Abs(x-2*11*8) > 0.01 || math.Abs(row-2*7*8) > 0.01 || math.Abs(faces[0].width()-2*8*math.E) > 0.01 {
		t.Errorf("%+v", faces[0])
	}
	if cmplx.Abs(faces[0].five[4]-complex(2*10.5*8, 2*6.5*8)) > 0.01 {
		t.Errorf("points %v", faces[0].five)
	}
	// A model that lacks some of the answers is refused, when it is opened or when it runs.
	lame, err := newYuNet(made(yunetHeight, yunetWidth, map[string]part{"cls_8": {8, 1, 0, 0}}))
	if err == nil {
		_, err = lame.find(&c, &took)
		lame.close()
	}
	if err == nil {
		t.Error("a model without boxes was taken for a detector")
	}
}

// A feature model of 128 numbers that wants red first: its channels are told apart, and the rest are zeros.
func TestAShorterFeatureIsFilledUp(t *testing.T) {
	model := made(chipSize, chipSize, map[string]part{"f": {chipSize, 128, 1, 0}})
	d, err := newDescriber(model, room.ModelFile{Channels: "RGB", Scale: 1, Length: 128})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	chip := make([]byte, chipSize*chipSize*3)
	for i := range chip {
		chip[i] = []byte{1, 2, 250}[i%3]
	}
	var f [wire.FeatureLen]float32
	var took uint32
	if err := d.describe(chip, 1, &f, &took); err != nil {
		t.Fatal(err)
	}
	if d.values[0] != 250 || d.values[2*chipSize*chipSize] != 1 {
		t.Errorf("the first plane is %v, the last %v", d.values[0], d.values[2*chipSize*chipSize])
	}
	for i, v := range f {
		if want := float32(1 / math.Sqrt(128)); i < 128 && math.Abs(float64(v-want)) > 1e-5 || i >= 128 && v != 0 {
			t.Fatalf("number %d is %v", i, v)
		}
	}
	for _, bad := range []int{513, -1} {
		if _, err := newDescriber(model, room.ModelFile{Scale: 1, Length: bad}); err == nil {
			t.Errorf("a feature of %d numbers was taken", bad)
		}
	}
	if d, err := newDescriber(model, room.ModelFile{Scale: 1, Length: 512}); err == nil {
		if err := d.describe(chip, 1, &f, &took); err == nil {
			t.Error("128 numbers passed for 512")
		}
		d.close()
	}
}

// Five points that stand for landmarks give back the same five, and eyes that are always open alike.
func TestFivePointsStandForLandmarks(t *testing.T) {
	b := box{five: [5]complex128{complex(10, 20), complex(50, 22), complex(30, 45), complex(15, 60), complex(47, 61)}, marked: true}
	p := b.spread()
	for i, z := range p.five() {
		if cmplx.Abs(z-b.five[i]) > 1e-9 {
			t.Errorf("point %d is %v instead of %v", i, z, b.five[i])
		}
	}
	b.five[1] += 7
	q := b.spread()
	if one, other := p.openness(), q.openness(); one <= 0 || math.Abs(float64(one-other)) > 1e-6 {
		t.Errorf("openness %v and %v", one, other)
	}
}
