package bench

import (
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"os"
)

const (
	sceneFrames = 16
	sensorNoise = 3 // standard deviation, in steps of brightness, of a webcam indoors
)

// hall is a film of a plain wall, YUYV, with the noise of a sensor: a film without noise would be no camera's. A
// visitor stands in its middle.
func hall(visitor image.Image) []byte {
	from := rand.New(rand.NewPCG(1, 2))
	still := make([]byte, restWide*restHigh*2)
	for y := range restHigh {
		for x := range restWide {
			i := (y*restWide + x) * 2
			still[i], still[i+1] = byte(100+y/40), 128
			if visitor != nil {
				still[i], still[i+1] = standing(visitor, x, y, still[i])
			}
		}
	}
	film := make([]byte, 0, sceneFrames*len(still))
	for range sceneFrames {
		for i, v := range still {
			if i%2 == 0 {
				v = byte(min(max(float64(v)+sensorNoise*from.NormFloat64(), 16), 235))
			}
			film = append(film, v)
		}
	}
	return film
}

// standing is the luma and the chroma of a pixel: of the visitor, as high as the hall, or of the wall.
func standing(visitor image.Image, x, y int, wall byte) (luma, chroma byte) {
	r := visitor.Bounds()
	width := r.Dx() * restHigh / r.Dy()
	left := (restWide - width) / 2 &^ 1
	if x < left || x >= left+width {
		return wall, 128
	}
	at := func(x int) (byte, byte, byte) {
		c := color.NRGBAModel.Convert(visitor.At(r.Min.X+(x-left)*r.Dx()/width, r.Min.Y+y*r.Dy()/restHigh)).(color.NRGBA)
		return color.RGBToYCbCr(c.R, c.G, c.B)
	}
	full, _, _ := at(x)
	_, cb, cr := at(x &^ 1)
	if x%2 == 0 {
		return video(full, 219), video(cb-128, 224) + 128 - 16
	}
	return video(full, 219), video(cr-128, 224) + 128 - 16
}

// video brings full range to the studio range that cameras send (ITU-R BT.601).
func video(v byte, span int) byte { return byte(16 + int(v)*span/255) }

func visitorIn(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the visitor's picture: %w", err)
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("the visitor's picture %s cannot be read: %w: bring a JPEG or PNG", path, err)
	}
	return m, nil
}
