package eye

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"example.org/edged/internal/capture"
	"example.org/edged/internal/room"
	"example.org/edged/internal/vision"
	"example.org/edged/internal/wire"
)

const pictureMax = 64 << 20 // bytes of one picture file

// measureAll reads each picture of the list once and tells what it found in it, in order.
func measureAll(ctx context.Context, r *room.Room, sight *vision.Vision, list *room.Measure) error {
	out, err := dial[wire.RoomHears, wire.MeasureSays](r, "measure", nil)
	if err != nil {
		return err
	}
	defer out.Close()
	defer context.AfterFunc(ctx, func() { out.Close() })()
	folder, err := os.OpenRoot(list.Folder)
	if err != nil {
		return fmt.Errorf("opening the folder of pictures: %w", err)
	}
	defer folder.Close()
	r.Ready(wire.PartFace)
	var m wire.Measured
	for i, name := range list.Pictures {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.Index = uint32(i)
		if err := measure(folder, name, sight, list.Liveness, &m); err != nil {
			return fmt.Errorf("picture %d: %w", i, err)
		}
		if err := out.Say(&m); err != nil {
			return err
		}
	}
	if _, err := out.Hear(); !errors.Is(err, io.EOF) { // closing first would cut off what was not heard yet
		return fmt.Errorf("waiting for the end: %w", err)
	}
	return nil
}

// measure fills m. Its error is one of the eye; what is wrong with the picture is a finding.
func measure(folder *os.Root, name string, sight *vision.Vision, liveness bool, m *wire.Measured) error {
	index := m.Index
	b, err := readBelow(folder, name, pictureMax)
	if err != nil {
		*m = wire.Measured{Index: index, Finding: wire.PictureUnreadable}
		return nil
	}
	frame, err := capture.Decode(b)
	clear(b)
	if err == nil {
		defer frame.Wipe()
		err = sight.Measure(frame.Pix, frame.W, frame.H, liveness, m)
	}
	switch {
	case errors.Is(err, capture.ErrTooLarge), errors.Is(err, vision.ErrTooLarge):
		*m = wire.Measured{Index: index, Finding: wire.PictureTooLarge}
		return nil
	case errors.Is(err, capture.ErrUnreadable):
		*m = wire.Measured{Index: index, Finding: wire.PictureUnreadable}
		return nil
	}
	return err
}

// readBelow reads a file that lies in a folder or below it: a Root does not follow names that lead out of it.
func readBelow(folder *os.Root, name string, most int64) ([]byte, error) {
	info, err := folder.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", name, most)
	}
	return folder.ReadFile(name)
}
