// Edged-lens is the room that fetches frames from an IP camera or a video file. It has one address or one file; no
// models, no templates, no keys.
package main

import (
	"os"

	"example.org/edged/internal/lens"
	"example.org/edged/internal/room"
)

func main() { os.Exit(room.Main("lens", lens.Run)) }
