package capture

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
)

// The part of the V4L2 interface that a camera needs: structures and numbers of linux/videodev2.h, its documentation
// at docs.kernel.org/userspace-api/media/v4l. Field sizes follow the C types, so that it fits 32 and 64 bits.

const (
	bufCapture   = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	memoryMmap   = 1
	capCapture   = 0x00000001
	capStreaming = 0x04000000
	capDevice    = 0x80000000 // the device_caps field is filled

	flagError         = 0x00000040
	flagClock         = 0x0000e000
	flagClockMonotone = 0x00002000

	streamBuffers = 4
)

type capability struct {
	Driver       [16]byte
	Card         [32]byte
	BusInfo      [32]byte
	Version      uint32
	Capabilities uint32
	DeviceCaps   uint32
	_            [3]uint32
}

type pixFormat struct {
	Width, Height, PixelFormat, Field, BytesPerLine, SizeImage, Colorspace uint32
	Priv, Flags, YcbcrEnc, Quantization, XferFunc                          uint32
}

type format struct {
	Type uint32
	_    [unsafe.Sizeof(uintptr(0)) - 4]byte // the union in C holds pointers
	Pix  pixFormat
	_    [200 - unsafe.Sizeof(pixFormat{})]byte
}

type streamParm struct {
	Type, Capability, Mode, Numerator, Denominator uint32
	_                                              [200 - 16]byte
}

type requestBuffers struct {
	Count, Type, Memory, Capabilities uint32
	Flags                             uint8
	_                                 [3]uint8
}

type buffer struct {
	Index, Type, BytesUsed, Flags, Field uint32
	Timestamp                            unix.Timeval
	_                                    [16]byte // timecode
	Sequence, Memory                     uint32
	Offset                               uintptr // a union; its first four bytes are the offset
	Length, _, _                         uint32
}

// request makes an ioctl number as asm-generic/ioctl.h does.
func request(dir, nr uint32, size uintptr) uint {
	return uint(dir<<30 | uint32(size)<<16 | 'V'<<8 | nr)
}

const (
	dirWrite     = 1
	dirRead      = 2
	dirReadWrite = 3
)

// control calls ioctl, again when a signal came in between.
func control[T any](fd int, dir, nr uint32, arg *T) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request(dir, nr, unsafe.Sizeof(*arg))),
			uintptr(unsafe.Pointer(arg)))
		if errno == 0 {
			return nil
		}
		if errno != unix.EINTR {
			return errno
		}
	}
}

// checkCamera refuses descriptors that give no pictures. Many cameras have several nodes, and only one gives them.
func checkCamera(fd int) error {
	var c capability
	if err := control(fd, dirRead, 0, &c); err != nil {
		return fmt.Errorf("the camera device is not a V4L2 device: %w", err)
	}
	caps := c.Capabilities
	if caps&capDevice != 0 {
		caps = c.DeviceCaps
	}
	if caps&capCapture == 0 || caps&capStreaming == 0 {
		return fmt.Errorf("the camera device %q gives no pictures: name another /dev/video of the same camera, most often the one before",
			unix.ByteSliceToString(c.Card[:]))
	}
	return nil
}

// chooseFormat asks for MJPEG, which needs the least of a USB bus, and else for YUYV, which every camera has.
func chooseFormat(fd int, cfg room.Camera) (pixFormat, error) {
	var got pixFormat
	for _, want := range []uint32{formatMJPEG, formatYUYV} {
		f := format{Type: bufCapture, Pix: pixFormat{Width: uint32(cfg.Width), Height: uint32(cfg.Height), PixelFormat: want}}
		if f.Pix.Width == 0 || f.Pix.Height == 0 {
			f.Pix.Width, f.Pix.Height = 640, 480
		}
		if err := control(fd, dirReadWrite, 5, &f); errors.Is(err, unix.EBUSY) {
			return got, fmt.Errorf("the camera is used by another program, end that one: %w", err)
		} else if errors.Is(err, unix.EINVAL) {
			continue // the driver refuses instead of offering what it has
		} else if err != nil {
			return got, fmt.Errorf("asking the camera for a format: %w", err)
		}
		if got = f.Pix; got.PixelFormat == want {
			setRate(fd, cfg.FPS)
			return got, checkSize(got)
		}
	}
	return got, fmt.Errorf("the camera gives neither MJPEG nor YUYV but %q: use another camera", fourCC(got.PixelFormat))
}

// checkSize guards everything that is computed from the driver's numbers.
func checkSize(p pixFormat) error {
	if p.Width == 0 || p.Height == 0 || p.Width > maxSide || p.Height > maxSide || p.SizeImage > maxFile {
		return fmt.Errorf("the camera gives pictures of %d×%d pixels in %d bytes, at most %d×%d are taken", p.Width, p.Height,
			p.SizeImage, maxSide, maxSide)
	}
	if p.PixelFormat == formatYUYV && (p.BytesPerLine < p.Width*2 || p.BytesPerLine > maxFile/p.Height) {
		return fmt.Errorf("the camera gives lines of %d bytes for %d pixels", p.BytesPerLine, p.Width)
	}
	return nil
}

// setRate is a wish: a camera that cannot follow keeps its own rate, and that is no fault.
func setRate(fd, fps int) {
	if fps <= 0 {
		return
	}
	p := streamParm{Type: bufCapture, Numerator: 1, Denominator: uint32(fps)}
	_ = control(fd, dirReadWrite, 22, &p)
}

// startStream makes the buffers that the driver fills and starts it. On error nothing is left behind.
func startStream(fd int) (bufs [][]byte, err error) {
	r := requestBuffers{Count: streamBuffers, Type: bufCapture, Memory: memoryMmap}
	if err := control(fd, dirReadWrite, 8, &r); err != nil {
		return nil, fmt.Errorf("asking the camera for buffers: %w", err)
	}
	defer func() {
		if err != nil {
			stopStream(fd, bufs)
			bufs = nil
		}
	}()
	for i := range r.Count {
		b := buffer{Index: i, Type: bufCapture, Memory: memoryMmap}
		if err := control(fd, dirReadWrite, 9, &b); err != nil {
			return bufs, fmt.Errorf("asking where the camera's buffers are: %w", err)
		}
		mem, err := unix.Mmap(fd, int64(*(*uint32)(unsafe.Pointer(&b.Offset))), int(b.Length), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return bufs, fmt.Errorf("mapping the camera's buffers: %w", err)
		}
		bufs = append(bufs, mem)
		if err := enqueue(fd, i); err != nil {
			return bufs, err
		}
	}
	kind := int32(bufCapture)
	if err := control(fd, dirWrite, 18, &kind); err != nil {
		return bufs, fmt.Errorf("starting the camera: %w", err)
	}
	return bufs, nil
}

// stopStream undoes startStream. Errors say nothing new: the camera may have gone, which is why it is stopped.
func stopStream(fd int, bufs [][]byte) {
	kind := int32(bufCapture)
	_ = control(fd, dirWrite, 19, &kind)
	for _, b := range bufs {
		_ = unix.Munmap(b)
	}
	_ = control(fd, dirReadWrite, 8, &requestBuffers{Type: bufCapture, Memory: memoryMmap})
}

func enqueue(fd int, index uint32) error {
	if err := control(fd, dirReadWrite, 15, &buffer{Index: index, Type: bufCapture, Memory: memoryMmap}); err != nil {
		return fmt.Errorf("giving the camera a buffer: %w", err)
	}
	return nil
}

func dequeue(fd int) (buffer, error) {
	b := buffer{Type: bufCapture, Memory: memoryMmap}
	if err := control(fd, dirReadWrite, 17, &b); err != nil {
		return b, fmt.Errorf("taking a picture from the camera: %w", err)
	}
	return b, nil
}

// waitReadable waits for a picture; EAGAIN means that none came in time.
func waitReadable(fd int, within time.Duration) error {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	switch n, err := unix.Poll(p, int(within.Milliseconds())); {
	case errors.Is(err, unix.EINTR), err == nil && n == 0:
		return unix.EAGAIN
	case err != nil:
		return fmt.Errorf("waiting for the camera: %w", err)
	}
	return nil // errors and hang-ups too: DQBUF tells which
}

// filled is the part of a buffer that holds a picture; nil when the driver marked it as damaged.
func (b *buffer) filled(bufs [][]byte) []byte {
	if int(b.Index) >= len(bufs) || b.Flags&flagError != 0 || b.BytesUsed == 0 || int(b.BytesUsed) > len(bufs[b.Index]) {
		return nil
	}
	return bufs[b.Index][:b.BytesUsed]
}

// capturedAt is when the driver says that the picture was taken, where it uses our clock; else now. A time to come
// would make an old picture young.
func (b *buffer) capturedAt(now int64) int64 {
	at := b.Timestamp.Nano()
	if b.Flags&flagClock != flagClockMonotone || at <= 0 || at > now {
		return now
	}
	return at
}
