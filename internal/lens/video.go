package lens

import (
	"fmt"
	"image"
	"os"
	"time"

	"gocv.io/x/gocv"

	"example.org/edged/internal/ring"
)

// capture is OpenCV's VideoCapture.
type capture struct {
	from        *gocv.VideoCapture
	raw, scaled gocv.Mat
}

// openVideo opens a source. This gocv knows no options for a single capture, so they go through the environment, which
// OpenCV's FFmpeg part reads at each open.
func openVideo(source string, timeout time.Duration) (video, error) {
	options := ""
	if remote(source) {
		// TCP, because lost UDP packets are grey smears that a detector takes for something. Short analysis, because
		// else a camera begins with two seconds of backlog. timeout is FFmpeg 5's name; stimeout has no effect.
		options = fmt.Sprintf("rtsp_transport;tcp|fflags;nobuffer|flags;low_delay|analyzeduration;200000|probesize;50000|timeout;%d",
			timeout.Microseconds())
	}
	if err := os.Setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", options); err != nil {
		return nil, err
	}
	// FFmpeg would write a line for every broken frame, and addresses with them. The stream says what matters.
	if err := os.Setenv("OPENCV_FFMPEG_LOGLEVEL", "-8"); err != nil {
		return nil, err
	}
	// The backend by name: else OpenCV may take GStreamer, which knows none of these options.
	from, err := gocv.VideoCaptureFileWithAPI(source, gocv.VideoCaptureFFmpeg)
	if err != nil {
		from.Close()
		return nil, err
	}
	return &capture{from: from, raw: gocv.NewMat(), scaled: gocv.NewMat()}, nil
}

func (c *capture) read() (pix []byte, width, height int, ok bool) {
	if !c.from.Read(&c.raw) || c.raw.Empty() || c.raw.Type() != gocv.MatTypeCV8UC3 {
		return nil, 0, 0, false
	}
	m := &c.raw
	if w, h := m.Cols(), m.Rows(); w > ring.MaxWidth || h > ring.MaxHeight {
		by := min(float64(ring.MaxWidth)/float64(w), float64(ring.MaxHeight)/float64(h))
		gocv.Resize(*m, &c.scaled, image.Pt(max(1, int(float64(w)*by)), max(1, int(float64(h)*by))), 0, 0, gocv.InterpolationArea)
		m = &c.scaled
	}
	pix, err := m.DataPtrUint8()
	if err != nil {
		return nil, 0, 0, false
	}
	return pix, m.Cols(), m.Rows(), true
}

func (c *capture) rate() float64 { return c.from.Get(gocv.VideoCaptureFPS) }

// close overwrites the last picture before its memory goes back to the C library.
func (c *capture) close() {
	for _, m := range []*gocv.Mat{&c.raw, &c.scaled} {
		if pix, err := m.DataPtrUint8(); err == nil && !m.Empty() {
			clear(pix)
		}
		m.Close()
	}
	c.from.Close()
}
