//go:build matprofile

package vision_test

import (
	"bytes"
	"testing"

	"gocv.io/x/gocv"

	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

// gocv counts its Mats when it is built with this tag: as many are open after a hundred frames of several sizes as after
// one, and none when all is closed.
func TestNoMatIsLeft(t *testing.T) {
	before := gocv.MatProfile.Count()
	v, err := vision.Open(modelstest.Pack(t), room.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	f := picture(t, "face.jpg")
	var s wire.Sighting
	look := func(w, h int, pix []byte) {
		if err := v.Look(pix, w, h, &s); err != nil {
			t.Fatal(err)
		}
	}
	look(f.W, f.H, f.Pix)
	open := gocv.MatProfile.Count()
	for i := range 25 {
		look(f.W, f.H, f.Pix)
		look(320, 200+i, make([]byte, 320*(200+i)*3))
		look(f.W, f.H, f.Pix)
		if err := v.Forget(); err != nil {
			t.Fatal(err)
		}
		if err := v.Look(f.Pix, f.W+1, f.H, &s); err == nil {
			t.Fatal("a frame of another size than its bytes was taken")
		}
	}
	if n := gocv.MatProfile.Count(); n != open {
		t.Errorf("%d Mats are open, %d were after the first frame", n, open)
	}
	v.Close()
	if n := gocv.MatProfile.Count(); n != before {
		var b bytes.Buffer
		_ = gocv.MatProfile.WriteTo(&b, 1)
		t.Errorf("%d Mats are left:\n%s", n-before, &b)
	}
	t.Logf("%d Mats while it looks, %d left", open, gocv.MatProfile.Count()-before)
}
