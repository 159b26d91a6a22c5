package capture

import "fmt"

// Pixel formats, as four letters in a little-endian word.
const (
	formatMJPEG = 'M' | 'J'<<8 | 'P'<<16 | 'G'<<24
	formatYUYV  = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24
)

func fourCC(v uint32) string {
	return string([]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)})
}

// expose makes the frame one of YUYV bytes, which it keeps until they are wiped.
func (f *Frame) expose(b []byte, width, height, stride int) error {
	if width <= 0 || height <= 0 || width%2 != 0 || stride < width*2 || len(b) < stride*(height-1)+width*2 {
		return fmt.Errorf("%w: %d bytes for %d×%d pixels", ErrUnreadable, len(b), width, height)
	}
	f.film, f.stride, f.W, f.H = b, stride, width, height
	return nil
}

// fromYUYV converts four bytes at a time into two pixels: ITU-R BT.601, luma 16..235, in 8.8 fixed point. That is what
// V4L2 says of a camera whose colour space is the default one.
func fromYUYV(out, b []byte, width, height, stride int) {
	for y := range height {
		for in := b[y*stride:][:width*2]; len(in) >= 4 && len(out) >= 6; in, out = in[4:], out[6:] {
			u, v := int32(in[1])-128, int32(in[3])-128
			blue, green, red := 516*u+128, -100*u-208*v+128, 409*v+128
			first, second := 298*(int32(in[0])-16), 298*(int32(in[2])-16)
			out[0], out[1], out[2] = clamp(first+blue), clamp(first+green), clamp(first+red)
			out[3], out[4], out[5] = clamp(second+blue), clamp(second+green), clamp(second+red)
		}
	}
}

func clamp(v int32) byte { return byte(max(0, min(v>>8, 255))) }
