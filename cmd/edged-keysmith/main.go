// Edged-keysmith is the room that keeps the keys of faces: it makes, opens and destroys key generations. It never sees
// a face, and has no network; only the TPM or secret that it was handed, and its own folder.
package main

import (
	"os"

	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/room"
)

func main() { os.Exit(room.Main("keysmith", keysmith.Run)) }
