// Package vision turns one frame into what the keeper may know about it: is somebody in the zone, is the picture good
// enough, is it a living face, and which 512 numbers tell it apart. It never keeps a frame, never writes one, and
// computes no feature of a face outside the zone.
//
// A frame passes the files in this order: canvas.go (padding), detect.go, zone.go, landmark.go, verdict.go (is it good
// enough), liveness.go, align.go, feature.go. The sizes, orders and scalings come from the pack's manifest
// (models/faceplugin.yaml); a test holds the two together.
package vision

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// A Vision looks at one frame at a time. It is not safe for use by two goroutines at once.
type Vision struct {
	zone   zone
	canvas canvas
	warp   *warp
	detect finder
	marks  *landmarker // nil: the detector finds five points itself
	live   *judge      // nil: nothing tells whether a face lives, and none is said to
	trait  *describer
	small  *detector
	held   held
	seen   box               // the face that was looked at last and good, as shares of the frame
	warm   infrared          // what the infrared camera has seen
	looks  int               // for faces
	in     []box             // scratch: the faces in the zone,
	out    []box             // and those beside it
	since  int64             // when somebody came into the zone; 0: nobody is there
	model  [sha256.Size]byte // of the feature model
	linear [256]float32      // see linear
}

// A finder finds faces, the surest first; they live until the next call.
type finder interface {
	find(c *canvas, tookUS *uint32) ([]box, error)
	forget() error
	close()
}

// Open reads the models of a pack, checks each against its hash, and lets each network run once, so that the
// first person does not wait for it.
func Open(pack room.Pack, zone room.Zone) (*Vision, error) {
	oneThread()
	v := &Vision{zone: withDefaults(zone), warp: newWarp(), linear: linear()}
	for _, part := range []struct {
		role string
		open func([]byte) error
	}{
		{"detector", func(b []byte) (err error) {
			return v.openDetector(b, pack.Files["detector"].Kind)
		}},
		{"landmarks", func(b []byte) (err error) { v.marks, err = newLandmarker(b); return }},
		{"liveness", func(b []byte) (err error) { v.live, err = newJudge(b); return }},
		{"feature", func(b []byte) (err error) {
			v.model = sha256.Sum256(b)
			v.trait, err = newDescriber(b, pack.Files["feature"])
			return
		}},
	} {
		if _, there := pack.Files[part.role]; !there && (part.role == "liveness" || part.role == "landmarks" && v.small == nil) {
			continue
		}
		model, err := pack.Read(part.role)
		if err == nil {
			err = part.open(model)
		}
		if err != nil {
			v.Close()
			return nil, fmt.Errorf("vision: %s: %w", part.role, err)
		}
	}
	if err := v.Forget(); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

func (v *Vision) openDetector(model []byte, kind string) error {
	switch kind {
	case "", "rfb":
		whole, err := newDetector(model, detectWidth, detectHeight)
		if err != nil {
			return err
		}
		v.detect = whole
		v.small, err = newDetector(model, detectWidth/2, detectHeight/2)
		return err
	case "yunet":
		y, err := newYuNet(model)
		if err != nil {
			return err
		}
		v.detect = y
		return nil
	}
	return fmt.Errorf("detector of kind %q is not known: rfb and yunet are", kind)
}

// Look judges one frame (BGR, three bytes a pixel) and writes what it found into s. Frame and CapturedAt are left to
// the caller. Somebody who has not been there for long enough is counted in InZone and has no verdict. An error means
// that the frame could not be looked at; s is then empty.
func (v *Vision) Look(pix []byte, width, height int, s *wire.Sighting) error {
	defer v.canvas.wipe()
	frame, at := s.Frame, s.CapturedAt
	*s = wire.Sighting{Frame: frame, CapturedAt: at, Model: v.model}
	v.seen = box{}
	if err := v.canvas.take(pix, width, height); err != nil {
		v.held = held{}
		return err
	}
	face, look, tracked, err := v.track(&s.StageUS)
	if err != nil {
		v.held = held{}
		return err
	}
	if tracked {
		v.in = append(v.in[:0], face)
		s.InZone = 1
	} else if face, look, err = v.look(s, at); err != nil || s.InZone == 0 || look.chip == nil {
		v.held = held{}
		return err
	}
	s.EyeDistance = uint16(min(look.points.eyeDistance(), math.MaxUint16))
	s.Verdict = v.zone.verdict(v.in, face, look, v.canvas.width, v.canvas.height)
	s.Skin, s.Around = v.skin(look.chip), v.around(face)
	s.Enrol, s.Openness = v.zone.fit(s.Verdict, look), look.points.openness()
	v.hold(s, &look, tracked)
	if s.Verdict != wire.Good {
		return nil
	}
	v.seen = face.share(v.canvas.width, v.canvas.height)
	if s.Live, err = v.judge(face, look.gain, &s.StageUS); err != nil {
		return err
	}
	return v.describe(look.chip, look.gain, &s.Feature, &s.StageUS)
}

// look finds the face that is looked at, and studies it once it has stood there for long enough.
func (v *Vision) look(s *wire.Sighting, at int64) (box, look, error) {
	s.StageUS = wire.Stages{}
	faces, err := v.find(&s.StageUS)
	if err != nil {
		return box{}, look{}, err
	}
	v.in, v.out = v.zone.split(faces, v.in[:0], v.out[:0], v.canvas.width, v.canvas.height)
	s.InZone, s.Outside = count(v.in), count(v.out)
	if !v.stays(len(v.in) > 0, at) {
		return box{}, look{}, nil
	}
	face := largest(v.in)
	l, err := v.study(face, &s.StageUS)
	return face, l, err
}

// stays says whether somebody has been in the zone for long enough to want something from this door. Of those who
// only pass through it nothing is computed.
func (v *Vision) stays(somebody bool, at int64) bool {
	switch {
	case !somebody:
		v.since = 0
	case v.since == 0:
		v.since = at
	}
	return somebody && at-v.since >= int64(v.zone.Dwell)
}

// Measure describes the face nearest the centre of a picture, whatever its quality and wherever it is.
func (v *Vision) Measure(pix []byte, width, height int, liveness bool, m *wire.Measured) error {
	defer v.canvas.wipe()
	*m = wire.Measured{Index: m.Index, Finding: wire.FaceNotFound}
	if err := v.canvas.take(pix, width, height); err != nil {
		return err
	}
	begun := time.Now()
	faces, err := v.detect.find(&v.canvas, &m.StageUS.DetectNet)
	m.StageUS.Detect = since(begun)
	if err != nil || len(faces) == 0 {
		return err
	}
	m.Faces = uint16(len(faces))
	face := nearest(faces, float64(width)/2, float64(height)/2)
	look, err := v.study(face, &m.StageUS)
	if err != nil {
		return err
	}
	v.in, v.out = v.zone.split(faces, v.in[:0], v.out[:0], v.canvas.width, v.canvas.height)
	m.Verdict = v.zone.verdict(v.in, face, look, v.canvas.width, v.canvas.height)
	m.Enrol, m.Openness = v.zone.fit(m.Verdict, look), look.points.openness()
	if liveness {
		if m.Live, err = v.judge(face, look.gain, &m.StageUS); err != nil {
			return err
		}
	}
	m.Finding = wire.FaceFound
	return v.describe(look.chip, look.gain, &m.Feature, &m.StageUS)
}

// Forget wipes what the last face left in the crops and in the layers of the networks. The frame itself is wiped
// after each look.
func (v *Vision) Forget() error {
	v.canvas.wipe()
	v.held, v.seen = held{}, box{}
	v.warm.forget()
	err := v.detect.forget()
	for _, n := range []interface{ forget() error }{v.small, v.marks, v.live, v.trait} {
		err = errors.Join(err, n.forget())
	}
	return err
}

// Model is the SHA-256 of the feature model.
func (v *Vision) Model() [sha256.Size]byte { return v.model }

// Close gives back what OpenCV holds.
func (v *Vision) Close() {
	v.canvas.close()
	v.warm.canvas.close()
	v.warp.close()
	if v.detect != nil {
		v.detect.close()
	}
	v.small.close()
	v.marks.close()
	v.live.close()
	v.trait.close()
}

// A look is one face, found, turned upright and not yet judged.
type look struct {
	points points
	chip   []byte // aligned, 112×112 BGR; belongs to the describer
	grey   []byte // the chip in grey
	mean   float64
	gain   float64 // what the face must be multiplied with to be bright enough; 1 when it is
}

func (v *Vision) study(face box, t *wire.Stages) (look, error) {
	if v.marks == nil {
		return v.marked(face, t)
	}
	begun := time.Now()
	points, mean, err := v.marks.points(&v.canvas, v.warp, face, &t.LandmarkNet)
	t.Landmark = since(begun)
	if err != nil {
		return look{}, err
	}
	begun = time.Now()
	chip, grey, err := v.trait.align(&v.canvas, v.warp, points)
	t.Feature = since(begun)
	return look{points: points, chip: chip, grey: grey, mean: mean, gain: gainFor(mean)}, err
}

// marked studies a face whose five points the detector has found.
func (v *Vision) marked(face box, t *wire.Stages) (look, error) {
	begun := time.Now()
	points := face.spread()
	chip, grey, err := v.trait.align(&v.canvas, v.warp, points)
	t.Feature = since(begun)
	mean := average(grey)
	return look{points: points, chip: chip, grey: grey, mean: mean, gain: gainFor(mean)}, err
}

func (v *Vision) judge(face box, gain float64, t *wire.Stages) (float32, error) {
	if v.live == nil {
		return 0, nil
	}
	begun := time.Now()
	live, err := v.live.judge(&v.canvas, v.warp, face, gain, &t.LivenessNet)
	t.Liveness = since(begun)
	return live, err
}

func (v *Vision) describe(chip []byte, gain float64, feature *[wire.FeatureLen]float32, t *wire.Stages) error {
	begun := time.Now()
	err := v.trait.describe(chip, gain, feature, &t.FeatureNet)
	t.Feature += since(begun)
	return err
}

func since(begun time.Time) uint32 { return uint32(time.Since(begun).Microseconds()) }

func count(faces []box) uint8 { return uint8(min(len(faces), 255)) }
