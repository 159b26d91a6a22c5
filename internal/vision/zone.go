package vision

import (
	"cmp"
	"slices"

	"example.org/edged/internal/room"
)

// Without words in the config a face is looked at when its eyes are 24 pixels apart; at 16 the false non-matches
// begin to rise (docs/measurements.md).
const minEyeDistance = 24

// eyesOfBox is the eye distance of a frontal face as a share of the width of the detector's box (measured on 2,000
// press photographs: 0.40 to 0.51 for nine in ten).
const eyesOfBox = 0.46

// A zone is where somebody must stand who wants something from the door.
type zone room.Zone

func withDefaults(z room.Zone) zone {
	if z.Left == 0 && z.Top == 0 && z.Right == 0 && z.Bottom == 0 {
		z.Right, z.Bottom = 1, 1
	}
	if z.MinEyeDistance == 0 {
		z.MinEyeDistance = minEyeDistance
	}
	return zone(z)
}

// split parts the faces into those in the zone and those that pass by. A face of less than half the wanted size is
// too far away to mean this door, wherever it is in the frame.
func (z zone) split(faces, in, outside []box, width, height int) ([]box, []box) {
	for _, f := range faces {
		if z.holds(f, float64(width), float64(height)) {
			in = append(in, f)
		} else {
			outside = append(outside, f)
		}
	}
	return in, outside
}

func (z zone) holds(f box, width, height float64) bool {
	x, y := f.centre()
	return x >= z.Left*width && x <= z.Right*width && y >= z.Top*height && y <= z.Bottom*height &&
		f.width()*eyesOfBox >= float64(z.MinEyeDistance)/2
}

// near says whether the face is large enough to be somebody at the door.
func (z zone) near(f box) bool { return f.width()*eyesOfBox >= float64(z.MinEyeDistance) }

func largest(faces []box) box {
	return slices.MaxFunc(faces, func(a, b box) int { return cmp.Compare(a.area(), b.area()) })
}

func nearest(faces []box, x, y float64) box {
	return slices.MinFunc(faces, func(a, b box) int { return cmp.Compare(a.offCentre(x, y), b.offCentre(x, y)) })
}
