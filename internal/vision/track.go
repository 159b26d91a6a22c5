package vision

import (
	"math"
	"time"

	"example.org/edged/internal/wire"
)

// Where the detector would draw its box around these landmarks: means over 900 press photographs (docs/measurements.md).
const (
	boxWide, boxHigh   = 0.942, 1.412 // of the landmarks' own width and height
	boxRight, boxLower = 0.006, -0.183
)

// around is the box that belongs to the landmarks.
func (p *points) around() box {
	left, top, right, bottom := real(p[0]), imag(p[0]), real(p[0]), imag(p[0])
	for _, z := range p[1:] {
		left, right = min(left, real(z)), max(right, real(z))
		top, bottom = min(top, imag(z)), max(bottom, imag(z))
	}
	w, h := right-left, bottom-top
	x, y := (left+right)/2+boxRight*w, (top+bottom)/2+boxLower*h
	w, h = w*boxWide, h*boxHigh
	return box{left: x - w/2, top: y - h/2, right: x + w/2, bottom: y + h/2}
}

// A held face is one that was seen a moment ago, alone and well. It is looked for where it was, without the detector.
type held struct {
	face  box
	grey  [chipSize * chipSize]byte // how it looked; wiped when it is no longer held
	times int                       // in a row
	ok    bool
}

const (
	trackFrames  = 2   // then the detector looks again: somebody else may have come
	trackOverlap = 0.5 // a face that has moved by more since the frame before is another one, or none
	trackAlike   = 0.7 // so is what looks less alike: two upright pictures of one face have .9, face and wall about 0
	wholeEvery   = 3   // of the looks while nobody is near: somebody may be far away, and still in the zone
)

// track looks at the face of the frame before, and says whether it is still there.
func (v *Vision) track(s *wire.Stages) (face box, l look, ok bool, err error) {
	if v.marks == nil || !v.held.ok || v.held.times >= trackFrames {
		return box{}, look{}, false, nil
	}
	if l, err = v.study(v.held.face, s); err != nil {
		return box{}, look{}, false, err
	}
	face = l.points.around()
	v.held.times++
	turn, tilt, nod := pose(l.points.five())
	ok = face.overlap(v.held.face) >= trackOverlap && v.zone.holds(face, float64(v.canvas.width), float64(v.canvas.height)) &&
		math.Abs(turn) <= turnMax && math.Abs(tilt) <= tiltMax && nod >= nodMin && nod <= nodMax &&
		alike(v.held.grey[:], l.grey) >= trackAlike
	return face, l, ok, nil
}

// alike is the correlation of two pictures: 1 for the same one, however bright.
func alike(a, b []byte) float64 {
	var sumA, sumB, aa, bb, ab int
	for i, x := range a {
		x, y := int(x), int(b[i])
		sumA, sumB = sumA+x, sumB+y
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	n := float64(len(a))
	varA, varB := float64(aa)-float64(sumA)*float64(sumA)/n, float64(bb)-float64(sumB)*float64(sumB)/n
	if varA < 1 || varB < 1 { // a plain surface
		return 0
	}
	return (float64(ab) - float64(sumA)*float64(sumB)/n) / math.Sqrt(varA*varB)
}

// hold remembers where a face was that alone stood in the zone and was seen well.
func (v *Vision) hold(s *wire.Sighting, l *look, tracked bool) {
	if s.Verdict != wire.Good || s.InZone != 1 || s.Outside != 0 {
		v.held = held{}
		return
	}
	if !tracked {
		v.held.times = 0
	}
	v.held.face, v.held.ok = l.points.around(), true
	copy(v.held.grey[:], l.grey)
}

// find looks for faces. While nobody is near it does so in a quarter of the pixels; what is found there is looked at
// again in all of them, because boxes from the small input are too rough (docs/measurements.md).
func (v *Vision) find(s *wire.Stages) ([]box, error) {
	begun := time.Now()
	defer func() { s.Detect = since(begun) }()
	v.looks++
	if v.small != nil && v.since == 0 && v.looks%wholeEvery != 0 {
		faces, err := v.small.find(&v.canvas, &s.DetectNet)
		if err != nil || len(faces) == 0 {
			return faces, err
		}
	}
	var took uint32
	faces, err := v.detect.find(&v.canvas, &took)
	s.DetectNet += took
	return faces, err
}
