package vision

import "math"

// linear undoes the gamma of a picture (IEC 61966-2-1, about), so that light can be added and compared.
func linear() (table [256]float32) {
	for i := range table {
		table[i] = float32(math.Pow(float64(i)/255, 2.2))
	}
	return table
}

// skin is the mean light on the cheeks, the nose and the mouth of the upright chip: blue, green, red.
func (v *Vision) skin(chip []byte) (mean [3]float32) {
	const from, to, left, right = 56, 96, 28, 84
	for y := from; y < to; y++ {
		row := chip[(y*chipSize+left)*3 : (y*chipSize+right)*3]
		for x := 0; x < len(row); x += 3 {
			for c := range 3 {
				mean[c] += v.linear[row[x+c]]
			}
		}
	}
	for c := range mean {
		mean[c] /= (to - from) * (right - left)
	}
	return mean
}

// around is the mean light beside the head, half a face wide to the left and right, above the shoulders; zero where the frame
// ends there.
func (v *Vision) around(face box) (mean [3]float32) {
	w, n := face.width(), float32(0)
	c := &v.canvas
	for _, from := range []float64{face.left - .8*w, face.right + .3*w} {
		left, right := max(int(from), 0), min(int(from+.5*w), c.width)
		for y := max(int(face.top), 0); y < min(int(face.top+.6*face.height()), c.height); y += 2 {
			for x := left; x < right; x += 2 {
				at := (y*c.cols + x) * 3
				for i := range 3 {
					mean[i] += v.linear[c.pix[at+i]]
				}
				n++
			}
		}
	}
	for i := range mean {
		mean[i] /= max(n, 1)
	}
	return mean
}
