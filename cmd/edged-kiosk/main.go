// Edged-kiosk is the room that shows. It never connects anywhere and never sees a template.
package main

import (
	"os"

	"example.org/edged/internal/kiosk"
	"example.org/edged/internal/room"
)

func main() { os.Exit(room.Main("kiosk", kiosk.Run)) }
