package vision

import (
	"errors"
	"fmt"

	"gocv.io/x/gocv"
)

const (
	pixelsMax = 4096 * 4096 // a frame; OpenCV never sees a larger one
	sideMax   = 6000        // bounds the padding of a very long strip, too
)

// ErrTooLarge says that a frame has more pixels than OpenCV is given.
var ErrTooLarge = errors.New("frame has more pixels than the eye takes")

// A canvas is a frame padded to 4:3, at the right and below, as the detector was trained. Its memory is OpenCV's own,
// because OpenCV keeps pointers, and a pointer into Go's memory must not be kept by C.
type canvas struct {
	mat           gocv.Mat
	pix           []byte
	width, height int // of the frame
	cols, rows    int // of the canvas
	made          bool
}

func (c *canvas) take(pix []byte, width, height int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("frame of %d×%d pixels", width, height)
	}
	if width > sideMax || height > sideMax || width*height > pixelsMax {
		return fmt.Errorf("%w: %d×%d, at most %d a side and %d in all", ErrTooLarge, width, height, sideMax, pixelsMax)
	}
	if len(pix) != width*height*3 {
		return fmt.Errorf("frame of %d×%d pixels has %d bytes instead of %d", width, height, len(pix), width*height*3)
	}
	if err := c.fit(width, height); err != nil {
		return err
	}
	for y := range height {
		copy(c.pix[y*c.cols*3:], pix[y*width*3:(y+1)*width*3])
	}
	return nil
}

// fit makes the canvas anew when the size of the frames changes. The padding stays black from then on.
func (c *canvas) fit(width, height int) error {
	if c.made && c.width == width && c.height == height {
		return nil
	}
	c.close()
	c.width, c.height = width, height
	c.cols, c.rows = max(width, (height*4+2)/3), max(height, (width*3+3)/4)
	c.mat = gocv.NewMatWithSize(c.rows, c.cols, gocv.MatTypeCV8UC3)
	c.made = true
	var err error
	if c.pix, err = c.mat.DataPtrUint8(); err != nil {
		return fmt.Errorf("canvas: %w", err)
	}
	clear(c.pix)
	return nil
}

// mean is the brightness of the frame, 0..255, from every 4th pixel both ways.
func (c *canvas) mean() float64 {
	sum, n := 0, 0
	for y := 0; y < c.height; y += 4 {
		row := c.pix[y*c.cols*3:]
		for x := 0; x < c.width; x += 4 {
			sum += int(grey(row[x*3], row[x*3+1], row[x*3+2]))
			n++
		}
	}
	return float64(sum) / float64(n)
}

func (c *canvas) wipe() { clear(c.pix) }

func (c *canvas) close() {
	if c.made {
		c.wipe()
		c.mat.Close()
		*c = canvas{}
	}
}

// grey is the luma of ITU-R BT.601 in integers.
func grey(b, g, r byte) byte { return byte((29*int(b) + 150*int(g) + 77*int(r)) >> 8) }
