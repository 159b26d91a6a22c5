package vision

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/models/modelstest"
)

// The model as its authors packed it decodes its boxes itself, for all 4,420 places. What is read off its heads is the
// same.
func TestTheHeadsSayWhatTheWholeModelSays(t *testing.T) {
	pack := modelstest.Pack(t)
	model, err := pack.Read("detector")
	if err != nil {
		t.Fatal(err)
	}
	const places = 4420
	whole, err := openNetwork(model, 3, detectHeight, detectWidth, output{"scores", places * 2}, output{"boxes", places * 4})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.close()
	d, err := newDetector(model, detectWidth, detectHeight)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	var c canvas
	defer c.close()
	for _, name := range []string{"face.jpg", "face-detect.jpg", "astronaut.png", "space_shuttle.jpg"} {
		b, err := os.ReadFile(modelstest.Picture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := capture.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.take(f.Pix, f.W, f.H); err != nil {
			t.Fatal(err)
		}
		var took uint32
		got, err := d.find(&c, &took)
		if err != nil {
			t.Fatal(err)
		}
		copy(whole.values, d.values)
		out, err := whole.run(&took)
		if err != nil {
			t.Fatal(err)
		}
		var want []box
		for i := range places {
			if s := out[0][i*2+1]; s >= scoreMin {
				at, w, h := out[1][i*4:], float64(c.cols), float64(c.rows)
				want = append(want, box{float64(at[0]) * w, float64(at[1]) * h, float64(at[2]) * w, float64(at[3]) * h, s, [5]complex128{}, false})
			}
		}
		want = onePerFace(want, overlapMax)
		if len(got) != len(want) {
			t.Fatalf("%s: %d faces instead of %d", name, len(got), len(want))
		}
		for i := range want {
			for _, d := range []float64{got[i].left - want[i].left, got[i].top - want[i].top, got[i].right - want[i].right,
				got[i].bottom - want[i].bottom, 100 * float64(got[i].score-want[i].score)} {
				if math.Abs(d) > 0.01 {
					t.Errorf("%s: %+v instead of %+v", name, got[i], want[i])
					break
				}
			}
		}
	}
}

func TestWhatIsNoONNXIsRefused(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("not a model"), "a graph without heads": text(nil, modelGraph, text(nil, 2, "g")),
		"a length that leads out of it": {modelGraph<<3 | wireBytes, 0xff, 0xff, 0xff, 0x7f, 1}, "a number without an end": {8, 0xff}} {
		if _, err := newDetector(b, detectWidth, detectHeight); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	// OpenCV's own complaint comes back as an error too, and does not end the program.
	if _, err := openNetwork([]byte("not a model"), 3, 4, 4, output{"", 1}); err == nil {
		t.Error("OpenCV took text for a model")
	}
}

func TestANetworkThatDoesNotFitItsInputSaysSo(t *testing.T) {
	model, err := os.ReadFile(filepath.Join(modelstest.Pack(t).Dir, "fr_landmark.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNetwork(model, 3, 50, 50, output{"", marks * 2})
	if err != nil {
		return
	}
	defer n.close()
	var took uint32
	if _, err := n.run(&took); err == nil {
		t.Error("three colours went through a model for one")
	}
}

func FuzzBeheaded(f *testing.F) {
	f.Add([]byte{})
	head := text(text(text(nil, nodeInput, "a"), nodeOutput, "b"), nodeOperator, "Transpose")
	f.Add(text(nil, modelGraph, text(text(nil, graphNode, head), graphInput, value("in", 1, 3))))
	f.Fuzz(func(t *testing.T, b []byte) {
		cut, heads, err := beheaded(b, 3, 8, 8)
		if err != nil {
			return
		}
		if len(heads) == 0 {
			t.Fatal("no heads and no error")
		}
		again, same, err := beheaded(cut, 3, 8, 8)
		if err == nil && (len(same) > len(heads) || len(again) > len(cut)+len(b)) {
			t.Fatalf("%d heads became %d", len(heads), len(same))
		}
	})
}
