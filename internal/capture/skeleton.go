package capture

import (
	"errors"
	"log/slog"
	"os"

	"example.org/edged/internal/room"
)

func openPictures(room.Camera, *slog.Logger, func() int64) (Source, error) { return nil, errors.ErrUnsupported }
func openDevice(room.Camera, *os.File, *slog.Logger) (Source, error)       { return nil, errors.ErrUnsupported }
func openLens(room.Camera, *os.File, *os.File, *slog.Logger) (Source, error) {
	return nil, errors.ErrUnsupported
}
