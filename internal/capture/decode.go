package capture

import "errors"

// Errors of Decode.
var (
	ErrUnreadable = errors.New("not a readable JPEG or PNG picture")
	ErrTooLarge   = errors.New("picture is too large")
)

// Decode makes a frame of a JPEG or PNG file.
func Decode(b []byte) (*Frame, error) { return nil, ErrUnreadable }
