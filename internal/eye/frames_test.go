package eye_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

// frames is how many a long test takes: EDGED_FRAMES, or a slice for every day.
func frames(t *testing.T, usual int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("EDGED_FRAMES")); err == nil && n > 0 {
		return n
	}
	return usual
}

// resident is how much memory this program has now, in KiB.
func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kb), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// Frames of somebody, of nobody and of other sizes go by; what the program holds after the first hundreds it holds at
// the end. A hundred thousand with EDGED_FRAMES=100000, a slice of them every day.
func TestMemoryStaysFlat(t *testing.T) {
	v, err := vision.Open(modelstest.Pack(t), room.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	face := decoded(t, "face.jpg")
	empty := make([]byte, 320*240*3)
	n := frames(t, 2000)
	var s wire.Sighting
	warm, features := 0, 0
	for i := range n {
		if i == min(n/4, 1000) {
			warm = resident(t)
		}
		if i%10000 == 9999 {
			t.Logf("%d frames: %d KiB", i+1, resident(t))
		}
		s.CapturedAt = int64(i + 1)
		pix, w, h := empty, 320, 240
		if i/50%16 == 0 { // a visit of fifty frames, then nobody for fifteen times as long
			pix, w, h = face.Pix, face.W, face.H
		}
		if err := v.Look(pix, w, h, &s); err != nil {
			t.Fatal(err)
		}
		if s.Verdict == wire.Good {
			features++
		}
		if i%50 == 49 {
			if err := v.Forget(); err != nil {
				t.Fatal(err)
			}
		}
	}
	end := resident(t)
	t.Logf("%d frames, %d features: %d KiB after the first, %d KiB at the end", n, features, warm, end)
	if end > warm+4096 { // four MiB are less than one frame's leak of a Mat in a thousand
		t.Errorf("memory grew from %d to %d KiB over %d frames", warm, end, n)
	}
}

func decoded(t *testing.T, name string) *capture.Frame {
	t.Helper()
	b, err := os.ReadFile(modelstest.Picture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	f, err := capture.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
