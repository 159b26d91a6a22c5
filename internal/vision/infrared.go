package vision

import (
	"time"

	"example.org/edged/internal/wire"
)

const (
	// samePlace is the least overlap (intersection over union) of a face in both pictures, as shares of each. Two cameras
	// side by side do not see quite the same, and a head moves between the two pictures: two boxes of one size that are
	// moved by half their width have 1/3. Not measured: no pair of cameras was at hand.
	samePlace = 0.3
	// WarmFor is how far apart in time the two pictures may be. A hand needs about as long to bring a screen before a face.
	WarmFor = 500 * time.Millisecond
)

// infrared is where the newest picture of the infrared camera showed faces; of the picture itself nothing is kept.
type infrared struct {
	canvas canvas
	faces  []box // as shares of the picture
	at     int64 // when it was complete; 0: there was none
}

func (i *infrared) forget() {
	i.canvas.wipe()
	clear(i.faces)
	i.faces, i.at = i.faces[:0], 0
}

// Infrared looks for faces in one frame of the infrared camera (grey, as BGR). It computes nothing of them.
func (v *Vision) Infrared(pix []byte, width, height int, at int64) error {
	w := &v.warm
	w.forget()
	defer w.canvas.wipe()
	if err := w.canvas.take(pix, width, height); err != nil {
		return err
	}
	var took uint32
	faces, err := v.detect.find(&w.canvas, &took)
	if err != nil {
		return err
	}
	for _, f := range faces {
		w.faces = append(w.faces, f.share(width, height))
	}
	w.at = at
	return nil
}

// Agree says whether the face that Look has just looked at, in a frame that was complete at that time, stands at the same
// place in infrared. Without a picture of the same moment nothing can be said.
func (v *Vision) Agree(at int64) wire.Infrared {
	if v.warm.at == 0 || v.seen == (box{}) || max(at-v.warm.at, v.warm.at-at) > int64(WarmFor) {
		return wire.InfraredUnknown
	}
	for _, f := range v.warm.faces {
		if f.overlap(v.seen) >= samePlace {
			return wire.InfraredFace
		}
	}
	return wire.InfraredNoFace
}

// share is the box in shares of the frame instead of pixels.
func (b box) share(width, height int) box {
	w, h := float64(width), float64(height)
	return box{left: b.left / w, top: b.top / h, right: b.right / w, bottom: b.bottom / h}
}
