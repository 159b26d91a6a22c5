// Edged-eye is the room that sees. It has no network, no files and no keys; only frames and models.
package main

import (
	"os"

	"example.org/edged/internal/eye"
	"example.org/edged/internal/room"
)

func main() { os.Exit(room.Main("eye", eye.Run)) }
