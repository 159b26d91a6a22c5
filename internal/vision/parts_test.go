package vision

import (
	"bytes"
	"math"
	"math/cmplx"
	"os"
	"testing"

	"gocv.io/x/gocv"
	"pgregory.net/rapid"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/models"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
	packs "example.org/edged/models"
)

// The manifest is what people read; the constants are what runs.
func TestManifestSaysWhatRuns(t *testing.T) {
	m, err := models.Parse(packs.Faceplugin)
	if err != nil {
		t.Fatal(err)
	}
	for role, want := range map[string]models.Input{
		"detector":  {Width: detectWidth, Height: detectHeight, Channels: "RGB", Mean: detectMean, Scale: detectScale},
		"landmarks": {Width: marksSize, Height: marksSize, Channels: "grey", Mean: 0, Scale: marksScale},
		"liveness":  {Width: liveSize, Height: liveSize, Channels: "BGR", Mean: 0, Scale: 1},
		"feature":   {Width: chipSize, Height: chipSize, Channels: "BGR", Mean: chipMean, Scale: chipScaleBy},
	} {
		if got := m.Roles[role].Input; got != want {
			t.Errorf("%s: the manifest says %+v, the code does %+v", role, got, want)
		}
	}
}

// Whatever similarity moves the template, upright finds its way back exactly.
func TestUprightUndoesEverySimilarity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		turn := cmplx.Rect(rapid.Float64Range(0.2, 8).Draw(t, "size"), rapid.Float64Range(-math.Pi, math.Pi).Draw(t, "angle"))
		shift := complex(rapid.Float64Range(-500, 2000).Draw(t, "x"), rapid.Float64Range(-500, 2000).Draw(t, "y"))
		var five [5]complex128
		for i, z := range template112 {
			five[i] = turn*z + shift
		}
		a, ok := upright(five)
		if !ok {
			t.Fatal("refused")
		}
		for i, z := range template112 {
			x, y := a[0]*real(z)+a[1]*imag(z)+a[2], a[3]*real(z)+a[4]*imag(z)+a[5]
			if cmplx.Abs(complex(x, y)-five[i]) > 1e-6 {
				t.Fatalf("point %d goes to %v,%v instead of %v", i, x, y, five[i])
			}
		}
	})
}

func TestUprightRefusesPointsInOnePlace(t *testing.T) {
	if _, ok := upright([5]complex128{7, 7, 7, 7, 7}); ok {
		t.Error("five equal points were accepted")
	}
}

func TestOnePerFace(t *testing.T) {
	at := func(x, y, size float64, score float32) box {
		return box{left: x, top: y, right: x + size, bottom: y + size, score: score}
	}
	for _, c := range []struct {
		name string
		in   []box
		want int
	}{
		{"nothing stays nothing", nil, 0},
		{"the surest of two over each other stays", []box{at(10, 10, 50, .7), at(12, 12, 50, .9)}, 1},
		{"two apart both stay", []box{at(10, 10, 50, .7), at(100, 10, 50, .9)}, 2},
		{"boxes without size go", []box{at(10, 10, 0, .9), {left: 20, top: 20, right: 10, bottom: 10, score: .9}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := onePerFace(c.in, overlapMax)
			if len(got) != c.want {
				t.Fatalf("%d stay, want %d", len(got), c.want)
			}
			if len(got) > 0 && got[0].score != .9 {
				t.Errorf("the first has score %v", got[0].score)
			}
		})
	}
}

// The crop for liveness never leaves the frame, whatever the box.
func TestAroundStaysInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.Float64Range(64, 2000).Draw(t, "width"), rapid.Float64Range(64, 2000).Draw(t, "height")
		b := box{left: rapid.Float64Range(-50, w-10).Draw(t, "left"), top: rapid.Float64Range(-50, h-10).Draw(t, "top")}
		b.right, b.bottom = b.left+rapid.Float64Range(4, w).Draw(t, "bw"), b.top+rapid.Float64Range(4, h).Draw(t, "bh")
		c := b.mapped().around(liveAround, w, h)
		if c.left < -1e-6 || c.top < -1e-6 || c.right > w || c.bottom > h || c.width() <= 0 || c.height() <= 0 {
			t.Fatalf("%+v in %v×%v became %+v", b, w, h, c)
		}
	})
}

func TestGain(t *testing.T) {
	for mean, want := range map[float64]float64{0: gainMax, 5: gainMax, 22: 5, 55: 2, 60: 1, 200: 1} {
		if got := gainFor(mean); math.Abs(got-want) > 1e-9 {
			t.Errorf("a face of mean %v is multiplied with %v, want %v", mean, got, want)
		}
	}
}

func TestNumbersThatAreNotFinite(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if finite([]float32{0, float32(v)}) {
			t.Errorf("%v passed", v)
		}
	}
}

// After a look no pixel of the frame is left; after Forget none of the face either.
func TestNothingIsLeftOfAFace(t *testing.T) {
	v, err := Open(modelstest.Pack(t), room.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	b, err := os.ReadFile(modelstest.Picture(t, "face.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := capture.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	var s wire.Sighting
	if err := v.Look(f.Pix, f.W, f.H, &s); err != nil || s.Verdict != wire.Good {
		t.Fatalf("%v, %v", s.Verdict, err)
	}
	black := func(pix []byte) bool { return len(bytes.Trim(pix, "\x00")) == 0 }
	if !black(v.canvas.pix) {
		t.Error("the frame was not wiped after the look")
	}
	if err := v.Forget(); err != nil {
		t.Fatal(err)
	}
	for name, mat := range map[string]*gocv.Mat{"detector": &v.detect.(*detector).small, "landmarks": &v.marks.crop, "liveness": &v.live.crop, "feature": &v.trait.chip} {
		if pix, err := mat.DataPtrUint8(); err != nil || len(pix) == 0 || !black(pix) {
			t.Errorf("the crop for %s was not wiped (%v)", name, err)
		}
	}
	for name, n := range map[string]*network{"detector": v.detect.(*detector).network, "landmarks": v.marks.network, "liveness": v.live.network, "feature": v.trait.network} {
		for _, value := range n.values {
			if value != 0 {
				t.Errorf("the input for %s was not wiped", name)
				break
			}
		}
	}
}

func TestAlike(t *testing.T) {
	ramp, dimmed, turned, plain := make([]byte, 256), make([]byte, 256), make([]byte, 256), bytes.Repeat([]byte{9}, 256)
	for i := range ramp {
		ramp[i], dimmed[i], turned[i] = byte(i), byte(i/2), byte(255-i)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want float64
	}{{"itself", ramp, 1}, {"itself, darker", dimmed, 1}, {"its negative", turned, -1}, {"a plain surface", plain, 0}} {
		if got := alike(ramp, c.b); math.Abs(got-c.want) > 0.001 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
